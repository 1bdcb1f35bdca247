// The retention floor and its gate.
#include "engine/retention/retention.h"

#include <gmock/gmock.h>

#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

TEST(Floor, NothingCompleteLeavesTheEarliestChunk) {
  EXPECT_EQ(FloorAt({.retention_chunks = 5, .earliest = ChunkId{0}}, kBeforeFirstChunk),
            ChunkId{0});
  EXPECT_EQ(FloorAt({.retention_chunks = 1, .earliest = ChunkId{4}}, ChunkId{2}), ChunkId{4});
}

TEST(Floor, AHugeRetentionDoesNotWrap) {
  EXPECT_EQ(FloorAt({.retention_chunks = 0xffff'ffff, .earliest = ChunkId{3}}, ChunkId{10}),
            ChunkId{3});
}

TEST(FloorGate, NeverFallsWithinAProcess) {
  FloorGate gate(ChunkId{2});

  EXPECT_EQ(gate.RaiseTo(ChunkId{5}), ChunkId{5});
  EXPECT_EQ(gate.RaiseTo(ChunkId{3}), ChunkId{5});

  EXPECT_EQ(gate.floor(), ChunkId{5});
}

TEST(AdmitRead, BelowTheFloorIsNotFound) {
  EXPECT_OK(AdmitRead(ChunkId{5}, ChunkId{5}));
  EXPECT_ERROR(AdmitRead(ChunkId{4}, ChunkId{5}), absl::StatusCode::kNotFound,
               "read chunk 4: below the retention floor, chunk 5");
}

}  // namespace
}  // namespace permafrost::engine
