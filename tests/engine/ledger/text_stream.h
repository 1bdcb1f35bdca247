// A stream of bytes from memory, in pieces as a pipe gives them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "engine/ledger/byte_stream.h"
#include "vfs/base/status.h"

namespace permafrost::engine {

class TextStream final : public ByteStream {
 public:
  static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

  // At most `piece` bytes at once; at offset `error_at` the first call fails.
  TextStream(std::string text, std::size_t piece, std::size_t error_at = kNever)
      : text_(std::move(text)), piece_(piece), error_at_(error_at) {}

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    largest_buffer_ = std::max(largest_buffer_, buffer.size());
    if (at_ == error_at_) {
      error_at_ = kNever;
      return vfs::DataLoss("not now");
    }
    std::size_t count = std::min({buffer.size(), piece_, text_.size() - at_});
    if (at_ < error_at_) count = std::min(count, error_at_ - at_);
    std::copy_n(text_.data() + at_, count, buffer.data());
    at_ += count;
    return count;
  }

  std::size_t largest_buffer() const { return largest_buffer_; }

 private:
  std::string text_;
  std::size_t piece_;
  std::size_t error_at_;
  std::size_t at_ = 0;
  std::size_t largest_buffer_ = 0;
};

}  // namespace permafrost::engine
