// A handler that makes a descriptor readable.
#include "vfs/posix/stop_signal.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>

#include "vfs/base/check.h"
#include "vfs/posix/io_loop.h"

namespace permafrost::vfs {
namespace {

constexpr std::array<int, 2> kSignals = {SIGINT, SIGTERM};

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a handler needs it
std::atomic<int> g_came{-1};

void OnSignal(int /*number*/) {
  const int error = errno;
  const std::uint64_t one = 1;
  // It fails only when the count is full, and then it is readable already.
  static_cast<void>(!::write(g_came.load(), &one, sizeof(one)));
  errno = error;
}

}  // namespace

StopSignal::StopSignal() : came_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  VFS_CHECK(came_.is_open(), "eventfd: errno {}", errno);
  const int other = g_came.exchange(came_.get());
  VFS_CHECK(other < 0, "a second StopSignal in one process");
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  action.sa_flags = SA_RESTART | static_cast<int>(SA_RESETHAND);  // the next one ends the process
  ::sigemptyset(&action.sa_mask);
  for (const int number : kSignals) ::sigaction(number, &action, nullptr);
}

StopSignal::~StopSignal() {
  for (const int number : kSignals) ::signal(number, SIG_DFL);
  g_came.store(-1);
}

bool StopSignal::Wait(std::uint64_t nanos) {
  constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;
  const timespec timeout{.tv_sec = static_cast<time_t>(nanos / kNanosPerSecond),
                         .tv_nsec = static_cast<std::int64_t>(nanos % kNanosPerSecond)};
  pollfd came{.fd = came_.get(), .events = POLLIN, .revents = 0};
  return RetryInterrupted([&] { return ::ppoll(&came, 1, &timeout, nullptr); }) > 0;
}

bool StopSignal::WaitForInput(int fd) {
  std::array<pollfd, 2> both = {pollfd{.fd = came_.get(), .events = POLLIN, .revents = 0},
                                pollfd{.fd = fd, .events = POLLIN, .revents = 0}};
  constexpr int kForEver = -1;
  static_cast<void>(RetryInterrupted([&] { return ::poll(both.data(), both.size(), kForEver); }));
  return both[0].revents != 0;
}

}  // namespace permafrost::vfs
