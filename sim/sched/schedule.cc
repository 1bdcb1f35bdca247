// Schedules as text.
#include "sim/sched/schedule.h"

#include <climits>
#include <fmt/format.h>

#include "vfs/base/parse_number.h"
#include "vfs/base/status.h"

namespace permafrost::sim {

std::string ToString(const Schedule& schedule) {
  std::string text;
  for (const auto& [decision, thread] : schedule.choices) {
    if (!text.empty()) text += ' ';
    text += fmt::format("{}:{}", decision, thread);
  }
  return text;
}

absl::StatusOr<Schedule> ParseSchedule(std::string_view text) {
  Schedule schedule;
  while (true) {
    const std::size_t begin = text.find_first_not_of(' ');
    if (begin == std::string_view::npos) return schedule;
    text.remove_prefix(begin);
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(word.size());
    const std::size_t colon = word.find(':');
    const auto decision = vfs::ParseNumber<std::uint64_t>(word.substr(0, colon));
    const auto thread = vfs::ParseNumber<std::uint32_t>(
        colon == std::string_view::npos ? std::string_view() : word.substr(colon + 1));
    if (!decision.has_value() || !thread.has_value() || *thread > INT_MAX) {
      return vfs::InvalidArgument("schedule: '{}' is no 'decision:thread', as in '12:3'",
                                  word.substr(0, 60));
    }
    if (!schedule.choices.empty() && schedule.choices.back().first >= *decision) {
      return vfs::InvalidArgument("schedule: decision {} stands behind {}; order them", *decision,
                                  schedule.choices.back().first);
    }
    schedule.choices.emplace_back(*decision, static_cast<int>(*thread));
  }
}

}  // namespace permafrost::sim
