// Errno to status where the call, and not the number alone, decides the code.
#pragma once

#include <string_view>

#include <absl/status/status.h>

namespace permafrost::vfs {

// ErrnoToStatus, with ELOOP (a symbolic link where a file is wanted) as kFailedPrecondition and
// EFBIG as kInvalidArgument.
absl::Status PosixError(int error, std::string_view op, std::string_view path);

// The text and payload of ErrnoToStatus under another code.
absl::Status PosixErrorAs(absl::StatusCode code,
                          int error,
                          std::string_view op,
                          std::string_view path);

}  // namespace permafrost::vfs
