// Statuses made with fmt, one helper per code, and the errno table. Codes say what the caller does
// next (see each helper).
#pragma once

#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <fmt/format.h>

namespace permafrost::vfs {

// The only place where a text of ours becomes an Abseil status (Debian's absl::string_view is not
// std::string_view).
absl::Status MakeStatus(absl::StatusCode code, std::string_view text);

// The text of a status as a std::string (absl's message() is another string_view type).
std::string Message(const absl::Status& status);

// "op path: strerror (errno N)[; remedy]" with the code that errno maps to, and N in the payload
// "vfs/errno". ENOENT, ENOTDIR -> kNotFound; EEXIST -> kAlreadyExists; ENOSPC, EDQUOT, EMFILE,
// ENFILE -> kResourceExhausted; ENOTEMPTY, EISDIR, EACCES, EPERM, EROFS, EBUSY, EXDEV ->
// kFailedPrecondition; EINVAL, ENAMETOOLONG -> kInvalidArgument; ENOSYS, EOPNOTSUPP ->
// kUnimplemented; EIO and everything else -> kDataLoss.
absl::Status ErrnoToStatus(int error, std::string_view op, std::string_view path);

// The errno recorded by ErrnoToStatus or SetErrno; 0 if the status carries none.
int ErrnoOf(const absl::Status& status);
void SetErrno(absl::Status& status, int error);

// Marks a status as made by fault injection; IsInjected asks for the mark, never for the text.
absl::Status MarkInjected(absl::Status status);
bool IsInjected(const absl::Status& status);

#define PERMAFROST_STATUS_HELPER(Name, code)                                   \
  template <typename... Args>                                                  \
  absl::Status Name(fmt::format_string<Args...> format, Args&&... args) {      \
    return MakeStatus(code, fmt::format(format, std::forward<Args>(args)...)); \
  }

PERMAFROST_STATUS_HELPER(NotFound, absl::StatusCode::kNotFound)            // answer "not found"
PERMAFROST_STATUS_HELPER(AlreadyExists, absl::StatusCode::kAlreadyExists)  // the name is taken
PERMAFROST_STATUS_HELPER(OutOfRange, absl::StatusCode::kOutOfRange)        // wait or stop iterating
PERMAFROST_STATUS_HELPER(InvalidArgument,
                         absl::StatusCode::kInvalidArgument)  // fix the input; nothing was done
PERMAFROST_STATUS_HELPER(FailedPrecondition,
                         absl::StatusCode::kFailedPrecondition)  // the operator acts
PERMAFROST_STATUS_HELPER(ResourceExhausted,
                         absl::StatusCode::kResourceExhausted)   // free space or handles, restart
PERMAFROST_STATUS_HELPER(DataLoss, absl::StatusCode::kDataLoss)  // stop using the object; re-derive
PERMAFROST_STATUS_HELPER(Unavailable, absl::StatusCode::kUnavailable)      // back off and retry
PERMAFROST_STATUS_HELPER(Aborted, absl::StatusCode::kAborted)              // superseded: re-plan
PERMAFROST_STATUS_HELPER(Unimplemented, absl::StatusCode::kUnimplemented)  // not offered here
PERMAFROST_STATUS_HELPER(Internal, absl::StatusCode::kInternal)  // a bug we chose to survive

#undef PERMAFROST_STATUS_HELPER

}  // namespace permafrost::vfs
