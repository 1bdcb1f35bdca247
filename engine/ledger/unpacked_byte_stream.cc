// Frames by the streaming interface of zstd.
#include "engine/ledger/unpacked_byte_stream.h"

#include <zstd.h>

#include <algorithm>
#include <string_view>

#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr std::string_view kFrameBegin = "\x28\xb5\x2f\xfd";
constexpr std::size_t kFetchBytes = std::size_t{128} << 10;
constexpr int kWindowBitsMax = 27;

}  // namespace

void UnpackedByteStream::Free::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

absl::StatusOr<std::size_t> UnpackedByteStream::Fetch() {
  block_.erase(0, at_);
  at_ = 0;
  const std::size_t left = block_.size();
  block_.resize(left + kFetchBytes);
  const auto count = packed_->Read(std::span<char>(block_).subspan(left));
  block_.resize(left + (count.ok() ? *count : 0));
  return count;
}

absl::Status UnpackedByteStream::Recognise() {
  while (block_.size() < kFrameBegin.size()) {
    VFS_ASSIGN_OR_RETURN(const std::size_t count, Fetch());
    if (count == 0) break;
  }
  is_recognised_ = true;
  if (!block_.starts_with(kFrameBegin)) return absl::OkStatus();
  context_.reset(ZSTD_createDCtx());
  VFS_CHECK(context_ != nullptr, "zstd has no memory for a context");
  ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowBitsMax);
  return absl::OkStatus();
}

std::size_t UnpackedByteStream::TakeLeft(std::span<char> buffer) {
  const std::size_t count = std::min(buffer.size(), block_.size() - at_);
  std::copy_n(block_.data() + at_, count, buffer.data());
  at_ += count;
  return count;
}

absl::StatusOr<std::size_t> UnpackedByteStream::Unpack(std::span<char> buffer) {
  ZSTD_outBuffer out = {buffer.data(), buffer.size(), 0};
  while ((is_in_frame_ || at_ < block_.size()) && out.pos == 0) {
    ZSTD_inBuffer in = {block_.data(), block_.size(), at_};
    const std::size_t left = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_isError(left) != 0) {
      damage_ = vfs::InvalidArgument("its zstd frame: {}", ZSTD_getErrorName(left));
      return damage_;
    }
    at_ = in.pos;
    is_in_frame_ = left != 0;
    if (is_in_frame_ && at_ == block_.size()) break;
  }
  return out.pos;
}

absl::StatusOr<std::size_t> UnpackedByteStream::Read(std::span<char> buffer) {
  VFS_RETURN_IF_ERROR(damage_);
  if (!is_recognised_) VFS_RETURN_IF_ERROR(Recognise());
  if (context_ == nullptr) {
    if (at_ < block_.size()) return TakeLeft(buffer);
    return packed_->Read(buffer);
  }
  for (;;) {
    VFS_ASSIGN_OR_RETURN(const std::size_t unpacked, Unpack(buffer));
    if (unpacked != 0) return unpacked;
    VFS_ASSIGN_OR_RETURN(const std::size_t count, Fetch());
    if (count != 0) continue;
    if (!is_in_frame_) return 0;
    damage_ = vfs::InvalidArgument("it ends inside a zstd frame");
    return damage_;
  }
}

}  // namespace permafrost::engine
