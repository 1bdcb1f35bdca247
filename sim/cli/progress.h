// The line that shows how far a long command is, redrawn on a terminal. Elsewhere there is none.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace permafrost::sim {

// Threads: one thread at a time.
class Progress {
 public:
  // Writes to standard error if that is a terminal. `is_quiet`: writes nothing.
  explicit Progress(bool is_quiet);
  // Ends the line, if one is on the screen.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `share` of the work is done (0..1); `text` says what was found so far. Cheap: draws at most ten
  // times a second.
  void Update(double share, std::string_view text);

 private:
  const bool is_shown_;
  const std::uint64_t start_nanos_;
  std::uint64_t last_nanos_ = 0;
  bool has_line_ = false;
};

}  // namespace permafrost::sim
