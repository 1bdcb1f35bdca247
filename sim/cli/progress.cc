// Draws the progress line.
#include "sim/cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

#include "sim/sched/sched.h"

namespace permafrost::sim {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

std::size_t TerminalColumns() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

}  // namespace

Progress::Progress(bool is_quiet)
    : is_shown_(!is_quiet && isatty(STDERR_FILENO) == 1), start_nanos_(RealNanos()) {}

Progress::~Progress() {
  if (!has_line_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
}

void Progress::Update(double share, std::string_view text) {
  if (!is_shown_) return;
  const std::uint64_t now = RealNanos();
  if (now - last_nanos_ < kSecond / 10) return;
  last_nanos_ = now;
  const std::uint64_t seconds = (now - start_nanos_) / kSecond;
  const double bounded = std::clamp(share, 0.0, 1.0);
  constexpr std::size_t kBar = 24;
  const auto full = static_cast<std::size_t>(bounded * kBar);
  std::string line = fmt::format("[{}{}] {:>3.0f} %  {} s  {}", std::string(full, '#'),
                                 std::string(kBar - full, '.'), 100 * bounded, seconds, text);
  line.resize(std::min(line.size(), TerminalColumns() - 1));
  std::fputs(("\r\x1b[K" + line).c_str(), stderr);
  std::fflush(stderr);
  has_line_ = true;
}

}  // namespace permafrost::sim
