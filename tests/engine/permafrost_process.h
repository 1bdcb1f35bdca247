// The permafrost binary as a shell runs it, and a store on the real disk for it to look at.
#pragma once

#include <memory>
#include <string>

#include "engine/store/store.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/env.h"
#include "vfs/posix/native_executor.h"
#include "vfs/posix/posix_file_system.h"
#include "vfs/posix/system_clock.h"

namespace permafrost::engine {

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

// Runs the binary with these arguments; standard error goes through a file in `scratch`.
Ran RunBinary(const TempDir& scratch, const std::string& arguments);

// Where the binary is, for a line that runs it in a way of its own.
std::string BinaryPath();

// Expects a refusal: exit code 2, nothing on stdout, these lines on stderr.
void ExpectUsage(const Ran& ran, const std::string& lines);

// A store on the real disk, made through the engine; the one that opens it is "pid 4242".
class RealStore {
 public:
  explicit RealStore(const std::string& directory);  // of a small geometry
  RealStore(const std::string& directory, const StoreOptions& options);

  Store& store() { return *store_; }
  absl::Status Close() { return store_->Close(); }

 private:
  std::unique_ptr<vfs::PosixFileSystem> fs_;
  vfs::SystemClock clock_;
  vfs::NativeExecutor executor_;
  vfs::Prng prng_{3};
  std::unique_ptr<Store> store_;
};

// Two frozen chunks, one hot, and nobody holds it.
void FillRealStore(const std::string& directory);

}  // namespace permafrost::engine
