// mkdtemp, nftw and whole files.
#include "tests/vfs/temp_dir.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

std::string TempDir::Write(std::string_view name, std::string_view text) const {
  std::string path = Join(name);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  EXPECT_EQ(::write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size())) << path;
  ::close(fd);
  return path;
}

std::string ReadText(const std::string& path) {
  std::string text;
  char chunk[4096];
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_GE(fd, 0) << path;
  ssize_t count = 0;
  while ((count = ::read(fd, chunk, sizeof(chunk))) > 0)
    text.append(chunk, static_cast<std::size_t>(count));
  ::close(fd);
  return text;
}

}  // namespace permafrost
