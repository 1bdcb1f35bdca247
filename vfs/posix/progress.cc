// Draws the progress line.
#include "vfs/posix/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace permafrost::vfs {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

std::size_t TerminalColumns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

}  // namespace

Progress::Progress(bool is_quiet, NowNanos now)
    : is_quiet_(is_quiet),
      now_(now),
      is_terminal_(isatty(STDERR_FILENO) == 1),
      start_nanos_(now()) {
  last_nanos_ =
      is_terminal_ ? 0 : start_nanos_;  // in a pipe the first line comes after ten seconds
}

Progress::~Progress() {
  if (has_line_) std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
}

void Progress::Update(std::optional<double> share, std::string_view text) {
  if (is_quiet_) return;
  const std::uint64_t now = now_();
  if (now - last_nanos_ < (is_terminal_ ? kSecond / 10 : 10 * kSecond)) return;
  last_nanos_ = now;
  const std::uint64_t seconds = (now - start_nanos_) / kSecond;
  const double bounded = std::clamp(share.value_or(0), 0.0, 1.0);
  const std::string percent = share.has_value() ? fmt::format("{:>3.0f} %  ", 100 * bounded) : "";
  if (!is_terminal_) {
    std::fputs(fmt::format("{}{} s  {}\n", percent, seconds, text).c_str(), stderr);
    return;
  }
  constexpr std::size_t kBar = 24;
  const auto full = static_cast<std::size_t>(bounded * kBar);
  const std::string bar = share.has_value() ? fmt::format("[{}{}] ", std::string(full, '#'),
                                                          std::string(kBar - full, '.'))
                                            : "";
  std::string line = fmt::format("{}{}{} s  {}", bar, percent, seconds, text);
  line.resize(std::min(line.size(), TerminalColumns() - 1));
  std::fputs(("\r\x1b[K" + line).c_str(), stderr);
  std::fflush(stderr);
  has_line_ = true;
}

}  // namespace permafrost::vfs
