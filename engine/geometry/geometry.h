// Chunk, window and bucket arithmetic: three run-time sizes and the mappings between ledgers,
// chunks, windows, buckets.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "engine/geometry/ids.h"

namespace permafrost::engine {

// The three sizes as configured; each at least 1. Zero is never valid.
struct GeometrySizes {
  std::uint32_t ledgers_per_chunk = 0;
  std::uint32_t chunks_per_window = 0;  // chunks under one transaction-hash index
  std::uint32_t chunks_per_bucket = 0;  // chunks in one directory; layout only, never in a key
  friend constexpr auto operator<=>(const GeometrySizes&, const GeometrySizes&) = default;
};

inline constexpr GeometrySizes kProductionSizes{
    .ledgers_per_chunk = 10'000, .chunks_per_window = 1'000, .chunks_per_bucket = 1'000};

// Index payloads are 3 bytes, so a window holds at most 2^24 ledgers.
inline constexpr std::uint64_t kWindowLedgersMax = std::uint64_t{1} << 24;

// Threads: immutable.
class Geometry {
 public:
  // Errors: kInvalidArgument  a size is zero, or the window holds more than 2^24 ledgers
  static absl::StatusOr<Geometry> Create(const GeometrySizes& sizes);
  static constexpr Geometry Production() { return Geometry(kProductionSizes); }

  // "10000/1000/1000", as pinned under config:geometry. Parse accepts exactly what Text prints.
  //
  // Errors: kInvalidArgument  not three canonical decimals, or refused by Create
  static absl::StatusOr<Geometry> Parse(std::string_view text);
  std::string Text() const;

  constexpr const GeometrySizes& sizes() const { return sizes_; }

  // The chunk of a ledger; kBeforeFirstChunk for ledger 1. Requires seq >= 1.
  constexpr ChunkId ChunkOf(LedgerSeq seq) const {
    const std::int64_t above = std::int64_t{seq.value()} - kFirstLedger.value();
    return above < 0 ? kBeforeFirstChunk
                     : ChunkId{static_cast<std::int32_t>(above / sizes_.ledgers_per_chunk)};
  }

  // The first and last ledger of a chunk; Last(kBeforeFirstChunk) is ledger 1. Requires chunk <=
  // ChunkMax().
  constexpr LedgerSeq First(ChunkId chunk) const {
    return Seq(std::int64_t{sizes_.ledgers_per_chunk} * chunk.value() + kFirstLedger.value());
  }
  constexpr LedgerSeq Last(ChunkId chunk) const {
    return Seq(std::int64_t{sizes_.ledgers_per_chunk} * (std::int64_t{chunk.value()} + 1) +
               kBeforeFirstLedger.value());
  }

  // Requires chunk >= 0.
  constexpr WindowId WindowOf(ChunkId chunk) const {
    return WindowId{static_cast<std::uint32_t>(chunk.value()) / sizes_.chunks_per_window};
  }
  constexpr BucketId BucketOf(ChunkId chunk) const {
    return BucketId{static_cast<std::uint32_t>(chunk.value()) / sizes_.chunks_per_bucket};
  }

  // Requires window <= WindowOf(ChunkMax()).
  constexpr ChunkId FirstChunk(WindowId window) const {
    return ChunkId{static_cast<std::int32_t>(window.value() * sizes_.chunks_per_window)};
  }
  constexpr ChunkId LastChunk(WindowId window) const {
    return ChunkId{FirstChunk(window).value() +
                   static_cast<std::int32_t>(sizes_.chunks_per_window) - 1};
  }
  constexpr ChunkRange ChunksOf(WindowId window) const {
    return {FirstChunk(window), LastChunk(window)};
  }
  constexpr ChunkRange ChunksOf(BucketId bucket) const {
    const auto per_bucket = static_cast<std::int32_t>(sizes_.chunks_per_bucket);
    const std::int32_t first = static_cast<std::int32_t>(bucket.value()) * per_bucket;
    return {ChunkId{first}, ChunkId{first + per_bucket - 1}};
  }

  // The highest chunk of which every ledger is at or below `tip`; kBeforeFirstChunk when none is.
  // Requires tip >= 1.
  constexpr ChunkId LastCompleteChunkAt(LedgerSeq tip) const {
    return ChunkId{
        static_cast<std::int32_t>((std::int64_t{tip.value()} - 1) / sizes_.ledgers_per_chunk) - 1};
  }

  // Whether a ledger ends its chunk; the pre-genesis sentinel 1 counts as a boundary. Requires seq
  // >= 1.
  constexpr bool IsBoundary(LedgerSeq seq) const { return seq == Last(ChunkOf(seq)); }

  // Whether a coverage that ends at `last` ends its window too: no chunk of the window can follow.
  constexpr bool IsTerminal(ChunkId last) const { return last == LastChunk(WindowOf(last)); }

  // The highest legal chunk: whole within 32-bit sequences, within eight digits, and its whole
  // window and bucket too.
  constexpr ChunkId ChunkMax() const {
    const std::int64_t by_seq =
        (std::int64_t{0xffff'ffff} - kBeforeFirstLedger.value()) / sizes_.ledgers_per_chunk - 1;
    const std::int64_t ids = by_seq < kIdMax ? by_seq : std::int64_t{kIdMax};
    // Buckets print as five digits.
    const std::int64_t by_bucket = std::int64_t{100'000} * sizes_.chunks_per_bucket - 1;
    return ChunkId{static_cast<std::int32_t>(ids < by_bucket ? ids : by_bucket)};
  }
  constexpr bool IsValid(ChunkId chunk) const { return chunk.value() >= 0 && chunk <= ChunkMax(); }

  friend constexpr auto operator<=>(const Geometry&, const Geometry&) = default;

 private:
  constexpr explicit Geometry(const GeometrySizes& sizes) : sizes_(sizes) {}
  static constexpr LedgerSeq Seq(std::int64_t value) {
    return LedgerSeq{static_cast<std::uint32_t>(value)};
  }

  GeometrySizes sizes_;
};

// The reference's worked values.
static_assert(Geometry::Production().ChunkOf(LedgerSeq{2}) == ChunkId{0});
static_assert(Geometry::Production().First(ChunkId{0}) == LedgerSeq{2});
static_assert(Geometry::Production().Last(ChunkId{0}) == LedgerSeq{10'001});
static_assert(Geometry::Production().First(ChunkId{5350}) == LedgerSeq{53'500'002});
static_assert(Geometry::Production().Last(ChunkId{5350}) == LedgerSeq{53'510'001});
static_assert(Geometry::Production().ChunksOf(WindowId{5}) ==
              ChunkRange{ChunkId{5000}, ChunkId{5999}});
static_assert(Geometry::Production().Last(kBeforeFirstChunk) == kBeforeFirstLedger);
static_assert(Geometry::Production().IsBoundary(kBeforeFirstLedger));
static_assert(Geometry::Production().LastCompleteChunkAt(LedgerSeq{10'000}) == kBeforeFirstChunk);
static_assert(Geometry::Production().LastCompleteChunkAt(LedgerSeq{10'001}) == ChunkId{0});

}  // namespace permafrost::engine
