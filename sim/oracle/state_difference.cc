// Multiset difference of the two lists of entries.
#include "sim/oracle/state_difference.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include <fmt/format.h>

namespace permafrost::sim {
namespace {

constexpr std::size_t kEntriesMax = 8;

std::vector<std::string_view> SortedEntries(std::string_view state) {
  std::vector<std::string_view> entries;
  while (!state.empty()) {
    const std::size_t end = state.find(';');
    entries.push_back(state.substr(0, end));
    state = end == std::string_view::npos ? std::string_view() : state.substr(end + 1);
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

}  // namespace

std::string StateDifference(std::string_view expected, std::string_view found) {
  if (expected == found) return "";
  const std::vector<std::string_view> want = SortedEntries(expected);
  const std::vector<std::string_view> have = SortedEntries(found);
  std::vector<std::string_view> missing;
  std::vector<std::string_view> extra;
  std::set_difference(want.begin(), want.end(), have.begin(), have.end(),
                      std::back_inserter(missing));
  std::set_difference(have.begin(), have.end(), want.begin(), want.end(),
                      std::back_inserter(extra));
  std::vector<std::string> shown;
  for (const std::string_view entry : missing) shown.push_back(fmt::format("-{}", entry));
  for (const std::string_view entry : extra) shown.push_back(fmt::format("+{}", entry));
  if (shown.empty()) return "the same entries in another order";
  const std::size_t count = shown.size();
  shown.resize(std::min(count, kEntriesMax));
  const std::string text = fmt::format("{}", fmt::join(shown, " "));
  return count > kEntriesMax ? fmt::format("{} and {} more", text, count - kEntriesMax) : text;
}

}  // namespace permafrost::sim
