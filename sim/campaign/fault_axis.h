// The axis that fails each call of a script once, in every way that a disk fails such a call, and
// cuts the power after each failure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "faults/fault_plan.h"
#include "sim/explore/explorer.h"

namespace permafrost::sim {

// A file system's way to fail a sync.
struct SyncPersonality {
  faults::SyncFailure how;
  bool is_late = false;  // the write-out fails behind the caller's back, the next sync tells
};
// "late,clean,read-only": the words of a `fail` rule, and `late`.
std::string ToString(const SyncPersonality& personality);
// One, several joined with ';', or "every": content kept, reverted or clean; told to the caller, to
// every handle or late; with and without a remount.
//
// Errors: kInvalidArgument  names the word and what was expected
absl::StatusOr<std::vector<SyncPersonality>> ParseSyncPersonalities(std::string_view text);

// A plan for each way in which each of these calls, in this order, can fail once.
std::vector<faults::FaultPlan> EachCall(const std::vector<vfs::CallKind>& calls,
                                        const std::vector<SyncPersonality>& sync_failures);

struct FaultAxisOptions {
  std::vector<SyncPersonality> sync_failures;
  std::uint32_t cuts_after = 6;  // crash points cut after each failure, and the end; 0: all
  std::uint64_t limit = 0;       // plans tried, spread evenly over all; 0: all
  std::function<void(std::uint64_t done, std::uint64_t plans)> progress;  // may be empty
};

// Explores the workload under each plan and adds what it finds to `certificate`. Each plan runs in
// a worker: what ends its process is a finding.
//
// Errors: as Explore
absl::Status ExploreFaultAxis(const Scenario& scenario,
                              const ExploreOptions& base,
                              const FaultAxisOptions& axis,
                              const RecoveryCache& known,
                              Certificate& certificate);

}  // namespace permafrost::sim
