// Exclusive locks on files of the real disk, against other processes and other handles of this one.
#pragma once

#include <memory>
#include <string_view>

#include <absl/status/statusor.h>

#include "vfs/file_system.h"

namespace permafrost::vfs {

// Takes flock, and with `also_fcntl` the record lock on the whole file too, as an
// open-file-description lock: it collides with the classic record locks of RocksDB's tools, and
// unlike them is not lost when any other descriptor of the file is closed. A child forked without
// exec shares the lock until it exits.
//
// Errors: kUnavailable  "lock p: held by another process (pid N); stop it or use another directory"
absl::StatusOr<std::unique_ptr<FileLock>> TakePosixLock(int root_fd,
                                                        std::string_view path,
                                                        const LockOptions& options);

}  // namespace permafrost::vfs
