// Paths relative to a root descriptor, and what stands there.
#pragma once

#include <sys/stat.h>

#include <string>
#include <string_view>

#include <absl/status/status.h>

#include "vfs/file_system.h"

namespace permafrost::vfs {

// As the *at system calls want it: "" (the root itself) becomes ".".
std::string AtPath(std::string_view path);

FileIdentity IdentityOf(const struct stat& info);

// PosixError, except that ENOTDIR is kFailedPrecondition where the path itself is a file (wrong
// kind) and stays kNotFound where one of its parents is.
absl::Status WrongKindError(int error, int root_fd, std::string_view op, std::string_view path);

}  // namespace permafrost::vfs
