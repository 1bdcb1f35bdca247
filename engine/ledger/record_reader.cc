// Marks of 4 bytes, big-endian: the length of a fragment, with the high bit set on the last.
#include "engine/ledger/record_reader.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "engine/ledger/xdr_walk.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr std::size_t kMarkBytes = 4;
constexpr std::uint32_t kLastFragment = 0x80000000U;
constexpr std::size_t kReadBytes = std::size_t{256} << 10;

}  // namespace

absl::Status RecordReader::Lost(std::string finding) {
  lost_ = vfs::DataLoss("{} at offset {}: {}", name_, start_, finding);
  return lost_;
}

absl::Status RecordReader::Fill(std::string& bytes, std::size_t wanted) {
  while (bytes.size() < wanted) {
    const std::size_t done = bytes.size();
    bytes.resize(done + std::min(wanted - done, kReadBytes));
    const auto count = bytes_->Read(std::span<char>(bytes).subspan(done));
    bytes.resize(done + (count.ok() ? *count : 0));
    if (absl::IsCancelled(count.status())) return count.status();
    if (count.status().code() == absl::StatusCode::kInvalidArgument)
      return Lost(vfs::Message(count.status()));
    if (!count.ok())
      return vfs::Unavailable("{} at offset {}: {}", name_, offset_, vfs::Message(count.status()));
    offset_ += *count;
    if (*count == 0) break;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<RecordReader::Record>> RecordReader::Next() {
  VFS_RETURN_IF_ERROR(lost_);
  for (;;) {
    VFS_RETURN_IF_ERROR(Fill(mark_, kMarkBytes));
    if (mark_.empty() && fragments_end_ == 0 && offset_ == start_) return std::nullopt;
    if (mark_.size() < kMarkBytes)
      return Lost(
          fmt::format("the stream ends {} bytes into a record, in a mark", offset_ - start_));
    const std::uint32_t mark = LoadXdrWord(mark_.data());
    const std::uint32_t length = mark & ~kLastFragment;
    if (length > record_bytes_max_ - fragments_end_)
      return Lost(fmt::format("a mark of {} bytes behind {}, at most {} in a record", length,
                              fragments_end_, record_bytes_max_));
    if (length == 0) return Lost("a mark of no bytes");
    VFS_RETURN_IF_ERROR(Fill(record_, fragments_end_ + length));
    if (record_.size() < fragments_end_ + length)
      return Lost(fmt::format("the stream ends after {} of {} bytes of a record",
                              record_.size() - fragments_end_, length));
    mark_.clear();
    fragments_end_ = record_.size();
    if ((mark & kLastFragment) == 0) continue;
    Record record{start_, std::move(record_)};
    record_.clear();
    fragments_end_ = 0;
    start_ = offset_;
    return record;
  }
}

}  // namespace permafrost::engine
