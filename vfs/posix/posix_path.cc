// Path helpers of the POSIX backend.
#include "vfs/posix/posix_path.h"

#include <fcntl.h>

#include <cerrno>

#include "vfs/posix/posix_error.h"

namespace permafrost::vfs {

std::string AtPath(std::string_view path) { return path.empty() ? "." : std::string(path); }

FileIdentity IdentityOf(const struct stat& info) {
  return {.device = static_cast<std::uint64_t>(info.st_dev),
          .inode = static_cast<std::uint64_t>(info.st_ino)};
}

absl::Status WrongKindError(int error, int root_fd, std::string_view op, std::string_view path) {
  struct stat info = {};
  if (error == ENOTDIR &&
      ::fstatat(root_fd, AtPath(path).c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
    return PosixErrorAs(absl::StatusCode::kFailedPrecondition, error, op, path);
  }
  return PosixError(error, op, path);
}

}  // namespace permafrost::vfs
