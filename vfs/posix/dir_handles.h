// Open directories by path, kept for syncing them, and never trusted to be what the path names
// today.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "vfs/base/mutex.h"
#include "vfs/file_system.h"
#include "vfs/posix/unique_fd.h"

namespace permafrost::vfs {

// A kept descriptor lets the kernel report write-back errors that happened since the last sync (a
// fresh one may never hear of them). The price is that it can name a dead directory, and a sync of
// a dead inode is a lost sync: so our own rmdir, rename and mkdir drop what they touch, and before
// each sync the path is looked up again and must still lead to the same inode, which the open
// descriptor keeps from being reused.
//
// After a failed sync the directory is poisoned for this file system's lifetime (D4): its
// descriptor stays open and every later sync of it is kFailedPrecondition with the first error.
//
// Threads: any thread; guarded by mu_. The sync itself runs without the lock.
class DirHandles {
 public:
  explicit DirHandles(int root_fd);

  // Errors: kNotFound; kFailedPrecondition for a file or a poisoned directory; kDataLoss if the
  // sync fails
  absl::Status Sync(std::string_view path);
  // The same without the system call: an injected failure with this errno.
  absl::Status FailSync(std::string_view path, int error);
  // Forgets the handles of `path` and of everything below it.
  void Drop(std::string_view path);

  std::size_t count() const;

 private:
  struct Handle {
    UniqueFd fd;
    FileIdentity identity;
  };
  struct Poisoned {
    std::shared_ptr<Handle> handle;  // open, so that the inode number stays taken
    std::string error;
  };
  static constexpr std::size_t kHandlesMax = 64;

  absl::StatusOr<std::shared_ptr<Handle>> Get(std::string_view path);
  absl::Status Poison(const std::shared_ptr<Handle>& handle, int error, std::string_view path);
  absl::StatusOr<std::shared_ptr<Handle>> OpenDir(std::string_view path) const;

  const int root_fd_;
  mutable Mutex mu_;
  // shared: a sync may be running on a handle that another thread drops.
  std::map<std::string, std::shared_ptr<Handle>, std::less<>> handles_ ABSL_GUARDED_BY(mu_);
  std::map<FileIdentity, Poisoned> poisoned_ ABSL_GUARDED_BY(mu_);
};

}  // namespace permafrost::vfs
