// VFS_CHECK: assertions about our own mistakes, on in every build. Never for bytes from disk,
// configuration or time.
#pragma once

#include <string>

#include <fmt/format.h>

namespace permafrost::vfs {

// Called with the whole text of a failed check just before the process aborts.
//
// Threads: set once at start-up, before other threads exist.
using CheckFailureHook = void (*)(const std::string& text);
void SetCheckFailureHook(CheckFailureHook hook);

[[noreturn]] void CheckFailed(const char* file,
                              int line,
                              const char* condition,
                              const std::string& detail);

}  // namespace permafrost::vfs

// Aborts with file, line, condition and a fmt-formatted detail unless `condition` holds. The detail
// is formatted only on failure.
#define VFS_CHECK(condition, ...)                                                                \
  (static_cast<bool>(condition) ? static_cast<void>(0)                                           \
                                : ::permafrost::vfs::CheckFailed(__FILE__, __LINE__, #condition, \
                                                                 ::fmt::format(__VA_ARGS__)))

// As VFS_CHECK, for checks that are O(n) or in hot loops: off when PERMAFROST_NO_DCHECK is defined.
#ifdef PERMAFROST_NO_DCHECK
#define VFS_DCHECK(condition, ...) static_cast<void>(0)
#else
#define VFS_DCHECK(condition, ...) VFS_CHECK(condition, __VA_ARGS__)
#endif
