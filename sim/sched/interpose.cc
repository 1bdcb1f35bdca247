// C entry points that the simulator defines itself, so that RocksDB, libstdc++ and our code all
// reach them: time, processor count, and the waits that a run without threads must never enter.
#include <dlfcn.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "sim/sched/sched.h"
#include "sim/sched/state.h"

namespace {

using permafrost::sim::TheRunState;
using permafrost::sim::TheShimCalls;

// A wait inside a run without threads would never end: nobody else is there to signal.
[[noreturn]] void RefuseToWait(const char* call) {
  std::fprintf(stderr,
               "%s: the code under test waits for another thread, and this run has none; use a "
               "call that does not wait "
               "(for RocksDB: Flush with wait=no, CompactFiles) and pump the queue\n",
               call);
  std::fflush(stderr);
  std::abort();
}

template <typename Function>
Function Original(const char* name, const char* version) {
  void* const found = dlvsym(RTLD_NEXT, name, version);
  if (found == nullptr) {
    std::fprintf(stderr, "%s@%s is not in this C library; this system cannot simulate\n", name,
                 version);
    std::abort();
  }
  return reinterpret_cast<Function>(found);
}

std::uint64_t NextVirtualNanos() {
  ++TheShimCalls().clock;
  return permafrost::sim::VirtualNanos();
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* out) noexcept {
  if (TheRunState().is_active && clock != CLOCK_PROCESS_CPUTIME_ID &&
      clock != CLOCK_THREAD_CPUTIME_ID) {
    const std::uint64_t now = NextVirtualNanos();
    out->tv_sec = static_cast<time_t>(now / 1'000'000'000U);
    out->tv_nsec =
        static_cast<long>(now % 1'000'000'000U);  // NOLINT(google-runtime-int): the C type
    return 0;
  }
  return static_cast<int>(syscall(SYS_clock_gettime, clock, out));
}

int gettimeofday(timeval* __restrict out, void* __restrict /*zone*/) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

// Sizes RocksDB's per-core arenas, and so decides when a memtable is full.
int get_nprocs() noexcept {
  if (TheRunState().is_active) {
    ++TheShimCalls().processor_count;
    return 2;
  }
  const long count = sysconf(_SC_NPROCESSORS_ONLN);  // NOLINT(google-runtime-int): the C type
  return count < 1 ? 1 : static_cast<int>(count);
}

int sched_getcpu() noexcept {
  if (TheRunState().is_active) return 0;
  unsigned cpu = 0;
  return syscall(SYS_getcpu, &cpu, nullptr, nullptr) == 0 ? static_cast<int>(cpu) : -1;
}

int pthread_cond_wait(pthread_cond_t* cond, pthread_mutex_t* mutex) {
  if (TheRunState().is_active) RefuseToWait("pthread_cond_wait");
  static const auto original =
      Original<int (*)(pthread_cond_t*, pthread_mutex_t*)>("pthread_cond_wait", "GLIBC_2.3.2");
  return original(cond, mutex);
}

int pthread_cond_timedwait(pthread_cond_t* cond, pthread_mutex_t* mutex, const timespec* deadline) {
  if (TheRunState().is_active) RefuseToWait("pthread_cond_timedwait");
  static const auto original =
      Original<int (*)(pthread_cond_t*, pthread_mutex_t*, const timespec*)>(
          "pthread_cond_timedwait", "GLIBC_2.3.2");
  return original(cond, mutex, deadline);
}

int pthread_cond_clockwait(pthread_cond_t* cond,
                           pthread_mutex_t* mutex,
                           clockid_t clock,
                           const timespec* deadline) {
  if (TheRunState().is_active) RefuseToWait("pthread_cond_clockwait");
  static const auto original =
      Original<int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*)>(
          "pthread_cond_clockwait", "GLIBC_2.34");
  return original(cond, mutex, clock, deadline);
}

}  // extern "C"
