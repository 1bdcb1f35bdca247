// Status construction, the errno table, payloads.
#include "vfs/base/status.h"

#include <cerrno>
#include <charconv>
#include <cstring>

#include <absl/strings/cord.h>

namespace permafrost::vfs {
namespace {

constexpr char kErrnoPayload[] = "vfs/errno";
constexpr char kInjectedPayload[] = "faults/injected";

absl::StatusCode CodeOf(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR: return absl::StatusCode::kNotFound;
    case EEXIST: return absl::StatusCode::kAlreadyExists;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE: return absl::StatusCode::kResourceExhausted;
    case ENOTEMPTY:
    case EISDIR:
    case EACCES:
    case EPERM:
    case EROFS:
    case EBUSY:
    case EXDEV: return absl::StatusCode::kFailedPrecondition;
    case EINVAL:
    case ENAMETOOLONG: return absl::StatusCode::kInvalidArgument;
    case ENOSYS:
    case EOPNOTSUPP: return absl::StatusCode::kUnimplemented;
    default: return absl::StatusCode::kDataLoss;
  }
}

// What an operator can do, or empty.
std::string_view RemedyOf(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT: return "; free space on this volume, then restart";
    case EMFILE:
    case ENFILE: return "; raise the limit of open files, then restart";
    case EACCES:
    case EPERM: return "; give this user the right to it";
    case EROFS: return "; remount the volume read-write";
    default: return "";
  }
}

}  // namespace

absl::Status MakeStatus(absl::StatusCode code, std::string_view text) {
  return absl::Status(code, absl::string_view(text.data(), text.size()));
}

std::string Message(const absl::Status& status) {
  return std::string(status.message().data(), status.message().size());
}

absl::Status ErrnoToStatus(int error, std::string_view op, std::string_view path) {
  absl::Status status =
      MakeStatus(CodeOf(error), fmt::format("{} {}: {} (errno {}){}", op, path,
                                            std::strerror(error), error, RemedyOf(error)));
  SetErrno(status, error);
  return status;
}

int ErrnoOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kErrnoPayload);
  if (!payload.has_value()) return 0;
  const std::string text(*payload);
  int error = 0;
  std::from_chars(text.data(), text.data() + text.size(), error);
  return error;
}

void SetErrno(absl::Status& status, int error) {
  status.SetPayload(kErrnoPayload, absl::Cord(std::to_string(error)));
}

absl::Status MarkInjected(absl::Status status) {
  if (!status.ok()) status.SetPayload(kInjectedPayload, absl::Cord("1"));
  return status;
}

bool IsInjected(const absl::Status& status) {
  return status.GetPayload(kInjectedPayload).has_value();
}

}  // namespace permafrost::vfs
