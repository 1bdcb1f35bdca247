// The two stateless logs.
#include "vfs/base/log.h"

#include <cstdio>

namespace permafrost::vfs {
namespace {

class Null final : public Log {
 public:
  void Write(LogLevel, std::string_view) override {}
};

class Stderr final : public Log {
 public:
  void Write(LogLevel level, std::string_view text) override {
    constexpr const char* kNames[] = {"debug", "info", "warning", "error"};
    std::fprintf(stderr, "%s: %.*s\n", kNames[static_cast<int>(level)],
                 static_cast<int>(text.size()), text.data());
  }
};

}  // namespace

Log& NullLog() {
  static Null log;
  return log;
}

Log& StderrLog() {
  static Stderr log;
  return log;
}

}  // namespace permafrost::vfs
