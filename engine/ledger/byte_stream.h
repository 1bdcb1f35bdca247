// Bytes one after another that can be read once: a file, a FIFO, standard input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include <absl/status/statusor.h>

#include "vfs/base/status_macros.h"
#include "vfs/file_system.h"

namespace permafrost::engine {

// Threads: one thread at a time.
class ByteStream {
 public:
  ByteStream() = default;
  virtual ~ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  // Waits for bytes; from 1 to buffer.size() of them, 0 at the end only. An error takes nothing:
  // the next call goes on behind the last byte that was given. kInvalidArgument alone stays: what
  // comes cannot be read.
  //
  // Errors: kCancelled  asked to stop while it waited
  virtual absl::StatusOr<std::size_t> Read(std::span<char> buffer) = 0;
};

// A file from its start.
class FileByteStream final : public ByteStream {
 public:
  explicit FileByteStream(std::unique_ptr<vfs::File> file) : file_(std::move(file)) {}

  static absl::StatusOr<std::unique_ptr<ByteStream>> Open(vfs::FileSystem& fs,
                                                          std::string_view path) {
    VFS_ASSIGN_OR_RETURN(auto file, fs.Open(path, vfs::OpenMode::kRead));
    return std::make_unique<FileByteStream>(std::move(file));
  }

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    VFS_ASSIGN_OR_RETURN(const std::size_t count, file_->Read(offset_, buffer));
    offset_ += count;
    return count;
  }

 private:
  std::unique_ptr<vfs::File> file_;
  std::uint64_t offset_ = 0;
};

}  // namespace permafrost::engine
