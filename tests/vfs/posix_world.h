// A fresh file system on the real disk, for tests that need one below what they test.
#pragma once

#include <memory>

#include "tests/vfs/temp_dir.h"
#include "vfs/base/check.h"
#include "vfs/posix/posix_file_system.h"

namespace permafrost {

// Threads: as PosixFileSystem.
class PosixWorld {
 public:
  PosixWorld() {
    auto opened = vfs::PosixFileSystem::Open(directory_.path());
    VFS_CHECK(opened.ok(), "{}", opened.status().ToString());
    fs_ = *std::move(opened);
  }

  vfs::PosixFileSystem& fs() { return *fs_; }
  const TempDir& directory() const { return directory_; }

 private:
  const TempDir directory_;
  std::unique_ptr<vfs::PosixFileSystem> fs_;
};

}  // namespace permafrost
