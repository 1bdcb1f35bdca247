// A store on the real disk, for tests that run the permafrost command on it.
#pragma once

#include <memory>
#include <string>

#include "tests/engine/store_world.h"
#include "tests/status_matchers.h"
#include "vfs/posix/native_executor.h"
#include "vfs/posix/posix_file_system.h"
#include "vfs/posix/system_clock.h"

namespace permafrost::engine::testing {

// Made through the engine; it is held until Close.
//
// Threads: one thread at a time.
class RealStore {
 public:
  explicit RealStore(const std::string& directory) : fs_(*vfs::PosixFileSystem::Open(directory)) {
    StoreOptions options = StoreWorld::SmallOptions();
    options.rocks = {};
    options.holder = "4242";
    store_ = *Store::Open({.fs = fs_.get(),
                           .clock = &clock_,
                           .executor = &executor_,
                           .prng = &prng_,
                           .log = &vfs::NullLog()},
                          options);
  }
  Store& store() { return *store_; }
  vfs::FileSystem& fs() { return *fs_; }
  absl::Status Close() { return store_->Close(); }

 private:
  std::unique_ptr<vfs::PosixFileSystem> fs_;
  vfs::SystemClock clock_;
  vfs::NativeExecutor executor_;
  vfs::Prng prng_{3};
  std::unique_ptr<Store> store_;
};

// Two frozen chunks, one hot, and nobody holds it.
inline void FillRealStore(const std::string& directory) {
  RealStore real(directory);
  TestSource source;
  source.complete = {ChunkId{0}, ChunkId{1}};
  ASSERT_OK(real.store().CreateHot(ChunkId{2}));
  ASSERT_OK(real.store().RunLifecycle(source));
  ASSERT_OK(real.Close());
}

}  // namespace permafrost::engine::testing
