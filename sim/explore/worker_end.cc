// Wait statuses and the last lines of a standard error.
#include "sim/explore/worker_end.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace permafrost::sim {

std::string TailOf(int fd) {
  char text[600] = {};
  const off_t size = lseek(fd, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(sizeof(text) - 1));
  const ssize_t count = pread(fd, text, sizeof(text) - 1, from);
  std::string tail(text, count > 0 ? static_cast<std::size_t>(count) : 0);
  while (!tail.empty() && tail.back() == '\n') tail.pop_back();
  std::replace(tail.begin(), tail.end(), '\n', ' ');
  return tail;
}

std::string HowItEnded(int wait_status, unsigned seconds_max) {
  if (WIFSIGNALED(wait_status)) {
    const int number = WTERMSIG(wait_status);
    if (number == SIGALRM) return fmt::format("hang: still running after {} s", seconds_max);
    return fmt::format("killed by signal {} ({})", number, strsignal(number));
  }
  return fmt::format("exited with status {}", WEXITSTATUS(wait_status));
}

}  // namespace permafrost::sim
