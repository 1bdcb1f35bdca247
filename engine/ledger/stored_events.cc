// Records, and the row that they stand in.
#include "engine/ledger/stored_events.h"

#include <zstd.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "engine/ledger/event_payload.h"
#include "engine/ledger/packed_sizes.h"
#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr int kLevel = 3;
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kCountAt = 1;
constexpr std::size_t kRecordsAt = 5;
constexpr std::size_t kLengthBytes = sizeof(std::uint32_t);
constexpr std::size_t kChecksumBytes = sizeof(std::uint32_t);
// A block of a frame takes at least 3 bytes and holds at most this many.
constexpr std::uint64_t kBlockContentBytesMax = std::uint64_t{128} << 10;
constexpr std::uint64_t kBlockBytesMin = 3;

std::uint32_t ChecksumOf(LedgerSeq sequence, std::string_view bytes) {
  std::string number;
  vfs::AppendLittleEndian(number, sequence.value());
  return vfs::Crc32cExtend(vfs::Crc32c(number), bytes);
}

std::uint32_t EventsOf(std::uint32_t event_count, std::size_t record) {
  const std::size_t before = record * kEventsPerRecord;
  return static_cast<std::uint32_t>(std::min<std::size_t>(event_count - before, kEventsPerRecord));
}

}  // namespace

struct RecordCompressor::State {
  State() : context(ZSTD_createCCtx()) {
    VFS_CHECK(context != nullptr, "no memory for a zstd context");
  }
  ~State() { ZSTD_freeCCtx(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ZSTD_CCtx* const context;
};

RecordCompressor::RecordCompressor() : state_(std::make_unique<State>()) {}

RecordCompressor::~RecordCompressor() = default;

absl::Status RecordCompressor::Append(std::string& out,
                                      std::span<const std::uint32_t> sizes,
                                      std::string_view items) {
  AppendPackedSizes(out, sizes);
  const std::size_t begin = out.size();
  out.resize(begin + ZSTD_compressBound(items.size()));
  const std::size_t bytes = ZSTD_compressCCtx(
      state_->context, out.data() + begin, out.size() - begin, items.data(), items.size(), kLevel);
  if (ZSTD_isError(bytes) != 0) {
    return vfs::ResourceExhausted("compress record of {} bytes: {}", items.size(),
                                  ZSTD_getErrorName(bytes));
  }
  out.resize(begin + bytes);
  return absl::OkStatus();
}

std::string_view RecordItems::item(std::size_t i) const {
  const auto at = sizes.begin() + static_cast<std::ptrdiff_t>(i);
  return std::string_view(bytes).substr(std::accumulate(sizes.begin(), at, std::size_t{0}), *at);
}

struct RecordDecompressor::State {
  State() : context(ZSTD_createDCtx()) {
    VFS_CHECK(context != nullptr, "no memory for a zstd context");
  }
  ~State() { ZSTD_freeDCtx(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ZSTD_DCtx* const context;
};

RecordDecompressor::RecordDecompressor() : state_(std::make_unique<State>()) {}

RecordDecompressor::~RecordDecompressor() = default;

absl::StatusOr<RecordItems> RecordDecompressor::Decompress(std::string_view record,
                                                           std::size_t items,
                                                           std::uint64_t bytes_max) {
  std::optional<PackedSizes> sizes = ParsePackedSizes(record, items);
  if (!sizes.has_value()) return vfs::DataLoss("it has not the sizes of {} items", items);
  const std::uint64_t bytes =
      std::accumulate(sizes->sizes.begin(), sizes->sizes.end(), std::uint64_t{0});
  VFS_ASSIGN_OR_RETURN(std::string content, Content(record.substr(sizes->bytes), bytes, bytes_max));
  return RecordItems{.bytes = std::move(content), .sizes = std::move(sizes->sizes)};
}

absl::StatusOr<RecordItems> RecordDecompressor::DecompressItem(std::string_view frame,
                                                               std::uint64_t bytes_max) {
  const std::uint64_t bytes = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (bytes > bytes_max) return vfs::DataLoss("no item of a known size");
  VFS_ASSIGN_OR_RETURN(std::string content, Content(frame, bytes, bytes_max));
  return RecordItems{.bytes = std::move(content), .sizes = {static_cast<std::uint32_t>(bytes)}};
}

absl::StatusOr<std::string> RecordDecompressor::Content(std::string_view frame,
                                                        std::uint64_t bytes,
                                                        std::uint64_t bytes_max) {
  if (ZSTD_getFrameContentSize(frame.data(), frame.size()) != bytes || bytes > bytes_max ||
      bytes / kBlockContentBytesMax > frame.size() / kBlockBytesMin) {
    return vfs::DataLoss("no frame of {} bytes", bytes);
  }
  std::string content(bytes, '\0');
  const std::size_t found = ZSTD_decompressDCtx(state_->context, content.data(), content.size(),
                                                frame.data(), frame.size());
  if (found == bytes) return content;
  return vfs::DataLoss("a damaged frame: {}",
                       ZSTD_isError(found) != 0 ? ZSTD_getErrorName(found) : "it is shorter");
}

absl::StatusOr<StoredEvents> StoredEvents::Of(const LedgerView& ledger,
                                              RecordCompressor& compressor) {
  StoredEvents stored;
  stored.event_count_ = static_cast<std::uint32_t>(ledger.events.size());
  std::string& bytes = stored.bytes_;
  bytes.push_back(static_cast<char>(kVersion));
  vfs::AppendLittleEndian(bytes, stored.event_count_);
  std::string items;
  std::vector<std::uint32_t> sizes;
  for (std::size_t next = 0; next < ledger.events.size();) {
    items.clear();
    sizes.clear();
    const std::uint32_t count = EventsOf(stored.event_count_, stored.places_.size());
    for (const std::size_t end = next + count; next < end; ++next) {
      const std::size_t begin = items.size();
      AppendEventPayload(items, ledger, ledger.events[next]);
      sizes.push_back(static_cast<std::uint32_t>(items.size() - begin));
    }
    if (items.size() > kEventRecordBytesMax) {
      return vfs::InvalidArgument("store {} events of ledger {}: {} bytes, at most {} can be",
                                  sizes.size(), ledger.sequence.value(), items.size(),
                                  kEventRecordBytesMax);
    }
    std::string record;
    VFS_RETURN_IF_ERROR(compressor.Append(record, sizes, items));
    vfs::AppendLittleEndian(bytes, static_cast<std::uint32_t>(record.size()));
    stored.places_.push_back({.begin = bytes.size(), .bytes = record.size()});
    bytes += record;
  }
  vfs::AppendLittleEndian(bytes, ChecksumOf(ledger.sequence, bytes));
  return stored;
}

absl::StatusOr<StoredEvents> StoredEvents::Parse(LedgerSeq sequence, std::string bytes) {
  const auto damaged = [size = bytes.size()](std::string_view finding) {
    return vfs::DataLoss("its events of {} bytes: {}", size, finding);
  };
  if (bytes.size() < kRecordsAt + kChecksumBytes) return damaged("there is no count of them");
  const std::size_t end = bytes.size() - kChecksumBytes;
  if (vfs::LoadLittleEndian<std::uint32_t>(bytes, end) !=
      ChecksumOf(sequence, std::string_view(bytes).substr(0, end))) {
    return damaged("their checksum does not match");
  }
  if (static_cast<std::uint8_t>(bytes.front()) != kVersion)
    return damaged(fmt::format("version {}; a newer release wrote it",
                               static_cast<std::uint8_t>(bytes.front())));
  StoredEvents stored;
  stored.event_count_ = vfs::LoadLittleEndian<std::uint32_t>(bytes, kCountAt);
  const std::size_t records =
      (std::size_t{stored.event_count_} + kEventsPerRecord - 1) / kEventsPerRecord;
  std::size_t at = kRecordsAt;
  while (stored.places_.size() < records) {
    std::size_t length = end - at;  // does not fit
    if (end - at >= kLengthBytes) length = vfs::LoadLittleEndian<std::uint32_t>(bytes, at);
    if (end - at < kLengthBytes || length > end - at - kLengthBytes)
      return damaged(fmt::format("record {} does not fit", stored.places_.size()));
    stored.places_.push_back({.begin = at + kLengthBytes, .bytes = length});
    at += kLengthBytes + length;
  }
  if (at != end) return damaged("bytes are left over");
  stored.bytes_ = std::move(bytes);
  return stored;
}

std::uint32_t StoredEvents::events_of(std::size_t i) const { return EventsOf(event_count_, i); }

std::string_view StoredEvents::record(std::size_t i) const {
  return std::string_view(bytes_).substr(places_[i].begin, places_[i].bytes);
}

}  // namespace permafrost::engine
