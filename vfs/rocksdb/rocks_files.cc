// Handles: each method is one call on the HardenedFile, with the status translated.
#include "vfs/rocksdb/rocks_files.h"

#include <span>
#include <utility>

#include "vfs/rocksdb/rocks_file_system.h"

namespace permafrost::vfs {
namespace {

using rocksdb::DataVerificationInfo;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

std::string_view View(const Slice& slice) { return {slice.data(), slice.size()}; }

class SequentialFile final : public rocksdb::FSSequentialFile {
 public:
  SequentialFile(const RocksFileSystem& fs, std::unique_ptr<HardenedFile> file)
      : fs_(fs), file_(std::move(file)) {}

  IOStatus Read(
      size_t n, const IOOptions&, Slice* result, char* scratch, IODebugContext*) override {
    *result = Slice(scratch, 0);
    const auto bytes = file_->Read(offset_, std::span<char>(scratch, n));
    if (!bytes.ok()) return fs_.Report(bytes.status());
    offset_ += *bytes;
    *result = Slice(scratch, *bytes);
    return IOStatus::OK();
  }

  IOStatus Skip(uint64_t n) override {
    offset_ += n;
    return IOStatus::OK();
  }

 private:
  const RocksFileSystem& fs_;
  const std::unique_ptr<HardenedFile> file_;
  std::uint64_t offset_ = 0;
};

// Prefetch answers NotSupported (the base class): RocksDB then reads the tail of a table in one
// call of its own.
class RandomAccessFile final : public rocksdb::FSRandomAccessFile {
 public:
  RandomAccessFile(const RocksFileSystem& fs, std::unique_ptr<HardenedFile> file)
      : fs_(fs), file_(std::move(file)) {}

  IOStatus Read(uint64_t offset,
                size_t n,
                const IOOptions&,
                Slice* result,
                char* scratch,
                IODebugContext*) const override {
    *result = Slice(scratch, 0);
    const auto bytes = file_->Read(offset, std::span<char>(scratch, n));
    if (!bytes.ok()) return fs_.Report(bytes.status());
    *result = Slice(scratch, *bytes);
    return IOStatus::OK();
  }

 private:
  const RocksFileSystem& fs_;
  const std::unique_ptr<HardenedFile> file_;
};

class WritableFile final : public rocksdb::FSWritableFile {
 public:
  WritableFile(const RocksFileSystem& fs, std::unique_ptr<HardenedFile> file)
      : fs_(fs), file_(std::move(file)) {}

  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    return fs_.Report(file_->Append(View(data)));
  }
  // The checksum that comes with the data is not used: the disk below has no place for it.
  IOStatus Append(const Slice& data,
                  const IOOptions& options,
                  const DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  // Nothing is buffered, so there is nothing to hand down.
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    return fs_.Report(file_->Sync(cut_ ? SyncKind::kDataAndMetadata : SyncKind::kData));
  }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    return fs_.Report(file_->Sync(SyncKind::kDataAndMetadata));
  }
  IOStatus Truncate(uint64_t bytes, const IOOptions&, IODebugContext*) override {
    // A shrink is only covered by the full sync (D1).
    cut_ = cut_ || bytes < file_->bytes();
    return fs_.Report(file_->Truncate(bytes));
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return fs_.Report(file_->Close()); }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return file_->bytes(); }
  IOStatus RangeSync(uint64_t offset, uint64_t bytes, const IOOptions&, IODebugContext*) override {
    return fs_.Report(file_->HintWriteOut(offset, bytes));
  }
  IOStatus Allocate(uint64_t offset, uint64_t bytes, const IOOptions&, IODebugContext*) override {
    return fs_.Report(file_->Preallocate(offset, bytes));
  }

 private:
  const RocksFileSystem& fs_;
  const std::unique_ptr<HardenedFile> file_;
  bool cut_ = false;
};

class Directory final : public rocksdb::FSDirectory {
 public:
  Directory(RocksFileSystem& fs, std::string path) : fs_(fs), path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    return fs_.Report(fs_.disk().SyncDir(path_));
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  RocksFileSystem& fs_;
  const std::string path_;
};

class Lock final : public rocksdb::FileLock {
 public:
  explicit Lock(std::unique_ptr<vfs::FileLock> lock) : lock_(std::move(lock)) {}

 private:
  const std::unique_ptr<vfs::FileLock> lock_;
};

}  // namespace

std::unique_ptr<rocksdb::FSSequentialFile> MakeSequentialFile(const RocksFileSystem& fs,
                                                              std::unique_ptr<HardenedFile> file) {
  return std::make_unique<SequentialFile>(fs, std::move(file));
}

std::unique_ptr<rocksdb::FSRandomAccessFile> MakeRandomAccessFile(
    const RocksFileSystem& fs, std::unique_ptr<HardenedFile> file) {
  return std::make_unique<RandomAccessFile>(fs, std::move(file));
}

std::unique_ptr<rocksdb::FSWritableFile> MakeWritableFile(const RocksFileSystem& fs,
                                                          std::unique_ptr<HardenedFile> file) {
  return std::make_unique<WritableFile>(fs, std::move(file));
}

std::unique_ptr<rocksdb::FSDirectory> MakeDirectory(RocksFileSystem& fs, std::string path) {
  return std::make_unique<Directory>(fs, std::move(path));
}

std::unique_ptr<rocksdb::FileLock> MakeLock(std::unique_ptr<FileLock> lock) {
  return std::make_unique<Lock>(std::move(lock));
}

}  // namespace permafrost::vfs
