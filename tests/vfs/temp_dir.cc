// mkdtemp and nftw.
#include "tests/vfs/temp_dir.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include <gtest/gtest.h>

#include "vfs/base/check.h"

namespace permafrost {
namespace {

int RemoveOne(const char* path, const struct stat*, int, struct FTW*) { return ::remove(path); }

}  // namespace

TempDir::TempDir() : path_(::testing::TempDir() + "permafrost.XXXXXX") {
  VFS_CHECK(::mkdtemp(path_.data()) != nullptr, "mkdtemp {}: errno {}", path_, errno);
}

TempDir::~TempDir() {
  constexpr int kOpenMax = 16;
  ::nftw(path_.c_str(), RemoveOne, kOpenMax, FTW_DEPTH | FTW_PHYS);
}

std::string TempDir::Join(std::string_view name) const { return path_ + "/" + std::string(name); }

}  // namespace permafrost
