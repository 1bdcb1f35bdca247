// C entry points that the simulator defines itself, so that RocksDB, libstdc++ and our code all
// reach them: time, chance, processor count, thread ids, and the system calls behind the C library.
#include <sched.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include "sim/sched/kernel.h"
#include "sim/sched/originals.h"
#include "sim/sched/sched.h"
#include "sim/sched/scheduler.h"
#include "sim/sched/state.h"
#include "vfs/base/hash.h"

namespace {

using permafrost::sim::RawSyscall;
using permafrost::sim::Scheduler;
using permafrost::sim::TheRunState;
using permafrost::sim::TheShimCalls;
using permafrost::sim::WaitKind;

std::uint64_t NextVirtualNanos() {
  ++TheShimCalls().clock;
  return permafrost::sim::VirtualNanos();
}

constexpr pid_t kFirstThreadId = 1000;

// A kernel's answer as the C library gives it.
std::int64_t Answer(std::int64_t result) {
  if (result >= 0 || result < -4095) return result;
  errno = static_cast<int>(-result);
  return -1;
}

// The stream of entropy is apart from the one that schedules.
void FillFromSeed(void* out, std::size_t size) {
  auto* bytes = static_cast<unsigned char*>(out);
  permafrost::sim::RunState& state = TheRunState();
  for (std::size_t i = 0; i < size; i += sizeof(std::uint64_t)) {
    const std::uint64_t value = permafrost::vfs::Mix64(state.seed ^ 0x656e74726f7079ULL) +
                                permafrost::vfs::Mix64(++state.entropy_count);
    const std::uint64_t mixed = permafrost::vfs::Mix64(value);
    std::memcpy(bytes + i, &mixed, std::min(sizeof(mixed), size - i));
  }
}

// Shapes: FUTEX_WAIT takes a relative timeout, FUTEX_WAIT_BITSET an absolute one. All clocks are
// one.
std::int64_t Futex(std::int32_t* word, int operation, std::int32_t value, const timespec* timeout) {
  Scheduler& run = Scheduler::Active();
  const int command = operation & FUTEX_CMD_MASK;
  if (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET) {
    run.Point();
    if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != value) return -EAGAIN;
    std::uint64_t deadline = 0;
    if (timeout != nullptr) {
      deadline = permafrost::sim::NanosOf(*timeout);
      if (command == FUTEX_WAIT) deadline += TheRunState().clock_nanos;
    }
    return run.Wait(WaitKind::kFutex, word, deadline) ? 0 : -ETIMEDOUT;
  }
  if (command == FUTEX_WAKE || command == FUTEX_WAKE_BITSET) {
    const int woken = run.Wake(WaitKind::kFutex, word, value);
    run.Point();
    return woken;
  }
  run.Fail(fmt::format("futex operation {}: not simulated", command));
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
  return static_cast<int>(
      Answer(RawSyscall(SYS_clock_gettime, clock, reinterpret_cast<std::int64_t>(out))));
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
  return RawSyscall(SYS_getcpu, reinterpret_cast<std::int64_t>(&cpu)) == 0 ? static_cast<int>(cpu)
                                                                           : -1;
}

ssize_t getrandom(void* out, size_t size, unsigned flags) {
  if (!TheRunState().is_active) {
    return Answer(RawSyscall(SYS_getrandom, reinterpret_cast<std::int64_t>(out),
                             static_cast<std::int64_t>(size), flags));
  }
  FillFromSeed(out, size);
  return static_cast<ssize_t>(size);
}

int getentropy(void* out, size_t size) {
  return getrandom(out, size, 0) == static_cast<ssize_t>(size) ? 0 : -1;
}

void arc4random_buf(void* out, size_t size) noexcept {
  if (getrandom(out, size, 0) != static_cast<ssize_t>(size)) std::abort();
}

std::uint32_t arc4random() noexcept {
  std::uint32_t value = 0;
  arc4random_buf(&value, sizeof(value));
  return value;
}

std::uint32_t arc4random_uniform(std::uint32_t bound) noexcept {
  return bound < 2 ? 0 : arc4random() % bound;
}

pid_t gettid() noexcept {
  if (Scheduler::Self() != nullptr) return kFirstThreadId + Scheduler::Self()->id;
  return static_cast<pid_t>(RawSyscall(SYS_gettid));
}

// std::random_device asks the processor, not the kernel.
unsigned permafrost_random_device(void* self) asm("_ZNSt13random_device9_M_getvalEv");
unsigned permafrost_random_device(void* self) {
  if (TheRunState().is_active) {
    unsigned value = 0;
    FillFromSeed(&value, sizeof(value));
    return value;
  }
  static const auto original =
      permafrost::sim::FindOriginal<unsigned (*)(void*)>("_ZNSt13random_device9_M_getvalEv");
  return original(self);
}

// libstdc++ waits here for static initialisers, std::atomic::wait, latches, barriers, semaphores
// and futures.
// NOLINTNEXTLINE(google-runtime-int,cert-dcl50-cpp): the C library's declaration
[[gnu::no_sanitize("address", "undefined", "thread")]] long syscall(long number, ...) noexcept {
  va_list arguments;
  va_start(arguments, number);
  std::int64_t a[6];
  for (std::int64_t& value : a) value = va_arg(arguments, std::int64_t);
  va_end(arguments);
  if (TheRunState().is_active) {
    if (Scheduler::Self() != nullptr && number == SYS_futex) {
      return Answer(Futex(reinterpret_cast<std::int32_t*>(a[0]), static_cast<int>(a[1]),
                          static_cast<std::int32_t>(a[2]),
                          reinterpret_cast<const timespec*>(a[3])));
    }
    if (number == SYS_getrandom) {
      return getrandom(reinterpret_cast<void*>(a[0]), static_cast<size_t>(a[1]), 0);
    }
    if (number == SYS_gettid) return gettid();
    if (number == SYS_sched_yield) return sched_yield();
    if (number == SYS_clock_gettime) {
      return clock_gettime(static_cast<clockid_t>(a[0]), reinterpret_cast<timespec*>(a[1]));
    }
  }
  return Answer(RawSyscall(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}

}  // extern "C"
