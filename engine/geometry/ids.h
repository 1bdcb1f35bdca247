// Distinct integer types for ledgers, chunks, windows and buckets: ordered, printable, without
// arithmetic.
#pragma once

#include <compare>
#include <cstdint>

namespace permafrost::engine {

// A value that compares and prints but does not add: arithmetic on ids lives in engine/geometry
// only.
template <typename Tag, typename Rep>
class Id {
 public:
  constexpr Id() = default;
  constexpr explicit Id(Rep value) : value_(value) {}

  constexpr Rep value() const { return value_; }
  friend constexpr auto operator<=>(const Id&, const Id&) = default;

 private:
  Rep value_ = 0;
};

// A ledger's sequence number. The first ledger of the network is 2; 1 stands for "before the first
// ledger".
using LedgerSeq = Id<struct LedgerSeqTag, std::uint32_t>;

// A chunk's number, from 0. Signed: -1 is "before the first chunk" (kBeforeFirstChunk).
using ChunkId = Id<struct ChunkIdTag, std::int32_t>;

// A window (chunks under one transaction-hash index), from 0.
using WindowId = Id<struct WindowIdTag, std::uint32_t>;

// A bucket (chunks in one directory), from 0.
using BucketId = Id<struct BucketIdTag, std::uint32_t>;

inline constexpr ChunkId kBeforeFirstChunk{-1};
inline constexpr LedgerSeq kFirstLedger{2};
inline constexpr LedgerSeq kBeforeFirstLedger{1};

// The largest id that eight digits print.
inline constexpr std::int32_t kIdMax = 99'999'999;

constexpr ChunkId Next(ChunkId chunk) { return ChunkId{chunk.value() + 1}; }
constexpr ChunkId Previous(ChunkId chunk) { return ChunkId{chunk.value() - 1}; }

// Chunks first..last, both included; empty when last < first.
struct ChunkRange {
  ChunkId first;
  ChunkId last;

  constexpr bool is_empty() const { return last < first; }
  constexpr bool Contains(ChunkId chunk) const { return first <= chunk && chunk <= last; }
  constexpr bool Contains(const ChunkRange& other) const {
    return other.is_empty() || (first <= other.first && other.last <= last);
  }
  // How many chunks; 0 when empty.
  constexpr std::int64_t Count() const {
    return is_empty() ? 0 : std::int64_t{last.value()} - first.value() + 1;
  }
  friend constexpr auto operator<=>(const ChunkRange&, const ChunkRange&) = default;
};

}  // namespace permafrost::engine
