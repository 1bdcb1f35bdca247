// Deterministic threads: ordinary multi-threaded code, unmodified shared libraries included, runs
// with one thread at a time, and the seed says which.
//
// The object library permafrost_sim_sched defines the pthread, time, chance and futex entry points
// of the C library, so that the dynamic linker binds every library of the process to them. Between
// the call of RunThreads and its return they act on simulated threads; elsewhere they do what the
// originals do. The real mutex words are kept: only the blocking is virtual.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include "sim/sched/schedule.h"
#include "sim/sched/strategy.h"

namespace permafrost::sim {

// How the token goes from thread to thread. The same seed may give different runs in the two, never
// within one.
enum class ThreadMode {
  kFutex,  // each simulated thread is a kernel thread: debuggers and sanitizers understand it
  kFiber,  // one kernel thread swaps stacks and thread-local storage: a hundred times faster
};

// "futex", "fiber".
std::string_view ToString(ThreadMode mode);
absl::StatusOr<ThreadMode> ParseThreadMode(std::string_view text);
// Whether this processor and kernel let a program swap thread-local storage itself.
bool CanUseFibers();

struct ThreadOptions {
  std::uint64_t seed = 0;
  StrategySpec strategy;
  Strategy* strategy_override = nullptr;  // used in place of `strategy` if set; borrowed
  ThreadMode mode = ThreadMode::kFutex;
  std::uint64_t steps_max = 100'000'000;  // then it is a livelock
  std::uint64_t virtual_nanos_max = 0;    // the same for virtual time; 0: no limit
  // Real seconds without a scheduling point after which the thread that has the token is reported:
  // it waits for something outside the simulation, or spins.
  int stuck_seconds_max = 60;
  // Each atomic operation of objects that were compiled for it (PERMAFROST_ATOMIC_POINTS) is a
  // scheduling point; without such objects nothing changes.
  bool atomic_points = true;
  bool rocksdb_sync_points = false;  // each of RocksDB's own sync points is a scheduling point
};

struct ThreadReport {
  std::uint64_t steps = 0;          // scheduling points
  std::uint64_t switches = 0;       // times the token went to another thread
  std::uint64_t decisions = 0;      // points with more than one candidate
  std::uint64_t threads = 0;        // made in the run, the first included
  std::uint64_t virtual_nanos = 0;  // how far the clock went
  std::uint64_t hash = 0;           // of every point and every switch: equal runs have equal hashes
  Schedule schedule;                // replays the run under StrategySpec::Kind::kReplay
};

// Runs `body` as simulated thread 0 and returns once it and every thread it started have ended.
//
// A finding ends the process: a deadlock, a livelock (a limit was reached), a thread that is stuck
// outside the simulation or one that nobody joined prints each thread, what it waits for, who holds
// that and since when, and aborts.
// (Campaigns run in forked workers, so that an abort is one finding of one run.)
//
// Threads: one run at a time in a process, started outside any run.
ThreadReport RunThreads(const ThreadOptions& options, absl::FunctionRef<void()> body);

// Id of the calling simulated thread, in the order of creation; 0 outside a run.
int CurrentThreadId();
// Hash of every scheduling point and switch of the run so far; 0 outside a run.
std::uint64_t ScheduleHash();
// For reports: "thread 3 'vfs-low-0'". Called by the thread itself; pthread_setname_np does the
// same.
void SetCurrentThreadName(std::string_view name);
// A scheduling point of the caller's own; nothing outside a run.
void SchedulingPoint();

}  // namespace permafrost::sim
