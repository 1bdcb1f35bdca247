// Each call forwards its arguments unchanged to the wrapped object.
#include "vfs/wrapping_file_system.h"

#include <utility>

namespace permafrost::vfs {

WrappingFile::WrappingFile(std::unique_ptr<File> base) : base_(std::move(base)) {}
WrappingFile::~WrappingFile() = default;

absl::Status WrappingFile::Append(std::string_view bytes) { return base_->Append(bytes); }
absl::Status WrappingFile::Write(std::uint64_t offset, std::string_view bytes) {
  return base_->Write(offset, bytes);
}
absl::StatusOr<std::size_t> WrappingFile::Read(std::uint64_t offset, std::span<char> buffer) const {
  return base_->Read(offset, buffer);
}
absl::Status WrappingFile::Truncate(std::uint64_t bytes) { return base_->Truncate(bytes); }
absl::Status WrappingFile::Preallocate(std::uint64_t offset, std::uint64_t bytes) {
  return base_->Preallocate(offset, bytes);
}
absl::Status WrappingFile::SyncData() { return base_->SyncData(); }
absl::Status WrappingFile::Sync() { return base_->Sync(); }
absl::Status WrappingFile::HintWriteOut(std::uint64_t offset, std::uint64_t bytes) {
  return base_->HintWriteOut(offset, bytes);
}
absl::StatusOr<std::uint64_t> WrappingFile::Size() const { return base_->Size(); }
absl::Status WrappingFile::Close() { return base_->Close(); }

WrappingFileSystem::WrappingFileSystem(FileSystem* base) : base_(base) {}
WrappingFileSystem::~WrappingFileSystem() = default;

absl::StatusOr<std::unique_ptr<File>> WrappingFileSystem::Create(std::string_view path) {
  return base_->Create(path);
}
absl::StatusOr<std::unique_ptr<File>> WrappingFileSystem::Open(std::string_view path,
                                                               OpenMode mode) {
  return base_->Open(path, mode);
}
absl::Status WrappingFileSystem::MakeDir(std::string_view path) { return base_->MakeDir(path); }
absl::Status WrappingFileSystem::RemoveDir(std::string_view path) { return base_->RemoveDir(path); }
absl::StatusOr<std::vector<DirEntry>> WrappingFileSystem::List(std::string_view path) const {
  return base_->List(path);
}
absl::Status WrappingFileSystem::SyncDir(std::string_view path) { return base_->SyncDir(path); }
absl::Status WrappingFileSystem::Rename(std::string_view from, std::string_view to) {
  return base_->Rename(from, to);
}
absl::Status WrappingFileSystem::Link(std::string_view existing, std::string_view name) {
  return base_->Link(existing, name);
}
absl::Status WrappingFileSystem::Unlink(std::string_view path) { return base_->Unlink(path); }
absl::StatusOr<FileInfo> WrappingFileSystem::Stat(std::string_view path) const {
  return base_->Stat(path);
}
absl::StatusOr<FileIdentity> WrappingFileSystem::Identity(std::string_view path) const {
  return base_->Identity(path);
}
absl::StatusOr<std::uint64_t> WrappingFileSystem::FreeSpace(std::string_view path) const {
  return base_->FreeSpace(path);
}
absl::StatusOr<std::unique_ptr<FileLock>> WrappingFileSystem::Lock(std::string_view path,
                                                                   const LockOptions& options) {
  return base_->Lock(path, options);
}
absl::Status WrappingFileSystem::DropCaches() { return base_->DropCaches(); }

}  // namespace permafrost::vfs
