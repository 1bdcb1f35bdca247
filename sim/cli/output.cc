// Text to the two outputs; the first failure of stdout is kept for the exit code.
#include "sim/cli/output.h"

#include <cerrno>
#include <cstdio>

#include "vfs/base/status.h"
#include "vfs/posix/command_line.h"

namespace permafrost::sim {
namespace {

// OK until a write to stdout fails.
absl::Status& OutputStatus() {
  static absl::Status status;
  return status;
}

}  // namespace

void Print(std::string_view text) {
  if (OutputStatus().ok()) OutputStatus() = vfs::WriteStandardOutput(text);
}

void Say(const CommonFlags& flags, std::string_view text) {
  if (flags.is_quiet) return;
  if (!flags.is_json) return Print(text);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void PrintJson(const nlohmann::ordered_json& json) {
  Print(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "powercut: %s\n", vfs::Message(status).c_str());
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument: return kExitUsage;
    case absl::StatusCode::kAborted: return kExitNotDeterministic;
    default: return kExitHarness;
  }
}

bool HasReaderLeft() { return vfs::ErrnoOf(OutputStatus()) == EPIPE; }

int FinishOutput(int code) {
  if (OutputStatus().ok()) return code;
  if (!HasReaderLeft()) Fail(OutputStatus());
  if (code == kExitViolation) return code;
  return HasReaderLeft() ? kExitReaderLeft : kExitHarness;
}

}  // namespace permafrost::sim
