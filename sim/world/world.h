// One deterministic world: a simulated disk under recording and faults, virtual time, a job queue,
// seeded chance.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "faults/fault_plan.h"
#include "faults/faulty_file_system.h"
#include "sim/disk/sim_file_system.h"
#include "sim/oracle/history.h"
#include "sim/sched/sched.h"
#include "sim/sched/threads.h"
#include "sim/world/trace.h"
#include "sim/world/virtual_clock.h"
#include "vfs/base/mutex.h"
#include "vfs/env.h"
#include "vfs/posix/native_executor.h"
#include "vfs/queued_executor.h"
#include "vfs/recording_file_system.h"

namespace permafrost::sim {

// The disk just before one call that may change it: where a cut can fall.
struct CrashPoint {
  std::uint64_t index = 0;  // counts mutating calls of the generation from 0
  DiskState snapshot;
  std::size_t event_count = 0;           // how much of the history had happened
  std::string config;                    // with which a restart here starts
  std::string call;                      // "sync_dir ledgers/00000"; "end" for the last point
  bool is_sync = false;                  // the call settles something
  std::vector<std::string> labels;       // step stack at the call, outermost first
  std::vector<std::uint64_t> instances;  // of those steps
  std::string site;                      // file:line of the innermost step outside vfs/
};

enum class KeepPoints { kNo, kYes };

// How the threads of the code under test run.
struct Threading {
  bool is_on = false;  // off: one thread, background jobs queued and pumped
  ThreadMode mode = ThreadMode::kFiber;
  StrategySpec strategy;
  bool rocksdb_sync_points = false;
  bool is_drawn = false;  // a random life draws its strategy from its seed
};

struct WorldOptions {
  std::uint64_t seed = 0;
  faults::FaultPlan plan;
  SimDiskOptions disk;
  KeepPoints keep_points = KeepPoints::kNo;
  KeepLines keep_lines = KeepLines::kNo;
  Threading threading;
  // The files of the run, in place of the simulated disk; borrowed. Such a world keeps no crash
  // points.
  vfs::FileSystem* real_disk = nullptr;
  // Sees every call too, each time after the world; borrowed, may be null.
  vfs::CallObserver* witness = nullptr;
};

// Threads: one thread at a time, or, with threading on, the simulated threads of one RunThreads; at
// most one world is in use at a time (an at-rest clone may live inside another).
class World final : private vfs::CallObserver {
 public:
  World(DiskState state, const WorldOptions& options, const History* history);
  ~World() override;

  bool has_threads() const { return options_.threading.is_on; }
  const vfs::Env& env() const { return env_; }
  // The simulated disk of a world that stands on one.
  SimFileSystem& disk();
  // What the death of the process would leave just now. Of a real disk: a settled copy.
  DiskState CopyOfDisk();
  faults::FaultyFileSystem& faulty() { return faulty_; }
  // Empty for ever with threading on: jobs run in a pool of simulated threads.
  vfs::QueuedExecutor& queue() { return queue_; }
  // Runs some queued background jobs, chosen by the world's seed.
  void PumpSome();
  // Runs, or with threading on waits for, all of them.
  void PumpAll() { env_.executor->Drain(); }

  Trace& trace() { return trace_; }
  vfs::Prng& prng() { return prng_; }

  // The code under test dies here: handles and locks go, background jobs are dropped, what is
  // unsettled stays so. A disk that was remounted read-only can be written again.
  void KillProcess();

  // Index of the first crash point after an injected error was answered; 0 if none was.
  std::uint64_t first_fault_point() const { return first_fault_point_; }

  // Every call that reached the faults, in order.
  std::vector<vfs::CallKind> TakeCalls() { return std::move(calls_); }

  // Adds the point at the end of the run and hands all points over.
  std::vector<CrashPoint> TakePoints();

 private:
  void OnBegin(const vfs::Call& call) override;
  void OnEnd(const vfs::Call& call, const absl::Status& result) override;
  void CountMutating(const vfs::Call& call);
  void AddPoint(std::string call, const vfs::Call* details);

  const WorldOptions options_;
  const History* const history_;  // null: no crash points are kept
  DeterministicScope scope_;
  vfs::Prng prng_;
  vfs::Prng pump_prng_;
  vfs::Prng pressure_prng_;  // when the cache drops clean pages whose write-out failed
  Trace trace_;
  SimFileSystem disk_;
  faults::FaultyFileSystem faulty_;
  vfs::RecordingFileSystem recording_;
  VirtualClock clock_;
  vfs::QueuedExecutor queue_;
  std::optional<vfs::NativeExecutor> pool_;  // with threading on
  vfs::Env env_;
  vfs::Mutex mu_;  // the trace and what follows
  std::uint64_t mutating_calls_ = 0;
  std::vector<vfs::CallKind> calls_;
  std::uint64_t first_fault_point_ = 0;
  std::vector<CrashPoint> points_;
};

// Makes a world and lets `use` work in it: as simulated thread 0 with threading on, then returns
// what RunThreads reports.
ThreadReport InWorld(DiskState state,
                     const WorldOptions& options,
                     const History* history,
                     absl::FunctionRef<void(World&)> use);

}  // namespace permafrost::sim
