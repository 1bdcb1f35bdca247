// Cuts the power at every step of one run of a workload, recovers every distinct image once, judges
// every verdict.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "sim/explore/certificate.h"
#include "sim/explore/generation.h"
#include "sim/explore/worker_pool.h"
#include "sim/oracle/expectation.h"

namespace permafrost::sim {

// Where recoveries run: in workers, where what ends a process is a finding; or here, by a caller
// that is a worker itself and leaves breadcrumbs.
enum class RecoveriesRun { kInWorkers, kHere };

struct ExploreOptions {
  CutRules rules;
  WorkerLimits workers;
  RecoveriesRun recoveries_run = RecoveriesRun::kInWorkers;
  std::uint64_t seed = 0;
  std::uint32_t depth = 1;  // cuts in a row
  std::uint32_t death_share =
      16;  // one crash point in so many is also a process death; 0: none, 1: all
  std::uint32_t points_after_fault =
      0;  // cut only at so many points after a fault took effect, and the end; 0: all
  faults::FaultPlan faults;          // in force in the workload only
  std::optional<Schedule> schedule;  // of the workload's threads, in place of their strategy
  Script script;
  Repro repro;                   // the fields that do not change: scenario, switches, mutate text
  std::size_t round_starts = 0;  // distinct images collected before workers run; 0: by depth
  std::uint64_t stop_after = 0;  // distinct violations after which the exploration stops; 0: never
  std::function<void(const Certificate&, double share_done)>
      progress;  // called now and then; may be empty
};

// Recoveries done so far, shared by the explorations of one command (recovery is a function of its
// key).
class RecoveryCache {
 public:
  // What judging needs of a record.
  struct Recovery {
    std::vector<EventTable::Id> events;
    std::vector<Child> children;  // ascending by event_count
  };

  const Recovery* Find(const vfs::Hash128& key) const {
    const auto it = recoveries_.find(key);
    return it == recoveries_.end() ? nullptr : &it->second;
  }
  // Keeps the first record of a key; says whether it was new.
  bool Insert(Record record);
  const EventTable& events() const { return events_; }
  std::size_t size() const { return recoveries_.size(); }

 private:
  std::map<vfs::Hash128, Recovery> recoveries_;
  EventTable events_;
};

// The workload, run once and kept: its history and every crash point.
struct Workload {
  History history;
  std::vector<CrashPoint> points;
  vfs::Hash128 trace_hash;
  std::vector<vfs::CallKind> calls;  // every call, in order: those that `when any nth=N` counts
  std::vector<std::string> unfired;  // fault rules that never fired
  std::uint64_t first_fault_point =
      0;                 // index of the first point after a fault took effect; 0 without faults
  ThreadReport threads;  // with its schedule, if the scenario has threads
};
Workload RunWorkload(const Scenario& scenario, const ExploreOptions& options);

// Adds to `certificate` (counts sum up over several calls).
//
// Errors: kInternal      the harness itself failed (fork, pipes, a worker's answer)
//         kAborted       the same seed gave another trace in a second process: not deterministic
absl::Status Explore(const Scenario& scenario,
                     const ExploreOptions& options,
                     RecoveryCache& cache,
                     Certificate& certificate);

}  // namespace permafrost::sim
