// Early return on a bad status.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#define VFS_RETURN_IF_ERROR(expression)        \
  do {                                         \
    ::absl::Status vfs_status_ = (expression); \
    if (!vfs_status_.ok()) return vfs_status_; \
  } while (false)

#define VFS_CONCAT_INNER(a, b) a##b
#define VFS_CONCAT(a, b) VFS_CONCAT_INNER(a, b)

// VFS_ASSIGN_OR_RETURN(auto file, fs.Open(path, mode));
#define VFS_ASSIGN_OR_RETURN(target, expression) \
  VFS_ASSIGN_OR_RETURN_INNER(VFS_CONCAT(vfs_result_, __LINE__), target, expression)
#define VFS_ASSIGN_OR_RETURN_INNER(result, target, expression) \
  auto result = (expression);                                  \
  if (!result.ok()) return std::move(result).status();         \
  target = *std::move(result)
