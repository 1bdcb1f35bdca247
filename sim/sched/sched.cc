// Scopes and the start-up check.
#include "sim/sched/sched.h"

#include <dlfcn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <string>

#include <rocksdb/version.h>

#include "sim/sched/kernel.h"
#include "sim/sched/state.h"
#include "vfs/base/check.h"
#include "vfs/base/fault_point.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

// 2026-01-01T00:00:00Z: an arbitrary fixed start, so that creation times in tables are plausible.
constexpr std::uint64_t kVirtualStartNanos = 1767225600ULL * 1'000'000'000ULL;

// The mangled names that the shims define; each must exist in librocksdb too, or the shim replaces
// nothing.
constexpr const char* kReplacedSymbols[] = {
    "_ZN7rocksdb6DBImpl19GenerateDbSessionIdB5cxx11EPNS_3EnvE",
    "_ZN7rocksdb6DBImpl26StartPeriodicTaskSchedulerEv",
    "_ZN7rocksdb6Random14GetTLSInstanceEv",
    "_ZN7rocksdb14ThreadLocalPtr10StaticMeta5GetIdEv",
    "_ZN7rocksdb14ThreadLocalPtr10StaticMeta9ReclaimIdEj",
    "_ZN7rocksdb9SyncPoint7ProcessERKNS_5SliceEPv",
};

// The C library's entry points that interpose*.cc define.
constexpr const char* kEntryPoints[] = {
    "arc4random",
    "arc4random_buf",
    "arc4random_uniform",
    "clock_gettime",
    "clock_nanosleep",
    "get_nprocs",
    "getentropy",
    "getrandom",
    "gettid",
    "gettimeofday",
    "nanosleep",
    "pthread_barrier_destroy",
    "pthread_barrier_init",
    "pthread_barrier_wait",
    "pthread_clockjoin_np",
    "pthread_cond_broadcast",
    "pthread_cond_clockwait",
    "pthread_cond_signal",
    "pthread_cond_timedwait",
    "pthread_cond_wait",
    "pthread_create",
    "pthread_detach",
    "pthread_exit",
    "pthread_join",
    "pthread_mutex_clocklock",
    "pthread_mutex_lock",
    "pthread_mutex_timedlock",
    "pthread_mutex_trylock",
    "pthread_mutex_unlock",
    "pthread_once",
    "pthread_rwlock_clockrdlock",
    "pthread_rwlock_clockwrlock",
    "pthread_rwlock_rdlock",
    "pthread_rwlock_timedrdlock",
    "pthread_rwlock_timedwrlock",
    "pthread_rwlock_tryrdlock",
    "pthread_rwlock_trywrlock",
    "pthread_rwlock_unlock",
    "pthread_rwlock_wrlock",
    "pthread_setname_np",
    "pthread_spin_lock",
    "pthread_spin_trylock",
    "pthread_spin_unlock",
    "pthread_timedjoin_np",
    "pthread_tryjoin_np",
    "sched_getcpu",
    "sched_yield",
    "sem_clockwait",
    "sem_post",
    "sem_timedwait",
    "sem_trywait",
    "sem_wait",
    "sleep",
    "syscall",
    "time",
    "usleep",
    "_ZNSt13random_device9_M_getvalEv",
};

// Where the object that defines an address is mapped; null if nowhere.
const void* ObjectOf(const void* address) {
  Dl_info info{};
  return address != nullptr && dladdr(address, &info) != 0 ? info.dli_fbase : nullptr;
}

absl::Status NotBound(std::string_view symbol) {
  return vfs::FailedPrecondition(
      "symbol {} is not bound to this executable; link permafrost_sim_sched and the shared "
      "librocksdb",
      symbol);
}

RunState g_state;
ShimCalls g_calls;

}  // namespace

RunState& TheRunState() { return g_state; }
ShimCalls& TheShimCalls() { return g_calls; }

ShimCalls CountShimCalls() { return TheShimCalls(); }

struct DeterministicScope::Saved {
  RunState outer;
};

DeterministicScope::DeterministicScope(std::uint64_t seed, ScopeThreads threads)
    : saved_(new Saved{TheRunState()}) {
  static std::uint64_t scope_count = 0;
  VFS_CHECK(!vfs::FaultPointsAreArmed(),
            "libfiu's locks and chance are no part of a simulated run");
  RunState& state = TheRunState();
  const bool goes_on = threads == ScopeThreads::kScheduled && state.has_threads;
  state.is_active = true;
  state.has_threads = threads == ScopeThreads::kScheduled;
  state.seed = seed;
  // Threads that sleep have deadlines on the clock that is.
  if (!goes_on) state.clock_nanos = kVirtualStartNanos;
  state.session_count = 0;
  state.entropy_count = 0;
  state.random_scope = ++scope_count;
}

DeterministicScope::~DeterministicScope() {
  const std::uint64_t now = TheRunState().clock_nanos;
  const bool went_on = TheRunState().has_threads && saved_->outer.has_threads;
  TheRunState() = saved_->outer;
  if (went_on) TheRunState().clock_nanos = now;
  delete saved_;
}

std::uint64_t VirtualNanos() {
  RunState& state = TheRunState();
  VFS_CHECK(state.is_active, "virtual time outside a run");
  state.clock_nanos += 100;
  return state.clock_nanos;
}

void SleepVirtualNanos(std::uint64_t nanos) {
  if (TheRunState().is_active) SleepVirtualUntil(TheRunState().clock_nanos + nanos);
}

std::uint64_t RealNanos() {
  timespec now{};
  RawSyscall(SYS_clock_gettime, CLOCK_MONOTONIC, reinterpret_cast<std::int64_t>(&now));
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000ULL +
         static_cast<std::uint64_t>(now.tv_nsec);
}

std::uint64_t CpuNanos() {
  timespec own{};
  RawSyscall(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, reinterpret_cast<std::int64_t>(&own));
  rusage children{};
  getrusage(RUSAGE_CHILDREN, &children);
  const auto nanos = [](std::int64_t seconds, std::int64_t rest) {
    return static_cast<std::uint64_t>(seconds) * 1'000'000'000ULL +
           static_cast<std::uint64_t>(rest);
  };
  return nanos(own.tv_sec, own.tv_nsec) +
         nanos(children.ru_utime.tv_sec, children.ru_utime.tv_usec * 1000) +
         nanos(children.ru_stime.tv_sec, children.ru_stime.tv_usec * 1000);
}

absl::Status CheckEntryPoint(const char* symbol) {
  const void* const executable = ObjectOf(reinterpret_cast<const void*>(&CheckEntryPoint));
  return ObjectOf(dlsym(RTLD_DEFAULT, symbol)) == executable ? absl::OkStatus() : NotBound(symbol);
}

absl::Status CheckBindings() {
  const std::string version = rocksdb::GetRocksVersionAsString(true);
  if (version != "7.8.3") {
    return vfs::FailedPrecondition(
        "RocksDB {} is not the version that simulation is known to be deterministic with; install "
        "librocksdb 7.8.3",
        version);
  }
  for (const char* symbol : kReplacedSymbols) {
    void* const bound = dlsym(RTLD_DEFAULT, symbol);
    void* const library = dlsym(RTLD_NEXT, symbol);
    if (library == nullptr) {
      return vfs::FailedPrecondition(
          "librocksdb has no symbol {}; this build of the library cannot be simulated", symbol);
    }
    if (bound == nullptr || bound == library) return NotBound(symbol);
  }
  for (const char* symbol : kEntryPoints) VFS_RETURN_IF_ERROR(CheckEntryPoint(symbol));
  return absl::OkStatus();
}

}  // namespace permafrost::sim
