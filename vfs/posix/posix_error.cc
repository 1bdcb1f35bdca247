// Errno to status by call.
#include "vfs/posix/posix_error.h"

#include <cerrno>

#include "vfs/base/status.h"

namespace permafrost::vfs {

absl::Status PosixError(int error, std::string_view op, std::string_view path) {
  if (error == ELOOP) {
    return PosixErrorAs(absl::StatusCode::kFailedPrecondition, error, op, path);
  }
  if (error == EFBIG) return PosixErrorAs(absl::StatusCode::kInvalidArgument, error, op, path);
  return ErrnoToStatus(error, op, path);
}

absl::Status PosixErrorAs(absl::StatusCode code,
                          int error,
                          std::string_view op,
                          std::string_view path) {
  absl::Status status = MakeStatus(code, Message(ErrnoToStatus(error, op, path)));
  SetErrno(status, error);
  return status;
}

}  // namespace permafrost::vfs
