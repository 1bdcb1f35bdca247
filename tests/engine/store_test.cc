// The store on a simulated disk: first start, pins, locks, freezing, indexes, hot chunks,
// retention, verified reads.
#include "engine/store/store.h"

#include <gmock/gmock.h>

#include "tests/engine/store_world.h"
#include "tests/status_matchers.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"

namespace permafrost::engine {
namespace {

using ::testing::AllOf;
using testing::Disagreement;
using testing::ExpectedFile;
using testing::ExpectedIndex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::StoreWorld;
using testing::TestSource;

Coverage Cover(std::int32_t first, std::int32_t last) {
  return {WindowId{static_cast<std::uint32_t>(first) / 3}, {ChunkId{first}, ChunkId{last}}};
}

void FlipByte(vfs::FileSystem& fs, const std::string& path, std::uint64_t offset) {
  ASSERT_OK_AND_ASSIGN(auto file, fs.Open(path, vfs::OpenMode::kReadWrite));
  char byte = 0;
  ASSERT_OK(file->Read(offset, std::span<char>(&byte, 1)));
  byte = static_cast<char>(byte ^ 1);
  ASSERT_OK(file->Write(offset, std::string_view(&byte, 1)));
}

TEST(Store, AFirstStartMakesRootsAndPins) {
  StoreWorld world;

  ASSERT_OK_AND_ASSIGN(auto store, world.Open());

  EXPECT_EQ(store->pins().geometry.Text(), "8/3/2");
  EXPECT_EQ(store->pins().store_id.size(), 32U);
  EXPECT_EQ(store->floor(), ChunkId{0});
  EXPECT_TRUE(*world.disk().Exists("txhash/index/permafrost.lock"));
}

TEST(Store, ARestartKeepsTheIdentity) {
  StoreWorld world;
  ASSERT_OK_AND_ASSIGN(auto first, world.Open());
  const std::string id = first->pins().store_id;
  ASSERT_OK(first->Close());

  ASSERT_OK_AND_ASSIGN(auto second, world.Open());

  EXPECT_EQ(second->pins().store_id, id);
}

TEST(Store, AnotherGeometryIsRefusedWithBothValues) {
  StoreWorld world;
  ASSERT_OK((*world.Open())->Close());
  StoreOptions options = StoreWorld::SmallOptions();
  options.geometry = *Geometry::Parse("8/3/4");

  EXPECT_ERROR(world.Open(options), absl::StatusCode::kFailedPrecondition,
               "compare config:geometry: the store has '8/3/2', the configuration says '8/3/4'; "
               "configure the store's geometry or another data directory");
}

TEST(Store, ASecondProcessOnAnyRootIsRefusedAndLeavesNothingLocked) {
  StoreWorld world;
  ASSERT_OK_AND_ASSIGN(auto store, world.Open());
  StoreOptions other = StoreWorld::SmallOptions();
  other.roots = {.catalog = "b/catalog",
                 .ledgers = "b/ledgers",
                 .events = "b/events",
                 .txhash_raw = "b/raw",
                 .txhash_index = "b/index",
                 .hot = "hot"};

  EXPECT_ERROR(world.Open(other), absl::StatusCode::kFailedPrecondition,
               AllOf(HasSubstr("open store: the hot root is held"), HasSubstr("4242")));

  other.roots.hot = "b/hot";
  EXPECT_OK(world.Open(other));
}

TEST(Store, ALostCatalogOverFullRootsIsRefused) {
  StoreWorld world;
  ASSERT_OK_AND_ASSIGN(auto store, world.Open());
  ASSERT_OK(store->CreateHot(ChunkId{0}));
  ASSERT_OK(store->Close());
  StoreOptions options = StoreWorld::SmallOptions();
  options.roots.catalog = "elsewhere";

  EXPECT_ERROR(world.Open(options), absl::StatusCode::kFailedPrecondition,
               "start store: the catalog 'elsewhere/rocksdb' is empty but 'hot/00000000' is not; "
               "restore the catalog or choose empty roots");
}

TEST(Store, AFrozenChunkReadsBackVerified) {
  StoreWorld world;
  TestSource source;
  source.complete = {ChunkId{3}};
  ASSERT_OK_AND_ASSIGN(auto store, world.Open());

  ASSERT_OK(store->FreezeChunk(ChunkId{3}, kAllArtifactKinds, source));

  const ChunkArtifact events{ChunkId{3}, ArtifactKind::kEvents};
  ASSERT_OK_AND_ASSIGN(const ArtifactContent content, store->ReadArtifact(events));
  EXPECT_EQ(content.home, Home::kCold);
  ASSERT_EQ(content.files.size(), 3U);
  EXPECT_EQ(content.files[2], ExpectedFile(events, 2));
  EXPECT_EQ(Disagreement(*store, world.disk()), "");
}

TEST(Store, AnUnknownChunkLeavesNoTrace) {
  StoreWorld world;
  TestSource source;
  ASSERT_OK_AND_ASSIGN(auto store, world.Open());

  EXPECT_ERROR(store->FreezeChunk(ChunkId{3}, kAllArtifactKinds, source),
               absl::StatusCode::kNotFound, HasSubstr("chunk 3 is not complete"));

  EXPECT_THAT(store->View()->artifacts, IsEmpty());
}

TEST(Store, AFlippedByteIsDataLossNamingTheFile) {
  StoreWorld world;
  TestSource source;
  source.complete = {ChunkId{0}};
  ASSERT_OK_AND_ASSIGN(auto store, world.Open());
  ASSERT_OK(store->RunLifecycle(source));
  for (const std::uint64_t offset : {0U, 1U, 1'000U}) {
    FlipByte(world.disk(), "ledgers/00000/00000000.pack", offset);

    EXPECT_ERROR(store->ReadArtifact({ChunkId{0}, ArtifactKind::kLedgers}),
                 absl::StatusCode::kDataLoss,
                 AllOf(HasSubstr("read ledgers/00000/00000000.pack at 0"), HasSubstr("checksum")));

    FlipByte(world.disk(), "ledgers/00000/00000000.pack", offset);
  }
  FlipByte(world.disk(), "txhash/index/00000000/00000000-00000000.idx", 5);
  EXPECT_ERROR(store->LookupWindow(WindowId{0}), absl::StatusCode::kDataLoss,
               HasSubstr(".idx at 0"));
}

TEST(Store, AShortOrMissingFileIsDataLossNamingTheOffset) {
  StoreWorld world;
  TestSource source;
  source.complete = {ChunkId{0}};
  ASSERT_OK_AND_ASSIGN(auto store, world.Open());
  ASSERT_OK(store->RunLifecycle(source));
  ASSERT_OK_AND_ASSIGN(auto file,
                       world.disk().Open("ledgers/00000/00000000.pack", vfs::OpenMode::kReadWrite));

  ASSERT_OK(file->Truncate(100));
  EXPECT_ERROR(store->ReadArtifact({ChunkId{0}, ArtifactKind::kLedgers}),
               absl::StatusCode::kDataLoss,
               HasSubstr("read ledgers/00000/00000000.pack at 100: the file has 100 bytes"));

  ASSERT_OK(world.disk().Unlink("ledgers/00000/00000000.pack"));
  EXPECT_ERROR(store->ReadArtifact({ChunkId{0}, ArtifactKind::kLedgers}),
               absl::StatusCode::kDataLoss, HasSubstr("at 0: missing"));
}

TEST(Store, AGrowingWindowHasOneIndexAndFinishesWithoutInputs) {
  StoreWorld world;
  TestSource source;
  ASSERT_OK_AND_ASSIGN(auto store, world.Open());
  for (std::int32_t chunk = 0; chunk < 3; ++chunk) {
    source.complete.insert(ChunkId{chunk});
    ASSERT_OK(store->RunLifecycle(source));
    ASSERT_OK_AND_ASSIGN(const IndexContent index, store->LookupWindow(WindowId{0}));
    EXPECT_EQ(index.coverage, Cover(0, chunk));
    EXPECT_EQ(index.bytes, ExpectedIndex(Cover(0, chunk)));
  }

  const CatalogView view = *store->View();

  EXPECT_EQ(view.coverages.size(), 1U);
  EXPECT_EQ(view.artifacts.size(), 6U);  // ledgers and events; no hash run is left
  EXPECT_FALSE(*world.disk().Exists("txhash/raw/00000/00000000.bin"));
  EXPECT_EQ(Disagreement(*store, world.disk()), "");
}

TEST(Store, ASettledStoreHasNothingToDo) {
  StoreWorld world;
  TestSource source;
  source.complete = {ChunkId{0}, ChunkId{1}, ChunkId{4}};
  ASSERT_OK_AND_ASSIGN(auto store, world.Open());
  ASSERT_OK(store->RunLifecycle(source));

  ASSERT_OK_AND_ASSIGN(const LifecycleReport again, store->RunLifecycle(source));

  EXPECT_EQ(again.rounds, 0);
  EXPECT_TRUE(store->PlanNow(source)->empty());
}

TEST(Store, AHotChunkServesUntilColdCoversItAndIsThenDiscarded) {
  StoreWorld world;
  TestSource source;
  ASSERT_OK_AND_ASSIGN(auto store, world.Open());
  ASSERT_OK(store->CreateHot(ChunkId{0}));
  ASSERT_OK_AND_ASSIGN(HotHandle db, store->OpenHot(ChunkId{0}));
  vfs::RocksBatch batch;
  batch.Put(vfs::kDefaultFamily, "ledgers:2", "two").Put(vfs::kDefaultFamily, "events:2", "e");
  ASSERT_OK(db->Write(batch, vfs::SyncWrite::kYes));

  const auto hot = store->ReadArtifact({ChunkId{0}, ArtifactKind::kLedgers});
  ASSERT_OK(hot);
  EXPECT_EQ(hot->home, Home::kHot);
  EXPECT_THAT(hot->hot_rows, ::testing::ElementsAre(vfs::RocksDb::Row("ledgers:2", "two")));

  db.reset();
  source.complete = {ChunkId{0}};
  ASSERT_OK(store->RunLifecycle(source));
  EXPECT_EQ(store->ReadArtifact({ChunkId{0}, ArtifactKind::kLedgers})->home, Home::kCold);
  EXPECT_FALSE(*world.disk().Exists("hot/00000000"));
  EXPECT_THAT(store->View()->hot, IsEmpty());
}

TEST(Store, ATransientHotChunkIsWipedNeverReused) {
  StoreWorld world;
  ASSERT_OK_AND_ASSIGN(auto store, world.Open());
  ASSERT_OK(store->CreateHot(ChunkId{2}));
  vfs::RocksBatch batch;
  batch.Put(vfs::kDefaultFamily, "txhash:wrong", "x");
  ASSERT_OK((*store->OpenHot(ChunkId{2}))->Write(batch, vfs::SyncWrite::kYes));
  ASSERT_OK(store->DemoteHot(ChunkId{2}));
  EXPECT_ERROR(store->OpenHot(ChunkId{2}), absl::StatusCode::kNotFound, HasSubstr("transient"));

  ASSERT_OK(store->CreateHot(ChunkId{2}));

  EXPECT_THAT(store->ReadArtifact({ChunkId{2}, ArtifactKind::kTxHash})->hot_rows, IsEmpty());
  EXPECT_GT(vfs::ProbeCounts()["engine/hot/transient_wiped"], 0U);
}

TEST(Store, AReadyChunkWithoutItsDatabaseIsLoud) {
  StoreWorld world;
  ASSERT_OK_AND_ASSIGN(auto store, world.Open());
  ASSERT_OK(store->CreateHot(ChunkId{0}));
  ASSERT_OK(store->Close());
  ASSERT_OK_AND_ASSIGN(const auto entries, world.disk().List("hot/00000000"));
  for (const vfs::DirEntry& entry : entries) {
    ASSERT_OK(world.disk().Unlink("hot/00000000/" + entry.name));
  }
  ASSERT_OK_AND_ASSIGN(store, world.Open());

  EXPECT_ERROR(
      store->OpenHot(ChunkId{0}), absl::StatusCode::kDataLoss,
      "open hot/00000000: hot:chunk:00000000 is ready but the database is gone; restore it "
      "or demote the key");
  EXPECT_ERROR(store->CreateHot(ChunkId{0}), absl::StatusCode::kFailedPrecondition,
               HasSubstr("ready"));
}

TEST(Store, RetentionPrunesAndTheFloorHidesAtOnce) {
  StoreWorld world;
  TestSource source;
  for (std::int32_t chunk = 0; chunk < 7; ++chunk) source.complete.insert(ChunkId{chunk});
  ASSERT_OK_AND_ASSIGN(auto store, world.Open());
  ASSERT_OK(store->RunLifecycle(source));

  store->SetRetention(3);
  ASSERT_OK(store->RunLifecycle(source));

  EXPECT_EQ(store->floor(), ChunkId{4});
  EXPECT_ERROR(store->ReadArtifact({ChunkId{3}, ArtifactKind::kLedgers}),
               absl::StatusCode::kNotFound, HasSubstr("below the retention floor"));
  EXPECT_ERROR(store->LookupWindow(WindowId{0}), absl::StatusCode::kNotFound, HasSubstr("floor"));
  EXPECT_EQ(store->LookupWindow(WindowId{1})->coverage, Cover(3, 5));  // straddles the floor
  EXPECT_FALSE(*world.disk().Exists("txhash/index/00000000/00000000-00000002.idx"));
  EXPECT_EQ(Disagreement(*store, world.disk()), "");
  store->SetRetention(0);
  ASSERT_OK(store->RunLifecycle(source));
  EXPECT_EQ(store->floor(), ChunkId{4});
}

TEST(Store, AWiderRetentionRefillsAtTheNextStart) {
  StoreWorld world;
  TestSource source;
  for (std::int32_t chunk = 0; chunk < 6; ++chunk) source.complete.insert(ChunkId{chunk});
  StoreOptions narrow = StoreWorld::SmallOptions();
  narrow.retention_chunks = 2;
  ASSERT_OK_AND_ASSIGN(auto store, world.Open(narrow));
  ASSERT_OK(store->RunLifecycle(source));
  ASSERT_EQ(store->LookupWindow(WindowId{1})->coverage, Cover(4, 5));
  ASSERT_OK(store->Close());

  ASSERT_OK_AND_ASSIGN(store, world.Open());
  ASSERT_OK(store->RunLifecycle(source));

  EXPECT_EQ(store->LookupWindow(WindowId{1})->coverage, Cover(3, 5));
  EXPECT_EQ(store->LookupWindow(WindowId{0})->coverage, Cover(0, 2));
  EXPECT_EQ(Disagreement(*store, world.disk()), "");
}

TEST(Store, AnIndexWithoutItsInputsTouchesNothing) {
  StoreWorld world;
  TestSource source;
  source.complete = {ChunkId{0}};
  ASSERT_OK_AND_ASSIGN(auto store, world.Open());

  EXPECT_ERROR(store->BuildIndex(Cover(0, 0), source), absl::StatusCode::kAborted,
               "build index:00000000:00000000:00000000: input chunk:00000000:txhash is not frozen; "
               "plan again");

  EXPECT_THAT(store->View()->coverages, IsEmpty());
}

TEST(Store, AMalformedKeyStopsTheStartAndIsNamed) {
  StoreWorld world;
  ASSERT_OK_AND_ASSIGN(auto store, world.Open());
  vfs::RocksBatch batch;
  batch.Put(vfs::kDefaultFamily, "chunk:7:ledgers", "v1 frozen");
  ASSERT_OK(store->catalog().db()->Write(batch, vfs::SyncWrite::kYes));
  ASSERT_OK(store->Close());

  EXPECT_ERROR(world.Open(), absl::StatusCode::kDataLoss,
               "parse catalog key 'chunk:7:ledgers': not a key of geometry 8/3/2");
}

}  // namespace
}  // namespace permafrost::engine
