// RocksDB's file handles over HardenedFile; made by RocksFileSystem only.
#pragma once

#include <memory>
#include <string>

#include <rocksdb/file_system.h>

#include "vfs/rocksdb/hardened_disk.h"

namespace permafrost::vfs {

class RocksFileSystem;

// Each borrows `fs`, which RocksDB keeps alive longer than its files.
std::unique_ptr<rocksdb::FSSequentialFile> MakeSequentialFile(const RocksFileSystem& fs,
                                                              std::unique_ptr<HardenedFile> file);
std::unique_ptr<rocksdb::FSRandomAccessFile> MakeRandomAccessFile(
    const RocksFileSystem& fs, std::unique_ptr<HardenedFile> file);
std::unique_ptr<rocksdb::FSWritableFile> MakeWritableFile(const RocksFileSystem& fs,
                                                          std::unique_ptr<HardenedFile> file);
std::unique_ptr<rocksdb::FSDirectory> MakeDirectory(RocksFileSystem& fs, std::string path);
std::unique_ptr<rocksdb::FileLock> MakeLock(std::unique_ptr<FileLock> lock);

}  // namespace permafrost::vfs
