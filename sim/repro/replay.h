// Carries out a repro from nothing: its workload, its cuts, and what the memory says of it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "sim/explore/explorer.h"
#include "sim/oracle/expectation.h"
#include "sim/repro/repro.h"

namespace permafrost::sim {

// What a repro says beside the switches of its scenario, over `base`: seed, operations, faults,
// schedule, what a failed sync does.
// Errors: kInvalidArgument  its fault plan does not parse
absl::StatusOr<ExploreOptions> WithRepro(ExploreOptions base, const Repro& repro);

struct ReplayOutcome {
  std::vector<Violation> violations;
  std::vector<std::string> story;  // lines for people

  bool Shows(std::string_view invariant) const;
};

enum class ShowEvents { kNo, kYes };

// On this thread: an abort of the code under test aborts the caller.
// Errors: kInvalidArgument  the repro does not fit the run: no such crash point, or choice
absl::StatusOr<ReplayOutcome> Replay(const Scenario& scenario,
                                     const ExploreOptions& base,
                                     const Repro& repro,
                                     ShowEvents show_events);

// In a forked worker, whose end is a violation like any other.
// Errors: as Replay; kInternal  the harness failed, or an interruption came before the end
absl::StatusOr<ReplayOutcome> ReplayInWorker(const Scenario& scenario,
                                             const ExploreOptions& base,
                                             const Repro& repro,
                                             ShowEvents show_events);

// The violation that a worker's end is.
Violation DeathOf(const std::string& last_words);

}  // namespace permafrost::sim
