// The real world around a directory of the machine, for the commands of the binary.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "vfs/base/prng.h"
#include "vfs/env.h"
#include "vfs/posix/native_executor.h"
#include "vfs/posix/posix_file_system.h"
#include "vfs/posix/stop_signal.h"
#include "vfs/posix/system_clock.h"

namespace permafrost::engine {

// Must outlive what uses its Env.
class RealWorld {
 public:
  // Commands that look draw nothing and need no seed.
  explicit RealWorld(std::unique_ptr<vfs::PosixFileSystem> fs, std::uint64_t seed = 0)
      : fs_(std::move(fs)), prng_(seed) {}

  vfs::Env Env() {
    return {.fs = fs_.get(),
            .clock = &clock_,
            .executor = &executor_,
            .prng = &prng_,
            .log = &vfs::StderrLog()};
  }

 private:
  std::unique_ptr<vfs::PosixFileSystem> fs_;
  vfs::SystemClock clock_;
  vfs::NativeExecutor executor_;
  vfs::Prng prng_;
};

// A name in a directory of the machine.
struct HostPath {
  std::string parent;  // absolute, without links
  std::string name;    // one component, which need not exist
};

// Splits what `flag` was given. Links are followed, so that a directory may be reached by one.
//
// Errors: kInvalidArgument  the directory above does not exist, or there is none
absl::StatusOr<HostPath> ResolveHostPath(std::string_view flag, const std::string& path);

// A number from the kernel, for what must differ from run to run.
std::uint64_t DrawSeed();

// The world of the directory above; `flag` and `path` are for the refusal.
absl::StatusOr<std::unique_ptr<RealWorld>> OpenWorld(std::string_view flag, const HostPath& path);

// Writes a file that must not exist yet, whole or not at all.
absl::Status WriteNewHostFile(std::string_view flag,
                              const std::string& path,
                              std::string_view bytes);

// Lines for standard output as they come, a block at a time.
//
// Threads: one thread at a time.
class StandardOutput {
 public:
  absl::Status Write(std::string_view text);
  absl::Status Flush();
  // Whether the reader of a pipe is there still: EPIPE, as of a write, if not.
  absl::Status CheckReader();
  // Of the first write that failed; the errno says how.
  const absl::Status& status() const { return status_; }

 private:
  std::string pending_;
  absl::Status status_;
};

// Standard input, a FIFO or a file of the machine, as it comes.
//
// Threads: one thread at a time.
class HostInput {
 public:
  // "-" is standard input. A FIFO is opened without waiting for its writer. `stop`, which must
  // outlive this, ends waiting; null: nothing does.
  //
  // Errors: kInvalidArgument  it cannot be read
  static absl::StatusOr<HostInput> Open(std::string_view flag,
                                        const std::string& path,
                                        vfs::StopSignal* stop = nullptr);
  HostInput(HostInput&& other) noexcept
      : path_(std::move(other.path_)), fd_(other.fd_), stop_(other.stop_) {
    other.fd_ = -1;
  }
  HostInput& operator=(HostInput&&) = delete;
  ~HostInput();

  // What is there, waiting until something is; empty at the end.
  //
  // Errors: kCancelled  it was asked to stop
  absl::StatusOr<std::string> Next();

 private:
  HostInput(std::string path, int fd, vfs::StopSignal* stop)
      : path_(std::move(path)), fd_(fd), stop_(stop) {}

  std::string path_;
  int fd_;
  vfs::StopSignal* stop_;
};

}  // namespace permafrost::engine
