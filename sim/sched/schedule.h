// A recorded schedule: where a run differed from the run-to-block order. It is text, it replays,
// and any part of it may be left out, so that it can be made smaller like the rest of a repro.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

namespace permafrost::sim {

// A decision is a moment with two candidates or more, counted from 0. One that is not listed takes
// the default: the current thread goes on; if it cannot, the next in the order of ids; of several
// waiters of one condition, the one that waited longest.
struct Schedule {
  // Number of the decision, strictly increasing; id of the thread that it chose.
  std::vector<std::pair<std::uint64_t, int>> choices;

  friend bool operator==(const Schedule&, const Schedule&) = default;
};

// "12:3 57:1"; "" for run-to-block. Parses what it prints.
// Errors: kInvalidArgument  the word that is no pair, or a decision listed twice or out of order
std::string ToString(const Schedule& schedule);
absl::StatusOr<Schedule> ParseSchedule(std::string_view text);

}  // namespace permafrost::sim
