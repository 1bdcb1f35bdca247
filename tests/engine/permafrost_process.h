// The permafrost binary as a shell runs it, and a store on the real disk for it to look at.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

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

// The binary as a process of its own, beside the test.
//
// Threads: one thread at a time.
class RunningBinary {
 public:
  // Its output goes to new files of `scratch`, which must outlive it.
  RunningBinary(const TempDir& scratch, const std::vector<std::string>& arguments);
  ~RunningBinary();  // kills it if nobody waited
  RunningBinary(const RunningBinary&) = delete;
  RunningBinary& operator=(const RunningBinary&) = delete;

  pid_t pid() const { return pid_; }
  void Signal(int number) const;
  // How it ended; the code of one that a signal ended is minus the signal.
  Ran Wait();
  // Nothing: it still runs after so long.
  std::optional<Ran> WaitFor(std::uint64_t nanos);
  // What it has written to stderr so far.
  std::string Err() const;

 private:
  Ran Ended(int status) const;

  std::string out_path_;
  std::string err_path_;
  pid_t pid_ = -1;
};

// The regular files of the cold roots but the lock files, by their path below the data directory.
std::map<std::string, std::string> ColdFilesOf(const std::string& data);
// Compares without printing the files themselves.
void ExpectSameColdFiles(const std::string& data, const std::string& whole);

// What of an audit's predicates that hold at every instant does not hold; "": nothing.
std::string AlwaysViolated(const TempDir& scratch, const std::string& data);

// Expects a refusal: exit code 2, nothing on stdout, these lines on stderr.
void ExpectUsage(const Ran& ran, const std::string& lines);

// Expects the answer that it is not there: exit code 1, nothing on stdout, these lines on stderr.
void ExpectAbsent(const Ran& ran, const std::string& lines);

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
