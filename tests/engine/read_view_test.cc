// Views, and what the lifecycle does while somebody reads.
#include "engine/store/read_view.h"

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/store/store.h"
#include "tests/engine/store_world.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::StoreWorld;
using testing::TestSource;

constexpr ChunkArtifact kOldest{ChunkId{0}, ArtifactKind::kLedgers};

// A store whose chunks 0 to 5 are cold.
class ReadViewTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (std::int32_t chunk = 0; chunk < 6; ++chunk) source_.complete.insert(ChunkId{chunk});
    ASSERT_OK_AND_ASSIGN(store_, world_.Open());
    ASSERT_OK(store_->RunLifecycle(source_));
  }

  StoreWorld world_;
  TestSource source_;
  std::unique_ptr<Store> store_;
};

TEST_F(ReadViewTest, WhatIsPrunedMeanwhileStaysReadableThroughAnOldView) {
  std::optional<ReadView> view = store_->OpenView();
  store_->SetRetention(2);

  ASSERT_OK_AND_ASSIGN(const LifecycleReport report, store_->RunLifecycle(source_));

  EXPECT_GT(report.deferred, 0U);
  EXPECT_OK(view->ReadArtifact(kOldest));
  EXPECT_OK(view->LookupWindow(WindowId{0}));
  EXPECT_ERROR(store_->ReadArtifact(kOldest), absl::StatusCode::kNotFound, HasSubstr("floor"));
  EXPECT_EQ(store_->View()->StateOf(kOldest), ArtifactState::kPruning);
}

TEST_F(ReadViewTest, WhatWasDeferredGoesWithTheNextRunOnceTheViewIsClosed) {
  std::optional<ReadView> view = store_->OpenView();
  store_->SetRetention(2);
  ASSERT_OK(store_->RunLifecycle(source_));
  view.reset();

  ASSERT_OK_AND_ASSIGN(const LifecycleReport report, store_->RunLifecycle(source_));

  EXPECT_EQ(report.deferred, 0U);
  EXPECT_TRUE(store_->PlanNow(source_)->empty());
  EXPECT_FALSE(*world_.disk().Exists(store_->layout().PathsOf(kOldest).front()));
  EXPECT_EQ(testing::Disagreement(*store_, world_.disk()), "");
}

TEST_F(ReadViewTest, AViewOpenedAfterTheDemotionHoldsNothingUp) {
  store_->SetRetention(2);
  std::optional<ReadView> old = store_->OpenView();
  ASSERT_OK(store_->RunLifecycle(source_));
  const ReadView young = store_->OpenView();
  old.reset();

  ASSERT_OK_AND_ASSIGN(const LifecycleReport report, store_->RunLifecycle(source_));

  EXPECT_EQ(report.deferred, 0U);
  EXPECT_ERROR(young.ReadArtifact(kOldest), absl::StatusCode::kNotFound, HasSubstr("floor"));
}

TEST_F(ReadViewTest, WhatIsStillReadIsNotFrozenAnew) {
  const ReadView view = store_->OpenView();
  ASSERT_OK(store_->catalog().Demote({.artifacts = {kOldest}}));

  EXPECT_ERROR(store_->FreezeChunk(ChunkId{0}, kAllArtifactKinds, source_),
               absl::StatusCode::kAborted,
               "mark chunk:00000000:ledgers: a read view may still resolve what it named; again "
               "once that is closed");

  EXPECT_OK(view.ReadArtifact(kOldest));
}

TEST_F(ReadViewTest, AHotChunkIsDiscardedBehindItsReaders) {
  ASSERT_OK(store_->CreateHot(ChunkId{6}));
  vfs::RocksBatch rows;
  rows.Put(vfs::kDefaultFamily, "ledgers:x", "row");
  ASSERT_OK(store_->CommitLedger(store_->layout().geometry().First(ChunkId{6}), rows));
  std::optional<ReadView> view = store_->OpenView();
  source_.complete.insert(ChunkId{6});

  ASSERT_OK_AND_ASSIGN(const LifecycleReport report, store_->RunLifecycle(source_));

  EXPECT_GT(report.deferred, 0U);
  const auto content = view->ReadArtifact({ChunkId{6}, ArtifactKind::kLedgers});
  ASSERT_OK(content);
  EXPECT_EQ(content->home, Home::kHot);
  EXPECT_ERROR(store_->CreateHot(ChunkId{6}), absl::StatusCode::kAborted,
               "close hot/00000006: somebody still reads it; again later");
  view.reset();
  ASSERT_OK(store_->RunLifecycle(source_));
  EXPECT_THAT(store_->View()->hot, IsEmpty());
  EXPECT_FALSE(*world_.disk().Exists("hot/00000006"));
}

TEST_F(ReadViewTest, TheLatestLedgerIsThatOfTheLastCommit) {
  EXPECT_EQ(store_->OpenView().latest(), kBeforeFirstLedger);
  ASSERT_OK(store_->CreateHot(ChunkId{6}));
  const LedgerSeq first = store_->layout().geometry().First(ChunkId{6});
  vfs::RocksBatch rows;
  rows.Put(vfs::kDefaultFamily, "ledgers:x", "row");

  ASSERT_OK(store_->CommitLedger(first, rows));

  EXPECT_EQ(store_->OpenView().latest(), first);
  ASSERT_OK(store_->DemoteHot(ChunkId{6}));
  EXPECT_EQ(store_->OpenView().latest().value(), first.value() - 1);
}

TEST_F(ReadViewTest, ALedgerWithoutItsHotChunkIsRefused) {
  vfs::RocksBatch rows;
  rows.Put(vfs::kDefaultFamily, "ledgers:x", "row");

  EXPECT_ERROR(store_->CommitLedger(store_->layout().geometry().First(ChunkId{6}), rows),
               absl::StatusCode::kNotFound, "open hot/00000006: the chunk is absent");
}

TEST(BuildIndex, WhatWouldUncoverARetainedChunkIsRefused) {
  StoreWorld world;
  TestSource source;
  source.complete = {ChunkId{3}, ChunkId{4}, ChunkId{5}};
  ASSERT_OK_AND_ASSIGN(auto store, world.Open());
  for (const ChunkId chunk : source.complete)
    ASSERT_OK(store->FreezeChunk(chunk, kAllArtifactKinds, source));
  const Coverage first{.window = WindowId{1}, .chunks = {ChunkId{3}, ChunkId{4}}};
  const Coverage later{.window = WindowId{1}, .chunks = {ChunkId{4}, ChunkId{5}}};
  ASSERT_OK(store->BuildIndex(first, source));

  EXPECT_ERROR(store->BuildIndex(later, source), absl::StatusCode::kAborted,
               "build index:00000001:00000004:00000005: it would uncover chunks of "
               "index:00000001:00000003:00000004; plan again");

  EXPECT_EQ(store->LookupWindow(WindowId{1})->coverage, first);
}

TEST(BuildIndex, WhatTheFrozenIndexCoversAlreadyIsDone) {
  StoreWorld world;
  TestSource source;
  source.complete = {ChunkId{3}, ChunkId{4}, ChunkId{5}};
  ASSERT_OK_AND_ASSIGN(auto store, world.Open());
  ASSERT_OK(store->RunLifecycle(source));
  const Coverage part{.window = WindowId{1}, .chunks = {ChunkId{3}, ChunkId{4}}};

  ASSERT_OK(store->BuildIndex(part, source));

  EXPECT_EQ(store->LookupWindow(WindowId{1})->coverage.chunks.last, ChunkId{5});
}

TEST(FreezeChunk, TheHashRunOfAFinishedWindowIsNotMadeAgain) {
  StoreWorld world;
  TestSource source;
  source.complete = {ChunkId{0}, ChunkId{1}, ChunkId{2}};
  ASSERT_OK_AND_ASSIGN(auto store, world.Open());
  ASSERT_OK(store->RunLifecycle(source));

  ASSERT_OK(store->FreezeChunk(ChunkId{1}, kAllArtifactKinds, source));

  EXPECT_FALSE(store->View()->StateOf({ChunkId{1}, ArtifactKind::kTxHash}).has_value());
}

}  // namespace
}  // namespace permafrost::engine
