// Which sources of chance and time are tied to the run, and the check that they really are.
//
// The object library permafrost_sim_sched is linked into simulation executables only. It defines
// the entry points of time, chance, processor count and threads (sim/sched/threads.h), and four C++
// functions of RocksDB 7.8.3 (session id, periodic scheduler, thread-local Random, sync points), so
// that the dynamic linker binds every library to these definitions. Outside an active run all of
// them behave as the originals do.
//
// Source: the measured list of nondeterminism in RocksDB 7.8.3; sim/README.md "What is tied down".
#pragma once

#include <cstdint>

#include <absl/status/status.h>

namespace permafrost::sim {

// Whether other threads may run while a scope is the innermost.
enum class ScopeThreads {
  // None: a call that would block is refused, the process prints one sentence and aborts
  // (recoveries run in forked workers, so an abort is a finding).
  kNone,
  // Those of RunThreads, whose clock goes on.
  kScheduled,
};

// While one exists, time is virtual and chance inside RocksDB comes from `seed`.
//
// Threads: made and destroyed by the thread that runs, or holds the token. Scopes nest (an at-rest
// check inside a run): the inner scope starts its own streams and the outer ones go on where they
// stopped.
class DeterministicScope {
 public:
  explicit DeterministicScope(std::uint64_t seed, ScopeThreads threads = ScopeThreads::kNone);
  ~DeterministicScope();
  DeterministicScope(const DeterministicScope&) = delete;
  DeterministicScope& operator=(const DeterministicScope&) = delete;

 private:
  struct Saved;
  Saved* saved_;
};

// Virtual time of the active scope: nanoseconds since the epoch; every read moves it by 100 ns.
std::uint64_t VirtualNanos();
// Sleeps: in a run with threads the caller waits while others run, without them the clock is put
// forward.
void SleepVirtualNanos(std::uint64_t nanos);
void SleepVirtualUntil(std::uint64_t nanos_since_epoch);

// Real monotonic time, whatever is active: for progress, budgets and benches only.
std::uint64_t RealNanos();

// Processor time of this process and of the children that it waited for, whatever is active. Unlike
// real time it does not grow while other jobs have the cores: for figures per core-second.
std::uint64_t CpuNanos();

// OK if RocksDB is the version that the shims were measured on and its calls reach them.
//
// Errors: kFailedPrecondition  unknown RocksDB version, or a symbol is not bound to this
// executable; simulating would
//                              not be deterministic
absl::Status CheckBindings();
// The part of it that asks one entry point of the C library.
absl::Status CheckEntryPoint(const char* symbol);

// How often each shim was called in this process (tests show that RocksDB really comes here).
struct ShimCalls {
  std::uint64_t session_id = 0;
  std::uint64_t periodic_scheduler = 0;
  std::uint64_t random_instance = 0;
  std::uint64_t thread_local_id = 0;
  std::uint64_t processor_count = 0;
  std::uint64_t clock = 0;
};
ShimCalls CountShimCalls();

}  // namespace permafrost::sim
