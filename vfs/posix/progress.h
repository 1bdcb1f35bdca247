// The line that shows how far a long command is: redrawn on a terminal, a plain line every ten
// seconds elsewhere.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace permafrost::vfs {

// Threads: one thread at a time.
class Progress {
 public:
  using NowNanos = std::uint64_t (*)();  // of a monotonic clock

  // Writes to standard error. `is_quiet`: writes nothing.
  Progress(bool is_quiet, NowNanos now);
  // Ends the line, if one is on the screen.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `share` of the work is done (0..1), nothing if nobody knows; `text` says what was found so far.
  // Cheap: draws at most ten times a second.
  void Update(std::optional<double> share, std::string_view text);

 private:
  const bool is_quiet_;
  const NowNanos now_;
  const bool is_terminal_;
  const std::uint64_t start_nanos_;
  std::uint64_t last_nanos_ = 0;
  bool has_line_ = false;
};

}  // namespace permafrost::vfs
