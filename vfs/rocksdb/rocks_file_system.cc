// Translation only: paths, results and statuses. What a call means is in hardened_disk.h.
#include "vfs/rocksdb/rocks_file_system.h"

#include <utility>

#include "vfs/base/status.h"
#include "vfs/rocksdb/rocks_files.h"
#include "vfs/rocksdb/status_map.h"

namespace permafrost::vfs {

using rocksdb::IOStatus;

std::string ToVfsPath(std::string_view rocks_path) {
  std::string path;
  std::size_t at = 0;
  while (at < rocks_path.size()) {
    const std::size_t slash = std::min(rocks_path.find('/', at), rocks_path.size());
    const std::string_view component = rocks_path.substr(at, slash - at);
    if (!component.empty()) {
      if (!path.empty()) path += '/';
      path += component;
    }
    at = slash + 1;
  }
  return path;
}

std::string ToRocksPath(std::string_view vfs_path) { return "/" + std::string(vfs_path); }

RocksFileSystem::RocksFileSystem(std::shared_ptr<HardenedDisk> disk, const RocksOptions& options)
    : disk_(std::move(disk)),
      poison_on_error_(options.Has(Hardening::kPoisonOnError)),
      write_options_file_(options.write_options_file) {}

IOStatus RocksFileSystem::ReportError(const absl::Status& error) const {
  IOStatus reported = ToIOStatus(error);
  if (!reported.IsNoSpace()) return reported;
  // Told of no space, RocksDB resumes by itself as soon as there is some, whatever it was that
  // failed: as the stock file system has it by retrying, and from a thread of its own.
  if (poison_on_error_) return IOStatus::IOError(reported.getState());
  reported.SetRetryable(true);
  return reported;
}

IOStatus RocksFileSystem::NewSequentialFile(const std::string& path,
                                            const FileOptions&,
                                            std::unique_ptr<rocksdb::FSSequentialFile>* result,
                                            Debug*) {
  auto file = disk_->OpenForRead(ToVfsPath(path));
  if (!file.ok()) return Report(file.status());
  *result = MakeSequentialFile(*this, *std::move(file));
  return IOStatus::OK();
}

IOStatus RocksFileSystem::NewRandomAccessFile(const std::string& path,
                                              const FileOptions&,
                                              std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                              Debug*) {
  auto file = disk_->OpenForRead(ToVfsPath(path));
  if (!file.ok()) return Report(file.status());
  *result = MakeRandomAccessFile(*this, *std::move(file));
  return IOStatus::OK();
}

IOStatus RocksFileSystem::NewWritableFile(const std::string& path,
                                          const FileOptions&,
                                          std::unique_ptr<rocksdb::FSWritableFile>* result,
                                          Debug*) {
  const std::string vfs_path = ToVfsPath(path);
  if (!write_options_file_ && RocksFileKindOf(vfs_path) == RocksFileKind::kOptions) {
    return IOStatus::NotSupported("create " + vfs_path + ": " + std::string(kNoOptionsFiles));
  }
  auto file = disk_->CreateFresh(vfs_path);
  if (!file.ok()) return Report(file.status());
  *result = MakeWritableFile(*this, *std::move(file));
  return IOStatus::OK();
}

IOStatus RocksFileSystem::ReopenWritableFile(const std::string& path,
                                             const FileOptions&,
                                             std::unique_ptr<rocksdb::FSWritableFile>* result,
                                             Debug*) {
  auto file = disk_->OpenForAppend(ToVfsPath(path));
  if (!file.ok()) return Report(file.status());
  *result = MakeWritableFile(*this, *std::move(file));
  return IOStatus::OK();
}

IOStatus RocksFileSystem::ReuseWritableFile(const std::string& path,
                                            const std::string&,
                                            const FileOptions&,
                                            std::unique_ptr<rocksdb::FSWritableFile>*,
                                            Debug*) {
  return IOStatus::NotSupported("reuse " + ToVfsPath(path) + ": log recycling is switched off");
}

IOStatus RocksFileSystem::NewDirectory(const std::string& path,
                                       const IOOptions&,
                                       std::unique_ptr<rocksdb::FSDirectory>* result,
                                       Debug*) {
  const std::string vfs_path = ToVfsPath(path);
  const auto info = disk_->Stat(vfs_path);
  if (!info.ok()) return Report(info.status());
  if (info->kind != FileKind::kDirectory) {
    return Report(FailedPrecondition("open directory {}: it is a file", vfs_path));
  }
  *result = MakeDirectory(*this, vfs_path);
  return IOStatus::OK();
}

IOStatus RocksFileSystem::FileExists(const std::string& path, const IOOptions&, Debug*) {
  const std::string vfs_path = ToVfsPath(path);
  // Whether a database has archived logs: ours never has, and RocksDB 7.8.3 aborts when the answer
  // is an error (WalManager::GetSortedWalFiles asserts on another status).
  if (vfs_path.ends_with("/archive")) return IOStatus::NotFound(vfs_path);
  const auto info = disk_->Stat(vfs_path);
  if (info.ok()) return IOStatus::OK();
  if (info.status().code() == absl::StatusCode::kNotFound) return IOStatus::NotFound(vfs_path);
  return Report(info.status());
}

IOStatus RocksFileSystem::GetChildren(const std::string& path,
                                      const IOOptions&,
                                      std::vector<std::string>* result,
                                      Debug*) {
  const auto entries = disk_->List(ToVfsPath(path));
  if (!entries.ok()) return Report(entries.status());
  result->clear();
  for (const DirEntry& entry : *entries) result->push_back(entry.name);
  return IOStatus::OK();
}

IOStatus RocksFileSystem::DeleteFile(const std::string& path, const IOOptions&, Debug*) {
  return Report(disk_->Unlink(ToVfsPath(path)));
}

IOStatus RocksFileSystem::CreateDir(const std::string& path, const IOOptions&, Debug*) {
  return Report(disk_->MakeDir(ToVfsPath(path)));
}

IOStatus RocksFileSystem::CreateDirIfMissing(const std::string& path, const IOOptions&, Debug*) {
  const std::string vfs_path = ToVfsPath(path);
  if (vfs_path.empty()) return IOStatus::OK();
  const absl::Status made = disk_->MakeDir(vfs_path);
  if (made.code() != absl::StatusCode::kAlreadyExists) return Report(made);
  const auto info = disk_->Stat(vfs_path);
  if (!info.ok()) return Report(info.status());
  return info->kind == FileKind::kDirectory ? IOStatus::OK() : Report(made);
}

IOStatus RocksFileSystem::DeleteDir(const std::string& path, const IOOptions&, Debug*) {
  return Report(disk_->RemoveDir(ToVfsPath(path)));
}

IOStatus RocksFileSystem::GetFileSize(const std::string& path,
                                      const IOOptions&,
                                      uint64_t* bytes,
                                      Debug*) {
  const auto info = disk_->Stat(ToVfsPath(path));
  if (!info.ok()) return Report(info.status());
  *bytes = info->bytes;
  return IOStatus::OK();
}

IOStatus RocksFileSystem::GetFileModificationTime(const std::string& path,
                                                  const IOOptions&,
                                                  uint64_t*,
                                                  Debug*) {
  return IOStatus::NotSupported("modification time of " + ToVfsPath(path));
}

IOStatus RocksFileSystem::RenameFile(const std::string& from,
                                     const std::string& to,
                                     const IOOptions&,
                                     Debug*) {
  return Report(disk_->Rename(ToVfsPath(from), ToVfsPath(to)));
}

IOStatus RocksFileSystem::LinkFile(const std::string& existing,
                                   const std::string& name,
                                   const IOOptions&,
                                   Debug*) {
  return Report(disk_->Link(ToVfsPath(existing), ToVfsPath(name)));
}

IOStatus RocksFileSystem::NumFileLinks(const std::string& path,
                                       const IOOptions&,
                                       uint64_t* count,
                                       Debug*) {
  const auto info = disk_->Stat(ToVfsPath(path));
  if (!info.ok()) return Report(info.status());
  *count = info->link_count;
  return IOStatus::OK();
}

IOStatus RocksFileSystem::AreFilesSame(
    const std::string& first, const std::string& second, const IOOptions&, bool* same, Debug*) {
  const auto left = disk_->Identity(ToVfsPath(first));
  if (!left.ok()) return Report(left.status());
  const auto right = disk_->Identity(ToVfsPath(second));
  if (!right.ok()) return Report(right.status());
  *same = *left == *right;
  return IOStatus::OK();
}

IOStatus RocksFileSystem::LockFile(const std::string& path,
                                   const IOOptions&,
                                   rocksdb::FileLock** lock,
                                   Debug*) {
  auto held = disk_->TakeLock(ToVfsPath(path));
  if (!held.ok()) return Report(held.status());
  *lock = MakeLock(*std::move(held)).release();
  return IOStatus::OK();
}

IOStatus RocksFileSystem::UnlockFile(rocksdb::FileLock* lock, const IOOptions&, Debug*) {
  delete lock;
  return IOStatus::OK();
}

IOStatus RocksFileSystem::GetTestDirectory(const IOOptions&, std::string*, Debug*) {
  return IOStatus::NotSupported("test directory");
}

IOStatus RocksFileSystem::NewLogger(const std::string& path,
                                    const IOOptions&,
                                    std::shared_ptr<rocksdb::Logger>*,
                                    Debug*) {
  return IOStatus::NotSupported("create logger " + ToVfsPath(path) +
                                ": an info_log is always given");
}

IOStatus RocksFileSystem::GetAbsolutePath(const std::string& path,
                                          const IOOptions&,
                                          std::string* result,
                                          Debug*) {
  *result = ToRocksPath(ToVfsPath(path));
  return IOStatus::OK();
}

IOStatus RocksFileSystem::GetFreeSpace(const std::string& path,
                                       const IOOptions&,
                                       uint64_t* bytes,
                                       Debug*) {
  const auto free = disk_->FreeSpace(ToVfsPath(path));
  if (!free.ok()) return Report(free.status());
  *bytes = *free;
  return IOStatus::OK();
}

IOStatus RocksFileSystem::IsDirectory(const std::string& path,
                                      const IOOptions&,
                                      bool* is_dir,
                                      Debug*) {
  const auto info = disk_->Stat(ToVfsPath(path));
  if (!info.ok()) return Report(info.status());
  *is_dir = info->kind == FileKind::kDirectory;
  return IOStatus::OK();
}

IOStatus RocksFileSystem::Poll(std::vector<void*>&, size_t) {
  return IOStatus::NotSupported("asynchronous reads");
}

IOStatus RocksFileSystem::AbortIO(std::vector<void*>&) {
  return IOStatus::NotSupported("asynchronous reads");
}

}  // namespace permafrost::vfs
