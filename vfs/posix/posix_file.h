// An open file of the real disk.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "vfs/file_system.h"
#include "vfs/posix/unique_fd.h"

namespace permafrost::vfs {

// Reads and writes are positioned; the descriptor's own offset is never used. After a failed sync
// the handle is poisoned: every call but Close is kFailedPrecondition and repeats the first error
// (D4: a later fsync that succeeds proves nothing).
//
// Threads: as File.
class PosixFile final : public File {
 public:
  PosixFile(UniqueFd fd, std::string_view path, OpenMode mode);

  absl::Status Append(std::string_view bytes) override;
  absl::Status Write(std::uint64_t offset, std::string_view bytes) override;
  absl::StatusOr<std::size_t> Read(std::uint64_t offset, std::span<char> buffer) const override;
  absl::Status Truncate(std::uint64_t bytes) override;
  absl::Status Preallocate(std::uint64_t offset, std::uint64_t bytes) override;
  absl::Status SyncData() override;
  absl::Status Sync() override;
  absl::Status HintWriteOut(std::uint64_t offset, std::uint64_t bytes) override;
  absl::StatusOr<std::uint64_t> Size() const override;
  absl::Status Close() override;

 private:
  absl::Status CheckUsable(std::string_view op) const;
  absl::Status CheckWritable(std::string_view op) const;
  absl::Status CheckRange(std::string_view op, std::uint64_t offset, std::uint64_t bytes) const;
  // Whether the kernel finds the end of the file at each write, so that other handles' appends are
  // never overwritten. Positioned writes need it off.
  absl::Status SetAppending(std::string_view op, bool is_appending);
  // `injected`: an errno in place of the system call, or 0.
  absl::Status SyncBy(std::string_view op, int (*system_call)(int), int injected);
  // Poisons the handle.
  absl::Status FailSync(std::string_view op, int error);

  UniqueFd fd_;
  const std::string path_;
  const OpenMode mode_;
  bool is_appending_ = false;
  std::string poison_;  // text of the sync error; empty while healthy
};

}  // namespace permafrost::vfs
