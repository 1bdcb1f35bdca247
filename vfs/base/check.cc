// Reports a failed check and aborts.
#include "vfs/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace permafrost::vfs {
namespace {
CheckFailureHook g_hook = nullptr;  // NOLINT(cppcoreguidelines-avoid-non-const-global-variables)
}  // namespace

void SetCheckFailureHook(CheckFailureHook hook) { g_hook = hook; }

void CheckFailed(const char* file, int line, const char* condition, const std::string& detail) {
  const std::string text =
      fmt::format("{}:{}: check failed: {}: {}", file, line, condition, detail);
  std::fprintf(stderr, "%s\n", text.c_str());
  std::fflush(stderr);
  if (g_hook != nullptr) g_hook(text);
  std::abort();
}

}  // namespace permafrost::vfs
