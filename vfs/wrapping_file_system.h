// Decorators' base: a file system and a file that forward every call unchanged to another one.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "vfs/file_system.h"

namespace permafrost::vfs {

// Forwards everything to the file that it owns. Override what the decorator changes and call
// `base()` for the rest.
//
// Threads: as the wrapped file.
class WrappingFile : public File {
 public:
  explicit WrappingFile(std::unique_ptr<File> base);
  ~WrappingFile() override;

  absl::Status Append(std::string_view bytes) override;
  absl::Status Write(std::uint64_t offset, std::string_view bytes) override;
  absl::StatusOr<std::size_t> Read(std::uint64_t offset, std::span<char> buffer) const override;
  absl::Status Truncate(std::uint64_t bytes) override;
  absl::Status Preallocate(std::uint64_t offset, std::uint64_t bytes) override;
  absl::Status SyncData() override;
  absl::Status Sync() override;
  absl::Status HintWriteOut(std::uint64_t offset, std::uint64_t bytes) override;
  absl::StatusOr<std::uint64_t> Size() const override;
  absl::Status Close() override;

  File& base() const { return *base_; }

 private:
  const std::unique_ptr<File> base_;
};

// Forwards everything to a borrowed file system, which must outlive this and every handle it gave
// out.
//
// Threads: as the wrapped file system.
class WrappingFileSystem : public FileSystem {
 public:
  explicit WrappingFileSystem(FileSystem* base);
  ~WrappingFileSystem() override;

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

  FileSystem& base() const { return *base_; }

 private:
  FileSystem* const base_;
};

}  // namespace permafrost::vfs
