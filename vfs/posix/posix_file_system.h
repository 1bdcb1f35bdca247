// The real disk: vfs::FileSystem on Linux system calls, relative to one root directory.
//
// - Every path is resolved by openat and its kin from the root's descriptor, so a later chdir or
//   rename of the root changes nothing.
// - Symbolic links: a directory may be one (operators move roots to other volumes), a file may not:
//   creating, opening or locking a file through a link is kFailedPrecondition. List shows a link as
//   what it leads to; Stat and Identity follow it.
// - Every descriptor is close-on-exec. EINTR is retried in io_loop.h and nowhere else.
// - It keeps D1-D9 as far as the kernel and the disk below do; it adds no cache and no ordering of
//   its own.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "vfs/file_system.h"
#include "vfs/posix/dir_handles.h"
#include "vfs/posix/unique_fd.h"

namespace permafrost::vfs {

// Threads: concurrent calls allowed.
class PosixFileSystem final : public FileSystem {
 public:
  // `root` is a path of the operating system, absolute or relative to the current directory; it
  // must be a directory.
  //
  // Errors: kNotFound; kFailedPrecondition if it may not be entered or is a file
  static absl::StatusOr<std::unique_ptr<PosixFileSystem>> Open(std::string_view root);
  ~PosixFileSystem() override;

  absl::StatusOr<std::unique_ptr<File>> Create(std::string_view path) override;
  absl::StatusOr<std::unique_ptr<File>> Open(std::string_view path, OpenMode mode) override;
  absl::Status MakeDir(std::string_view path) override;
  absl::Status RemoveDir(std::string_view path) override;
  absl::StatusOr<std::vector<DirEntry>> List(std::string_view path) const override;
  absl::Status SyncDir(std::string_view path) override;
  absl::Status Rename(std::string_view from, std::string_view to) override;
  absl::Status Link(std::string_view existing, std::string_view name) override;
  absl::Status Unlink(std::string_view path) override;
  absl::StatusOr<FileInfo> Stat(std::string_view path) const override;
  absl::StatusOr<FileIdentity> Identity(std::string_view path) const override;
  absl::StatusOr<std::uint64_t> FreeSpace(std::string_view path) const override;
  absl::StatusOr<std::unique_ptr<FileLock>> Lock(std::string_view path,
                                                 const LockOptions& options) override;
  // Asks the kernel to drop the clean pages of every file below the root, one by one.
  absl::Status DropCaches() override;

  // Directory descriptors kept open for SyncDir.
  std::size_t dir_handle_count() const { return dir_handles_.count(); }

 private:
  explicit PosixFileSystem(UniqueFd root);

  // List without its fault point: what another call looks up for itself is no call.
  absl::StatusOr<std::vector<DirEntry>> ListEntries(std::string_view path) const;

  const UniqueFd root_;
  DirHandles dir_handles_;
};

}  // namespace permafrost::vfs
