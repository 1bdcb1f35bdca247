// clock_gettime and clock_nanosleep.
#include "vfs/posix/system_clock.h"

#include <time.h>

#include <cerrno>

#include "vfs/base/check.h"

namespace permafrost::vfs {
namespace {

constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;

std::uint64_t Read(clockid_t clock) {
  timespec now = {};
  VFS_CHECK(::clock_gettime(clock, &now) == 0, "clock {}: errno {}", clock, errno);
  return static_cast<std::uint64_t>(now.tv_sec) * kNanosPerSecond +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

std::uint64_t SystemClock::NowNanos() { return Read(CLOCK_REALTIME); }

std::uint64_t SystemClock::MonotonicNanos() { return Read(CLOCK_MONOTONIC); }

void SystemClock::SleepNanos(std::uint64_t nanos) {
  // To an absolute end, so that interruptions do not lengthen the sleep.
  const std::uint64_t end = Read(CLOCK_MONOTONIC) + nanos;
  timespec until = {};
  until.tv_sec = static_cast<time_t>(end / kNanosPerSecond);
  until.tv_nsec = static_cast<decltype(until.tv_nsec)>(end % kNanosPerSecond);
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

}  // namespace permafrost::vfs
