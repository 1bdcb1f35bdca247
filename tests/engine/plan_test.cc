// The planner, on catalogs made by hand: what is built, what goes, and that it is a pure function.
#include "engine/plan/plan.h"

#include <gmock/gmock.h>

#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ArtifactKind kL = ArtifactKind::kLedgers;
constexpr ArtifactKind kE = ArtifactKind::kEvents;
constexpr ArtifactKind kT = ArtifactKind::kTxHash;

const Geometry kSmall =
    *Geometry::Create({.ledgers_per_chunk = 8, .chunks_per_window = 3, .chunks_per_bucket = 2});

Coverage Cover(std::int32_t first, std::int32_t last) {
  return {kSmall.WindowOf(ChunkId{first}), {ChunkId{first}, ChunkId{last}}};
}

struct Fixture {
  CatalogView view;
  PlanInput input{.floor = ChunkId{0}, .complete = {}};

  Fixture& Has(std::int32_t chunk, ArtifactKind kind, ArtifactState state) {
    view.artifacts[{ChunkId{chunk}, kind}] = {.state = state, .files = {}};
    return *this;
  }
  Fixture& Frozen(std::int32_t chunk) {
    return Has(chunk, kL, ArtifactState::kFrozen).Has(chunk, kE, ArtifactState::kFrozen);
  }
  Fixture& Has(const Coverage& coverage, ArtifactState state) {
    view.coverages[coverage] = {.state = state, .files = {}};
    return *this;
  }
  Fixture& Hot(std::int32_t chunk, HotState state) {
    view.hot[ChunkId{chunk}] = state;
    return *this;
  }
  Fixture& Complete(std::set<std::int32_t> chunks) {
    for (const std::int32_t chunk : chunks) input.complete.insert(ChunkId{chunk});
    return *this;
  }
  Fixture& Floor(std::int32_t chunk) {
    input.floor = ChunkId{chunk};
    return *this;
  }
  Plan Resolved() const { return *Resolve(view, kSmall, input); }
};

TEST(Plan, AnEmptyStoreWithoutCompleteChunksIsSettled) {
  EXPECT_TRUE(Fixture().Resolved().empty());
}

TEST(Plan, ACompleteChunkGetsAllKindsAndItsWindowAnIndex) {
  const Plan plan = Fixture().Complete({0}).Resolved();

  EXPECT_THAT(plan.chunks, ElementsAre(ChunkBuild{ChunkId{0}, {kL, kE, kT}}));
  EXPECT_THAT(plan.indexes, ElementsAre(Cover(0, 0)));
}

TEST(Plan, AGapInTheWindowStopsTheIndexAndTheHashRunsBehindIt) {
  const Plan plan = Fixture().Complete({0, 2}).Resolved();

  EXPECT_THAT(plan.chunks,
              ElementsAre(ChunkBuild{ChunkId{0}, {kL, kE, kT}}, ChunkBuild{ChunkId{2}, {kL, kE}}));
  EXPECT_THAT(plan.indexes, ElementsAre(Cover(0, 0)));
}

TEST(Plan, TheIndexBeginsAtTheFirstRetainedChunk) {
  const Plan plan = Fixture().Complete({1, 2}).Floor(1).Resolved();

  EXPECT_THAT(plan.indexes, ElementsAre(Cover(1, 2)));
}

TEST(Plan, ARisenFloorForcesNoNarrowerIndex) {
  const Plan plan = Fixture()
                        .Frozen(1)
                        .Frozen(2)
                        .Has(Cover(0, 2), ArtifactState::kFrozen)
                        .Complete({1, 2})
                        .Floor(1)
                        .Resolved();

  EXPECT_TRUE(plan.empty());
}

TEST(Plan, AnIndexIsNotRebuiltIfThatWouldUncoverARetainedChunk) {
  // Chunk 1 is covered but neither complete nor has it a hash run: [0, 0] would lose it.
  const Plan plan = Fixture()
                        .Frozen(0)
                        .Frozen(1)
                        .Has(Cover(1, 1), ArtifactState::kFrozen)
                        .Complete({0})
                        .Resolved();

  EXPECT_THAT(plan.indexes, IsEmpty());
}

TEST(Plan, HashRunsOfAFinishedWindowAreSpent) {
  Fixture fixture;
  fixture.Has(Cover(0, 2), ArtifactState::kFrozen).Has(1, kT, ArtifactState::kFrozen);

  EXPECT_THAT(fixture.Resolved().deletions.artifacts, ElementsAre(ChunkArtifact{ChunkId{1}, kT}));
}

TEST(Plan, HashRunsOfAGrowingWindowStay) {
  Fixture fixture;
  fixture.Frozen(0).Has(0, kT, ArtifactState::kFrozen).Has(Cover(0, 0), ArtifactState::kFrozen);

  EXPECT_TRUE(fixture.Complete({0}).Resolved().empty());
}

const FileDigest kSomeFile = {.name = "file", .bytes = 1, .crc32c = 1};

TEST(Plan, WhatIsTaintedIsBuiltAgainFromWhatIsThere) {
  Fixture fixture;
  fixture.Frozen(0).Has(Cover(0, 0), ArtifactState::kFrozen).Complete({0});
  fixture.view.artifacts[{ChunkId{0}, kE}] = {ArtifactState::kFreezing, {kSomeFile}};
  fixture.view.artifacts[{ChunkId{0}, kT}] = {ArtifactState::kFreezing, {kSomeFile}};
  const Plan plan = fixture.Resolved();

  EXPECT_THAT(plan.chunks, ElementsAre(ChunkBuild{ChunkId{0}, {kE, kT}}));
  EXPECT_THAT(plan.indexes, IsEmpty());
  EXPECT_TRUE(plan.debris.empty());
}

TEST(Plan, WhatIsTaintedWaitsForItsLedgers) {
  Fixture fixture;
  fixture.Frozen(0).Frozen(1).Complete({1}).Has(Cover(0, 1), ArtifactState::kFrozen);
  fixture.view.artifacts[{ChunkId{0}, kL}] = {ArtifactState::kFreezing, {kSomeFile}};

  EXPECT_TRUE(fixture.Resolved().empty());
  EXPECT_THAT(fixture.Floor(1).Resolved().deletions.artifacts,
              ElementsAre(ChunkArtifact{ChunkId{0}, kL}, ChunkArtifact{ChunkId{0}, kE}));
}

TEST(Plan, ATaintedIndexIsBuiltAgainWholeOrNotAtAll) {
  Fixture fixture;
  fixture.Frozen(1).Frozen(2);
  fixture.view.coverages[Cover(1, 2)] = {ArtifactState::kFreezing, {kSomeFile}};

  EXPECT_TRUE(Fixture(fixture).Complete({1}).Resolved().empty());
  const Plan plan = fixture.Complete({1, 2}).Resolved();
  EXPECT_THAT(plan.chunks, ElementsAre(ChunkBuild{ChunkId{1}, {kT}}, ChunkBuild{ChunkId{2}, {kT}}));
  EXPECT_THAT(plan.indexes, ElementsAre(Cover(1, 2)));
  EXPECT_TRUE(plan.debris.empty());
}

TEST(Plan, ATaintedIndexGoesOnceAnotherIsFrozen) {
  Fixture fixture;
  fixture.Frozen(0).Frozen(1).Has(Cover(0, 1), ArtifactState::kFrozen).Complete({0, 1});
  fixture.view.coverages[Cover(0, 0)] = {ArtifactState::kFreezing, {kSomeFile}};

  EXPECT_THAT(fixture.Resolved().debris.coverages, ElementsAre(Cover(0, 0)));
}

TEST(Plan, FreezingIsDebrisUnlessItIsBuiltAgain) {
  Fixture fixture;
  fixture.Has(0, kL, ArtifactState::kFreezing).Has(4, kL, ArtifactState::kFreezing).Complete({0});

  const Plan plan = fixture.Resolved();

  EXPECT_THAT(plan.debris.artifacts, ElementsAre(ChunkArtifact{ChunkId{4}, kL}));
  EXPECT_TRUE(plan.deletions.empty());
  EXPECT_EQ(plan.chunks.front(), (ChunkBuild{ChunkId{0}, {kL, kE, kT}}));
}

TEST(Plan, PruningGoesAndIsBuiltAgainWhenItIsMissed) {
  Fixture fixture;
  fixture.Has(0, kL, ArtifactState::kPruning).Complete({0});

  const Plan plan = fixture.Resolved();

  EXPECT_THAT(plan.debris.artifacts, ElementsAre(ChunkArtifact{ChunkId{0}, kL}));
  EXPECT_EQ(plan.chunks.front(), (ChunkBuild{ChunkId{0}, {kL, kE, kT}}));
}

TEST(Plan, EverythingBelowTheFloorGoesButAStraddlingIndexStays) {
  Fixture fixture;
  fixture.Frozen(3).Frozen(5).Has(Cover(0, 2), ArtifactState::kFrozen);
  fixture.Has(Cover(3, 5), ArtifactState::kFrozen).Hot(4, HotState::kReady).Floor(5);

  const Plan plan = fixture.Resolved();

  EXPECT_THAT(plan.deletions.artifacts,
              ElementsAre(ChunkArtifact{ChunkId{3}, kL}, ChunkArtifact{ChunkId{3}, kE}));
  EXPECT_THAT(plan.deletions.coverages, ElementsAre(Cover(0, 2)));
  EXPECT_THAT(plan.discards, ElementsAre(ChunkId{4}));
}

TEST(Plan, HotIsDiscardedOnlyWhenColdAndCovered) {
  Fixture fixture;
  fixture.Frozen(0).Frozen(1).Has(0, kT, ArtifactState::kFrozen);
  fixture.Has(Cover(0, 0), ArtifactState::kFrozen)
      .Hot(0, HotState::kReady)
      .Hot(1, HotState::kReady);

  EXPECT_THAT(fixture.Resolved().discards, ElementsAre(ChunkId{0}));
}

TEST(Plan, TransientHotChunksAreDebris) {
  const Plan plan = Fixture().Hot(7, HotState::kTransient).Resolved();

  EXPECT_THAT(plan.hot_debris, ElementsAre(ChunkId{7}));
  EXPECT_THAT(plan.discards, IsEmpty());
}

TEST(Plan, TwoFrozenCoveragesAreDataLossNamingBoth) {
  Fixture fixture;
  fixture.Has(Cover(0, 0), ArtifactState::kFrozen).Has(Cover(0, 1), ArtifactState::kFrozen);

  EXPECT_ERROR(Resolve(fixture.view, kSmall, fixture.input), absl::StatusCode::kDataLoss,
               "read coverage of window 0: index:00000000:00000000:00000000 and "
               "index:00000000:00000000:00000001 are both frozen (invariant 5)");
}

TEST(Plan, TheSameCatalogGivesTheSamePlan) {
  Fixture fixture;
  fixture.Frozen(3).Has(1, kT, ArtifactState::kFreezing).Hot(2, HotState::kTransient);
  fixture.Complete({0, 1, 2, 3, 4, 5, 6});

  EXPECT_EQ(fixture.Resolved(), fixture.Resolved());
}

}  // namespace
}  // namespace permafrost::engine
