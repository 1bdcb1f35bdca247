// popen, and the engine on a real directory.
#include "tests/engine/permafrost_process.h"

#include <sys/wait.h>

#include <cstdio>

#include <gtest/gtest.h>

#include "tests/engine/store_world.h"
#include "tests/status_matchers.h"
#include "vfs/base/check.h"
#include "vfs/base/log.h"
#include "vfs/base/status.h"

namespace permafrost::engine {
namespace {

std::string ReadAll(FILE* stream) {
  std::string text;
  char buffer[4096];
  while (const std::size_t count = std::fread(buffer, 1, sizeof(buffer), stream)) {
    text.append(buffer, count);
  }
  return text;
}

StoreOptions SmallOptions() {
  StoreOptions options = testing::StoreWorld::SmallOptions();
  options.rocks = {};
  return options;
}

}  // namespace

Ran RunBinary(const TempDir& scratch, const std::string& arguments) {
  const std::string err_path = scratch.Join("stderr");
  const std::string line = std::string(PERMAFROST_BINARY) + " " + arguments + " 2>" + err_path;
  FILE* const pipe = ::popen(line.c_str(), "r");
  Ran ran;
  ran.out = ReadAll(pipe);
  const int status = ::pclose(pipe);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  ran.err = ReadText(err_path);
  return ran;
}

std::string BinaryPath() { return PERMAFROST_BINARY; }

void ExpectUsage(const Ran& ran, const std::string& lines) {
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, lines);
}

RealStore::RealStore(const std::string& directory) : RealStore(directory, SmallOptions()) {}

RealStore::RealStore(const std::string& directory, const StoreOptions& options)
    : fs_(*vfs::PosixFileSystem::Open(directory)) {
  StoreOptions held = options;
  held.holder = "4242";
  absl::StatusOr<std::unique_ptr<Store>> store = Store::Open({.fs = fs_.get(),
                                                              .clock = &clock_,
                                                              .executor = &executor_,
                                                              .prng = &prng_,
                                                              .log = &vfs::NullLog()},
                                                             held);
  VFS_CHECK(store.ok(), "open store: {}", vfs::Message(store.status()));
  store_ = *std::move(store);
}

void FillRealStore(const std::string& directory) {
  RealStore real(directory);
  testing::TestSource source;
  source.complete = {ChunkId{0}, ChunkId{1}};
  ASSERT_OK(real.store().CreateHot(ChunkId{2}));
  ASSERT_OK(real.store().RunLifecycle(source));
  ASSERT_OK(real.Close());
}

}  // namespace permafrost::engine
