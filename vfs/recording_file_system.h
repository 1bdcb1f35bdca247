// Shows an observer every call of a file system and of the files opened through it, before and
// after.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "vfs/call.h"
#include "vfs/wrapping_file_system.h"

namespace permafrost::vfs {

// Every call reaches the observer twice: OnBegin before it is carried out, OnEnd after, with its
// status. A handle reports the path it was opened under. At a read's end, call.data is what was
// read and call.bytes what was asked for; at a size's or free_space's end, call.bytes is the
// answer. Dropping a handle or lock without Close is no call. Nothing is allocated per call (one
// copy of the path per handle).
//
// Threads: as the wrapped file system; the observer is called on the calling thread.
class RecordingFileSystem : public WrappingFileSystem {
 public:
  // Both borrowed; they must outlive this and every handle it gave out.
  RecordingFileSystem(FileSystem* base, CallObserver* observer);

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
  absl::Status DropCaches() override;

 private:
  CallObserver* const observer_;
};

}  // namespace permafrost::vfs
