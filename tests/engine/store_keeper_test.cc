// A store through failing calls, poisoned catalogs and full disks: nothing is lost, and what can go
// on goes on.
#include "engine/store/store_keeper.h"

#include <cerrno>

#include <gmock/gmock.h>

#include "engine/store/failure.h"
#include "faults/faulty_file_system.h"
#include "tests/engine/store_world.h"
#include "tests/status_matchers.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

using testing::Disagreement;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using testing::StoreWorld;
using testing::TestSource;

vfs::RocksBatch Ledger(int i) {
  vfs::RocksBatch batch;
  batch.Put(vfs::kDefaultFamily, "ledgers:" + std::to_string(i), "ledger " + std::to_string(i));
  return batch;
}

// A kept store on a disk under a plan.
class Kept {
 public:
  explicit Kept(std::string_view rules, StoreOptions options = StoreWorld::SmallOptions())
      : fs_(&world.disk(), *faults::ParsePlan(rules)),
        env_(world.Env(&fs_)),
        keeper(env_, std::move(options), {}) {}

  faults::FaultyFileSystem& fs() { return fs_; }
  std::uint64_t slept() { return env_.clock->MonotonicNanos() - 1'000'000'000; }
  // One of everything that changes a store.
  absl::Status RunScript() {
    source.complete = {ChunkId{0}, ChunkId{1}, ChunkId{2}};
    VFS_RETURN_IF_ERROR(keeper.Run([&](Store& store) -> absl::Status {
      VFS_ASSIGN_OR_RETURN(const CatalogView view, store.View());
      return view.StateOf(ChunkId{3}) == HotState::kReady ? absl::OkStatus()
                                                          : store.CreateHot(ChunkId{3});
    }));
    const LedgerSeq first = StoreWorld::SmallOptions().geometry.First(ChunkId{3});
    VFS_RETURN_IF_ERROR(
        keeper.Run([&](Store& store) { return store.CommitLedger(first, Ledger(1)); }));
    VFS_RETURN_IF_ERROR(
        keeper.Run([&](Store& store) { return store.RunLifecycle(source).status(); }));
    return keeper.Run([&](Store& store) -> absl::Status {
      store.SetRetention(2);
      return store.RunLifecycle(source).status();
    });
  }
  // What is wrong with what the script left, through a start without faults; "" if nothing.
  std::string Wrong() {
    auto store = world.Open();
    if (!store.ok()) return store.status().ToString();
    const auto hot = (*store)->OpenHot(ChunkId{3});
    if (!hot.ok()) return hot.status().ToString();
    const auto row = (*hot)->Get(vfs::kDefaultFamily, "ledgers:1");
    if (!row.ok() || row->value_or("") != "ledger 1") return "the acknowledged ledger is not there";
    return Disagreement(**store, world.disk());
  }

  StoreWorld world;
  TestSource source;

 private:
  faults::FaultyFileSystem fs_;
  vfs::Env env_;

 public:
  StoreKeeper keeper;
};

TEST(StoreKeeper, ServesWithoutAWaitWhenNothingFails) {
  Kept kept("");
  EXPECT_EQ(ToString(kept.keeper.state()), "down: not opened yet");

  ASSERT_OK(kept.RunScript());

  EXPECT_EQ(ToString(kept.keeper.state()), "serving");
  EXPECT_EQ(kept.keeper.openings(), 1U);
  EXPECT_EQ(kept.slept(), 0U);
  ASSERT_OK(kept.keeper.Close());
  EXPECT_EQ(kept.Wrong(), "");
}

// The axis: whatever call fails once, in whichever way, the script comes to its end.
TEST(StoreKeeper, AnyOneFailureOfTheDiskIsOvercome) {
  Kept healthy("");
  ASSERT_OK(healthy.RunScript());
  const std::uint64_t calls = healthy.fs().FallibleCalls();
  std::uint64_t reopened = 0;
  for (const char* effect : {"eio", "eio after", "emfile"}) {
    for (std::uint64_t n = 1; n <= calls; n += 3) {
      Kept kept(fmt::format("when any nth={} then {}", n, effect));

      ASSERT_OK(kept.RunScript()) << n << " " << effect;

      EXPECT_LE(kept.keeper.openings(), 2U) << n << " " << effect;
      reopened += kept.keeper.openings() - 1;
      EXPECT_TRUE(kept.keeper.Close().ok() || kept.fs().Unfired().empty()) << n << " " << effect;
      ASSERT_EQ(kept.Wrong(), "") << n << " " << effect;
    }
  }
  EXPECT_GT(reopened, 0U);
}

TEST(StoreKeeper, APoisonedCatalogIsOpenedAgainAndNothingIsSyncedTwice) {
  Kept kept("when sync label=freeze.flip nth=1 then fail:reverted");

  ASSERT_OK(kept.RunScript());

  EXPECT_EQ(kept.keeper.openings(), 2U);
  EXPECT_EQ(kept.slept(), 100'000'000U);
  ASSERT_OK(kept.keeper.Close());
  EXPECT_EQ(kept.Wrong(), "");
}

TEST(StoreKeeper, WhatStaysBrokenIsGivenUpAfterItsTries) {
  Kept kept("when sync label=freeze.sync.file then fail");

  EXPECT_ERROR(kept.RunScript(), absl::StatusCode::kDataLoss, HasSubstr("ledgers/"));

  EXPECT_EQ(kept.slept(), (100 + 200 + 400 + 800 + 1600) * std::uint64_t{1'000'000});
  EXPECT_EQ(ToString(kept.keeper.state()), "serving");
}

TEST(StoreKeeper, AReadOnlyVolumeIsForTheOperator) {
  Kept kept("when sync label=freeze.flip nth=1 then fail:kept,read-only");

  EXPECT_ERROR(kept.RunScript(), absl::StatusCode::kFailedPrecondition,
               HasSubstr("remount the volume read-write"));

  EXPECT_THAT(ToString(kept.keeper.state()), StartsWith("down: "));
  kept.fs().Remount();
  ASSERT_OK(kept.RunScript());
  ASSERT_OK(kept.keeper.Close());
  EXPECT_EQ(kept.Wrong(), "");
}

TEST(StoreKeeper, AFailedFlushOfAHotChunkIsAFailureOfItsDatabaseAlone) {
  Kept kept("when sync path=hot/**.sst nth=1 then fail");
  ASSERT_OK(kept.RunScript());
  {
    ASSERT_OK_AND_ASSIGN(const HotHandle hot, kept.keeper.store()->OpenHot(ChunkId{3}));
    ASSERT_OK(hot->Flush(vfs::FlushWait::kNo));
    kept.world.queue().Drain();
    EXPECT_FALSE(hot->Health().ok());
  }
  const LedgerSeq first = StoreWorld::SmallOptions().geometry.First(ChunkId{3});

  EXPECT_OK(kept.keeper.Run(
      [&](Store& store) { return store.CommitLedger(LedgerSeq{first.value() + 1}, Ledger(2)); }));

  EXPECT_EQ(kept.keeper.openings(), 1U);
  ASSERT_OK(kept.keeper.Close());
  EXPECT_EQ(kept.Wrong(), "");
}

TEST(StoreKeeper, AFailedFlushOfTheCatalogPoisonsTheStore) {
  Kept kept("when sync path=catalog/**.sst nth=1 then fail");
  ASSERT_OK(kept.RunScript());
  ASSERT_OK(kept.keeper.store()->catalog().db()->Flush(vfs::FlushWait::kNo));
  kept.world.queue().Drain();
  const std::uint64_t openings = kept.keeper.openings();
  kept.source.complete.insert(ChunkId{4});

  EXPECT_OK(
      kept.keeper.Run([&](Store& store) { return store.RunLifecycle(kept.source).status(); }));

  EXPECT_EQ(kept.keeper.openings(), openings + 1);
  ASSERT_OK(kept.keeper.Close());
  EXPECT_EQ(kept.Wrong(), "");
}

// Disk full at every write in turn, for as long as the plan lasts.
TEST(StoreKeeper, AFullDiskDegradesAndNothingIsLost) {
  Kept healthy("");
  ASSERT_OK(healthy.RunScript());
  const std::uint64_t calls = healthy.fs().FallibleCalls();
  for (std::uint64_t n = 1; n <= calls; n += 7) {
    Kept kept(fmt::format("when any nth={} then enospc", n));
    for (int tries = 0; tries < 3 && !kept.RunScript().ok(); ++tries) {
      if (kept.keeper.store() == nullptr || kept.keeper.store()->needs_reopen()) continue;
      EXPECT_OK(kept.keeper.store()->View()) << n;
    }

    EXPECT_EQ(ToString(kept.keeper.state()), "serving") << n;
    EXPECT_TRUE(kept.keeper.Close().ok() || kept.fs().Unfired().empty()) << n;
    ASSERT_EQ(kept.Wrong(), "") << n;
  }
}

TEST(StoreKeeper, ACatalogThatAFullDiskPoisonedServesViewsUntilThereIsSpace) {
  StoreOptions options = StoreWorld::SmallOptions();
  options.reserve_bytes = 4096;
  Kept kept("when append label=freeze.flip nth=1 then enospc", options);
  EXPECT_ERROR(kept.RunScript(), absl::StatusCode::kResourceExhausted, HasSubstr("No space left"));

  EXPECT_THAT(ToString(kept.keeper.state()), StartsWith("degraded: no space: "));
  ASSERT_NE(kept.keeper.store(), nullptr);
  EXPECT_TRUE(kept.keeper.store()->needs_reopen());
  const engine::ReadView view = kept.keeper.store()->OpenView();
  EXPECT_EQ(
      view.ReadArtifact({.chunk = ChunkId{0}, .kind = ArtifactKind::kLedgers}).status().code(),
      absl::StatusCode::kNotFound);
}

// Space is asked for before the poisoned store is dropped.
TEST(StoreKeeper, WithoutSpaceAPoisonedStoreIsNotDropped) {
  StoreOptions options = StoreWorld::SmallOptions();
  options.reserve_bytes = 4096;
  Kept kept("when append label=freeze.flip nth=1 then enospc", options);
  EXPECT_FALSE(kept.RunScript().ok());
  const Store* const poisoned = kept.keeper.store();
  kept.world.disk().SetCapacity(0);

  EXPECT_ERROR(kept.keeper.Run([](Store&) { return absl::OkStatus(); }),
               absl::StatusCode::kResourceExhausted, HasSubstr("No space left"));
  EXPECT_EQ(kept.keeper.store(), poisoned);
  kept.world.disk().SetCapacity(std::uint64_t{1} << 32);

  ASSERT_OK(kept.RunScript());
  EXPECT_EQ(ToString(kept.keeper.state()), "serving");
  EXPECT_EQ(kept.keeper.openings(), 2U);
  ASSERT_OK(kept.keeper.Close());
  EXPECT_EQ(kept.Wrong(), "");
}

TEST(SpaceReserve, DataIsRefusedBeforeTheDiskIsFullAndReclaimingIsNot) {
  StoreWorld world;
  TestSource source;
  source.complete = {ChunkId{0}, ChunkId{1}, ChunkId{2}};
  StoreOptions options = StoreWorld::SmallOptions();
  {
    ASSERT_OK_AND_ASSIGN(const auto store, world.Open(options));
    ASSERT_OK(store->RunLifecycle(source));
    ASSERT_OK(store->Close());
  }
  ASSERT_OK_AND_ASSIGN(const std::uint64_t free_bytes, world.disk().FreeSpace(""));
  options.reserve_bytes = free_bytes + 4096;
  ASSERT_OK_AND_ASSIGN(const auto store, world.Open(options));
  source.complete.insert(ChunkId{3});

  EXPECT_ERROR(store->CreateHot(ChunkId{4}), absl::StatusCode::kResourceExhausted,
               HasSubstr("(storage.reserve_bytes); free space on this volume, reads and reclaiming "
                         "go on meanwhile"));
  EXPECT_TRUE(store->is_short_of_space());
  EXPECT_OK(store->ReadArtifact({.chunk = ChunkId{0}, .kind = ArtifactKind::kLedgers}));
  // Retention gives back what chunks 0 and 1 hold, and the same run then has space for chunk 3.
  store->SetRetention(2);
  ASSERT_OK(store->RunLifecycle(source));

  EXPECT_FALSE(store->is_short_of_space());
  EXPECT_OK(store->ReadArtifact({.chunk = ChunkId{3}, .kind = ArtifactKind::kLedgers}));
  EXPECT_EQ(Disagreement(*store, world.disk()), "");
}

// Looking at a store (audit, dump) under a failing call: an error, or every row.
TEST(ReadOnlyCatalog, AFailedCallIsAnErrorAndNeverFewerRows) {
  StoreWorld world;
  TestSource source;
  source.complete = {ChunkId{0}, ChunkId{1}};
  std::string catalog;
  {
    ASSERT_OK_AND_ASSIGN(const auto store, world.Open());
    catalog = store->layout().CatalogDir();
    ASSERT_OK(store->RunLifecycle(source));
    ASSERT_OK(store->Close());
  }
  ASSERT_OK_AND_ASSIGN(const CatalogRows all, Catalog::ReadRows(world.Env(), catalog, {}));
  faults::FaultyFileSystem healthy(&world.disk(), {});
  ASSERT_OK(Catalog::ReadRows(world.Env(&healthy), catalog, {}));
  int errors = 0;
  for (std::uint64_t n = 1; n <= healthy.FallibleCalls(); ++n) {
    faults::FaultyFileSystem fs(&world.disk(), faults::FailCall(n));
    const auto rows = Catalog::ReadRows(world.Env(&fs), catalog, {});
    errors += rows.ok() ? 0 : 1;
    EXPECT_TRUE(!rows.ok() || *rows == all)
        << "call " << n << ", " << vfs::ToString(fs.Injected()[0].kind) << " "
        << fs.Injected()[0].path;
  }
  EXPECT_GT(errors, 0);
}

TEST(PoisonedCatalog, ViewsGoOnAnswering) {
  StoreWorld world;
  faults::FaultyFileSystem fs(&world.disk(),
                              *faults::ParsePlan("when append label=delete.demote then enospc"));
  TestSource source;
  source.complete = {ChunkId{0}, ChunkId{1}, ChunkId{2}, ChunkId{3}};
  ASSERT_OK_AND_ASSIGN(const auto store, Store::Open(world.Env(&fs), StoreWorld::SmallOptions()));
  ASSERT_OK(store->RunLifecycle(source));

  EXPECT_FALSE(store->DemoteHot(ChunkId{9}).ok() && store->needs_reopen());
  store->SetRetention(1);
  EXPECT_ERROR(store->RunLifecycle(source), absl::StatusCode::kResourceExhausted, HasSubstr(""));

  EXPECT_TRUE(store->needs_reopen());
  EXPECT_EQ(ClassOf(vfs::DataLoss("x"), *store), FaultClass::kPoisoned);
  EXPECT_OK(store->ReadArtifact({.chunk = ChunkId{3}, .kind = ArtifactKind::kLedgers}));
  EXPECT_OK(store->LookupWindow(WindowId{1}));
  EXPECT_FALSE(store->View().ok());
}

}  // namespace
}  // namespace permafrost::engine
