// Geometry: the reference's worked values, the sentinel, refusals, and the mappings against plain
// arithmetic.
#include "engine/geometry/geometry.h"

#include <gmock/gmock.h>

#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;

Geometry Small() {
  return *Geometry::Create(
      {.ledgers_per_chunk = 8, .chunks_per_window = 3, .chunks_per_bucket = 2});
}

TEST(Geometry, SmallSizesMapAsPlainDivisionDoes) {
  const Geometry geometry = Small();
  for (std::uint32_t seq = 2; seq < 400; ++seq) {
    const ChunkId chunk = geometry.ChunkOf(LedgerSeq{seq});
    ASSERT_EQ(chunk.value(), static_cast<std::int32_t>((seq - 2) / 8));
    ASSERT_LE(geometry.First(chunk), LedgerSeq{seq});
    ASSERT_GE(geometry.Last(chunk), LedgerSeq{seq});
    ASSERT_EQ(geometry.WindowOf(chunk).value(), (seq - 2) / 24);
    ASSERT_EQ(geometry.BucketOf(chunk).value(), (seq - 2) / 16);
    ASSERT_TRUE(geometry.ChunksOf(geometry.WindowOf(chunk)).Contains(chunk));
    ASSERT_TRUE(geometry.ChunksOf(geometry.BucketOf(chunk)).Contains(chunk));
    ASSERT_EQ(geometry.IsBoundary(LedgerSeq{seq}), (seq - 1) % 8 == 0);
  }
}

TEST(Geometry, NeighbouringChunksLeaveNoGap) {
  const Geometry geometry = Small();
  for (ChunkId chunk{0}; chunk < ChunkId{50}; chunk = Next(chunk)) {
    EXPECT_EQ(geometry.First(chunk).value(), geometry.Last(Previous(chunk)).value() + 1);
  }
}

TEST(Geometry, LastCompleteChunkNeedsEveryLedger) {
  const Geometry geometry = Small();
  EXPECT_EQ(geometry.LastCompleteChunkAt(LedgerSeq{1}), kBeforeFirstChunk);
  EXPECT_EQ(geometry.LastCompleteChunkAt(LedgerSeq{8}), kBeforeFirstChunk);
  EXPECT_EQ(geometry.LastCompleteChunkAt(LedgerSeq{9}), ChunkId{0});
  EXPECT_EQ(geometry.LastCompleteChunkAt(LedgerSeq{16}), ChunkId{0});
  EXPECT_EQ(geometry.LastCompleteChunkAt(LedgerSeq{17}), ChunkId{1});
}

TEST(Geometry, TheSentinelChunkEndsBeforeTheFirstLedger) {
  const Geometry geometry = Small();
  EXPECT_EQ(geometry.ChunkOf(kBeforeFirstLedger), kBeforeFirstChunk);
  EXPECT_EQ(geometry.Last(kBeforeFirstChunk), kBeforeFirstLedger);
  EXPECT_TRUE(geometry.IsBoundary(kBeforeFirstLedger));
  EXPECT_FALSE(geometry.IsValid(kBeforeFirstChunk));
}

TEST(Geometry, OnlyTheWindowsLastChunkIsTerminal) {
  const Geometry geometry = Small();
  EXPECT_FALSE(geometry.IsTerminal(ChunkId{3}));
  EXPECT_FALSE(geometry.IsTerminal(ChunkId{4}));
  EXPECT_TRUE(geometry.IsTerminal(ChunkId{5}));
}

TEST(Geometry, TheHighestChunkIsWholeWithinThirtyTwoBits) {
  const Geometry geometry = Geometry::Production();
  EXPECT_EQ(geometry.ChunkMax(), ChunkId{429'495});
  EXPECT_LE(std::uint64_t{geometry.Last(geometry.ChunkMax()).value()}, 0xffff'ffffULL);
  EXPECT_GT((std::uint64_t{429'495} + 2) * 10'000 + 1, 0xffff'ffffULL);
}

TEST(Geometry, EightDigitsAndFiveDigitBucketsBoundTheChunks) {
  const auto tiny =
      Geometry::Create({.ledgers_per_chunk = 1, .chunks_per_window = 1, .chunks_per_bucket = 1});
  ASSERT_OK(tiny);
  EXPECT_EQ(tiny->ChunkMax(), ChunkId{99'999});
  const auto wide = Geometry::Create(
      {.ledgers_per_chunk = 1, .chunks_per_window = 1, .chunks_per_bucket = 99'999'999});
  ASSERT_OK(wide);
  EXPECT_EQ(wide->ChunkMax(), ChunkId{99'999'999});
}

TEST(Geometry, ZeroAndOversizedWindowsAreRefused) {
  EXPECT_ERROR(
      Geometry::Create({.ledgers_per_chunk = 8, .chunks_per_window = 0, .chunks_per_bucket = 1}),
      absl::StatusCode::kInvalidArgument,
      "check geometry 8/0/1: a size is zero; every size is at least 1");
  EXPECT_OK(Geometry::Create(
      {.ledgers_per_chunk = 10'000, .chunks_per_window = 1'677, .chunks_per_bucket = 1}));
  EXPECT_ERROR(
      Geometry::Create(
          {.ledgers_per_chunk = 10'000, .chunks_per_window = 1'678, .chunks_per_bucket = 1}),
      absl::StatusCode::kInvalidArgument,
      "check geometry 10000/1678/1: a window of 16780000 ledgers, at most 16777216");
}

TEST(Geometry, TextParsesBackAndOnlyItsCanonicalFormDoes) {
  ASSERT_OK_AND_ASSIGN(const Geometry parsed, Geometry::Parse("8/3/2"));
  EXPECT_EQ(parsed, Small());
  for (const char* text : {"", "8/3", "8/3/2/1", "08/3/2", "+8/3/2", "8/3/2 ", " 8/3/2", "8/3/-2",
                           "8//2", "99999999999/1/1", "8/3/2\n"}) {
    EXPECT_ERROR(Geometry::Parse(text), absl::StatusCode::kInvalidArgument, HasSubstr("malformed"));
  }
}

}  // namespace
}  // namespace permafrost::engine
