// Where log lines go: an interface, so that the simulator puts them into its trace and the daemon
// into its logger.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

namespace permafrost::vfs {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// Threads: any thread.
class Log {
 public:
  virtual ~Log() = default;
  virtual void Write(LogLevel level, std::string_view text) = 0;

  template <typename... Args>
  void Info(fmt::format_string<Args...> format, Args&&... args) {
    Write(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void Warning(fmt::format_string<Args...> format, Args&&... args) {
    Write(LogLevel::kWarning, fmt::format(format, std::forward<Args>(args)...));
  }
  template <typename... Args>
  void Error(fmt::format_string<Args...> format, Args&&... args) {
    Write(LogLevel::kError, fmt::format(format, std::forward<Args>(args)...));
  }
};

// Drops everything.
Log& NullLog();
// "level: text" lines on standard error.
Log& StderrLog();

}  // namespace permafrost::vfs
