// Lines and words.
#include "sim/cli/seed_hashes.h"

#include <set>

#include <fmt/format.h>

#include "vfs/base/parse_number.h"
#include "vfs/base/status.h"

namespace permafrost::sim {
namespace {

constexpr std::string_view kRunMark = "# ";

// What stands before `mark`, or all of it; taken off together with the mark.
std::string_view TakeUntil(std::string_view& text, char mark) {
  const std::string_view taken = text.substr(0, text.find(mark));
  text.remove_prefix(taken.size() < text.size() ? taken.size() + 1 : taken.size());
  return taken;
}

}  // namespace

std::string ToString(const HashTable& table) {
  std::string text;
  if (!table.run.empty()) text = fmt::format("{}{}\n", kRunMark, table.run);
  for (const auto& [seed, hashes] : table.seeds)
    text += fmt::format("{} {} {}\n", seed, hashes.trace, hashes.schedule);
  return text;
}

absl::StatusOr<HashTable> ParseHashTable(std::string_view text, std::string_view name) {
  HashTable table;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = TakeUntil(text, '\n');
    if (number == 1 && line.starts_with(kRunMark)) {
      table.run = line.substr(kRunMark.size());
      continue;
    }
    std::string_view rest = line;
    const auto seed = vfs::ParseNumber<std::uint64_t>(TakeUntil(rest, ' '));
    const std::string_view trace = TakeUntil(rest, ' ');
    const bool is_one_word = !rest.empty() && rest.find(' ') == std::string_view::npos;
    if (!seed.has_value() || trace.empty() || !is_one_word) {
      return vfs::InvalidArgument("parse {} line {}: found '{}', expected 'SEED TRACE SCHEDULE'",
                                  name, number, line.substr(0, 80));
    }
    table.seeds[*seed] = {.trace = std::string(trace), .schedule = std::string(rest)};
  }
  return table;
}

std::uint64_t DistinctSchedules(const HashTable& table) {
  std::set<std::string> schedules;
  for (const auto& [seed, hashes] : table.seeds) {
    if (hashes.schedule != "-") schedules.insert(hashes.schedule);
  }
  return schedules.size();
}

std::optional<LineDifference> FirstDifference(std::string_view one, std::string_view other) {
  constexpr std::string_view kEnd = "(end)";
  for (std::size_t number = 1; !one.empty() || !other.empty(); ++number) {
    const bool has_one = !one.empty();
    const bool has_other = !other.empty();
    const std::string_view a = TakeUntil(one, '\n');
    const std::string_view b = TakeUntil(other, '\n');
    if (has_one == has_other && a == b) continue;
    return LineDifference{.number = number,
                          .one = std::string(has_one ? a : kEnd),
                          .other = std::string(has_other ? b : kEnd)};
  }
  return std::nullopt;
}

}  // namespace permafrost::sim
