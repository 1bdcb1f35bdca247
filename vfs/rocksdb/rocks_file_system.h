// rocksdb::FileSystem over a HardenedDisk: every call that RocksDB 7.8.3 makes; the rest answers
// NotSupported.
//
// RocksDB's paths are "/" plus the path of vfs::FileSystem. Nothing is buffered here.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <rocksdb/file_system.h>

#include "vfs/rocksdb/hardened_disk.h"
#include "vfs/rocksdb/rocks_options.h"

namespace permafrost::vfs {

// How a file of options is refused: RocksDB warns of it, and nobody has to be told.
inline constexpr std::string_view kNoOptionsFiles = "OPTIONS files are switched off";

// "/a//b/" -> "a/b"; "/" -> "".
std::string ToVfsPath(std::string_view rocks_path);
// "a/b" -> "/a/b".
std::string ToRocksPath(std::string_view vfs_path);

// Threads: any thread.
class RocksFileSystem final : public rocksdb::FileSystem {
 public:
  using IOOptions = rocksdb::IOOptions;
  using IOStatus = rocksdb::IOStatus;
  using FileOptions = rocksdb::FileOptions;
  using Debug = rocksdb::IODebugContext;

  RocksFileSystem(std::shared_ptr<HardenedDisk> disk, const RocksOptions& options);

  HardenedDisk& disk() { return *disk_; }
  // `status` as RocksDB shall see it: with poison_on_error never as one that it recovers from by
  // itself. (FromRocksStatus finds the code again by the errno in the text.)
  IOStatus Report(const absl::Status& status) const {
    return status.ok() ? IOStatus::OK() : ReportError(status);
  }

  const char* Name() const override { return "PermafrostVfs"; }

  IOStatus NewSequentialFile(const std::string& path,
                             const FileOptions& options,
                             std::unique_ptr<rocksdb::FSSequentialFile>* result,
                             Debug* debug) override;
  IOStatus NewRandomAccessFile(const std::string& path,
                               const FileOptions& options,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                               Debug* debug) override;
  IOStatus NewWritableFile(const std::string& path,
                           const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result,
                           Debug* debug) override;
  IOStatus ReopenWritableFile(const std::string& path,
                              const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* result,
                              Debug* debug) override;
  IOStatus ReuseWritableFile(const std::string& path,
                             const std::string& old_path,
                             const FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* result,
                             Debug* debug) override;
  IOStatus NewDirectory(const std::string& path,
                        const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result,
                        Debug* debug) override;
  IOStatus FileExists(const std::string& path, const IOOptions& options, Debug* debug) override;
  IOStatus GetChildren(const std::string& path,
                       const IOOptions& options,
                       std::vector<std::string>* result,
                       Debug* debug) override;
  IOStatus DeleteFile(const std::string& path, const IOOptions& options, Debug* debug) override;
  IOStatus CreateDir(const std::string& path, const IOOptions& options, Debug* debug) override;
  IOStatus CreateDirIfMissing(const std::string& path,
                              const IOOptions& options,
                              Debug* debug) override;
  IOStatus DeleteDir(const std::string& path, const IOOptions& options, Debug* debug) override;
  IOStatus GetFileSize(const std::string& path,
                       const IOOptions& options,
                       uint64_t* bytes,
                       Debug* debug) override;
  IOStatus GetFileModificationTime(const std::string& path,
                                   const IOOptions& options,
                                   uint64_t* time,
                                   Debug* debug) override;
  IOStatus RenameFile(const std::string& from,
                      const std::string& to,
                      const IOOptions& options,
                      Debug* debug) override;
  IOStatus LinkFile(const std::string& existing,
                    const std::string& name,
                    const IOOptions& options,
                    Debug* debug) override;
  IOStatus NumFileLinks(const std::string& path,
                        const IOOptions& options,
                        uint64_t* count,
                        Debug* debug) override;
  IOStatus AreFilesSame(const std::string& first,
                        const std::string& second,
                        const IOOptions& options,
                        bool* same,
                        Debug* debug) override;
  IOStatus LockFile(const std::string& path,
                    const IOOptions& options,
                    rocksdb::FileLock** lock,
                    Debug* debug) override;
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions& options, Debug* debug) override;
  IOStatus GetTestDirectory(const IOOptions& options, std::string* path, Debug* debug) override;
  IOStatus NewLogger(const std::string& path,
                     const IOOptions& options,
                     std::shared_ptr<rocksdb::Logger>* result,
                     Debug* debug) override;
  IOStatus GetAbsolutePath(const std::string& path,
                           const IOOptions& options,
                           std::string* result,
                           Debug* debug) override;
  IOStatus GetFreeSpace(const std::string& path,
                        const IOOptions& options,
                        uint64_t* bytes,
                        Debug* debug) override;
  IOStatus IsDirectory(const std::string& path,
                       const IOOptions& options,
                       bool* is_dir,
                       Debug* debug) override;
  IOStatus Poll(std::vector<void*>& handles, size_t min_completions) override;
  IOStatus AbortIO(std::vector<void*>& handles) override;

 private:
  IOStatus ReportError(const absl::Status& error) const;

  const std::shared_ptr<HardenedDisk> disk_;
  const bool poison_on_error_;
  const bool write_options_file_;
};

}  // namespace permafrost::vfs
