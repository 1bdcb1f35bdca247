// The predicates on stores that were damaged by hand: each number fires on its damage, a sound
// store is silent, and the engine's own audit, which shares no line with the oracle, finds the
// same.
#include "sim/oracle/store_predicates.h"

#include <functional>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "engine/audit/audit.h"
#include "tests/engine/store_world.h"
#include "tests/status_matchers.h"
#include "vfs/base/crc32c.h"

namespace permafrost::sim {
namespace {

using engine::ChunkId;
using engine::testing::StoreWorld;
using engine::testing::TestSource;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Numbers = std::set<int>;

ChunkId Chunk(std::uint32_t id) { return ChunkId{static_cast<int>(id)}; }

StoreFacts Facts() {
  StoreFacts facts;
  facts.chunks_per_window = 3;
  facts.chunks_per_bucket = 2;
  facts.rocks.queued_jobs = true;
  facts.chunk_file = [](std::string_view kind, std::uint32_t chunk, std::size_t file) {
    return engine::testing::ExpectedFile(
        {.chunk = Chunk(chunk), .kind = *engine::ParseArtifactKind(kind)}, file);
  };
  facts.index_file = [](std::uint32_t first, std::uint32_t last) {
    const std::uint32_t window = first / 3;
    return engine::testing::ExpectedIndex(
        {.window = engine::WindowId{window}, .chunks = {Chunk(first), Chunk(last)}});
  };
  return facts;
}

// Chunks 0 to 3 frozen, window 0 finished, window 1 begun, hot chunk 4 ready; 8 ledgers a chunk,
// 3 chunks a window, 2 chunks a bucket. Damaged while open, judged closed, on clones.
class StorePredicates : public ::testing::Test {
 protected:
  void SetUp() override {
    TestSource source;
    source.complete = {ChunkId{0}, ChunkId{1}, ChunkId{2}, ChunkId{3}};
    ASSERT_OK_AND_ASSIGN(store_, world_.Open());
    ASSERT_OK(store_->CreateHot(ChunkId{4}));
    ASSERT_OK(store_->RunLifecycle(source));
  }

  void Put(std::string_view key, std::string_view value) {
    vfs::RocksBatch batch;
    batch.Put(vfs::kDefaultFamily, key, value);
    ASSERT_OK(store_->catalog().db()->Write(batch, vfs::SyncWrite::kYes));
  }
  void Erase(std::string_view key) {
    vfs::RocksBatch batch;
    batch.Delete(vfs::kDefaultFamily, key);
    ASSERT_OK(store_->catalog().db()->Write(batch, vfs::SyncWrite::kYes));
  }
  void WriteFile(const std::string& path, std::string_view content) {
    ASSERT_OK_AND_ASSIGN(auto file, world_.disk().Create(path));
    ASSERT_OK(file->Append(content));
  }
  void FlipByte(const std::string& path, std::uint64_t offset) {
    ASSERT_OK_AND_ASSIGN(auto file, world_.disk().Open(path, vfs::OpenMode::kReadWrite));
    char byte = 0;
    ASSERT_OK(file->Read(offset, {&byte, 1}));
    byte = static_cast<char>(byte ^ 1);
    ASSERT_OK(file->Write(offset, {&byte, 1}));
  }

  DiskState ClosedDisk() {
    if (store_ != nullptr) {
      EXPECT_OK(store_->Close());
    }
    store_.reset();
    return world_.disk().state();
  }

  // What the oracle reports about the closed store.
  std::vector<Violation> Found(Moment moment, std::int64_t floor = 0) {
    StoreWorld clone(ClosedDisk());
    return CheckStore(clone.Env(), Facts(), moment, floor);
  }
  Numbers ByOracle(Moment moment = Moment::kSettled, std::int64_t floor = 0) {
    Numbers numbers;
    for (const Violation& violation : Found(moment, floor))
      numbers.insert(std::stoi(violation.invariant));
    return numbers;
  }
  // And the engine's audit about the same disk.
  Numbers ByAudit(std::uint32_t retention_chunks = 0) {
    StoreWorld clone(ClosedDisk());
    const auto rows =
        engine::Catalog::ReadRows(clone.Env(), "catalog/rocksdb", {.queued_jobs = true});
    EXPECT_OK(rows);
    const auto layout =
        engine::Layout::Create(StoreWorld::SmallOptions().geometry, engine::Roots{});
    const vfs::Env env = clone.Env();
    const auto report =
        engine::Audit(env, *layout, *rows,
                      {.retention = {.retention_chunks = retention_chunks, .earliest = ChunkId{0}},
                       .rocks = {.queued_jobs = true}});
    EXPECT_OK(report);
    Numbers numbers;
    for (const engine::Violation& violation : report->violations) numbers.insert(violation.number);
    return numbers;
  }
  void ExpectBoth(const Numbers& numbers) {
    EXPECT_EQ(ByOracle(), numbers);
    EXPECT_EQ(ByAudit(), numbers);
  }

  StoreWorld world_;
  std::unique_ptr<engine::Store> store_;
};

TEST_F(StorePredicates, ASoundStoreIsSilentAtBothMoments) {
  EXPECT_THAT(Found(Moment::kAlways), IsEmpty());
  EXPECT_THAT(Found(Moment::kSettled), IsEmpty());
  EXPECT_THAT(ByAudit(), IsEmpty());
}

TEST_F(StorePredicates, ADiskWithoutAStoreIsSilent) {
  StoreWorld empty;

  EXPECT_THAT(CheckStore(empty.Env(), Facts(), Moment::kSettled, 0), IsEmpty());
}

TEST_F(StorePredicates, JudgingAloneDoesNotDamage) {
  StoreWorld clone(ClosedDisk());
  for (int time = 1; time <= 3; ++time)
    EXPECT_THAT(CheckStore(clone.Env(), Facts(), Moment::kSettled, 0), IsEmpty());
}

// ---- One damage, one finding, by both.

TEST_F(StorePredicates, TwoFrozenCoveragesOfAWindow) {
  Put("index:00000000:00000000:00000001", "v1 frozen 00000000-00000001.idx=1:00000000");

  ExpectBoth({5, 11});  // and its file is missing
}

TEST_F(StorePredicates, ALeftoverPruningKey) {
  Put("chunk:00000005:ledgers", "v1 pruning");

  ExpectBoth({6});
  EXPECT_THAT(ByOracle(Moment::kAlways), IsEmpty());
}

TEST_F(StorePredicates, ALeftoverFreezingIndex) {
  Put("index:00000001:00000003:00000004", "v1 freezing");

  ExpectBoth({6});
  EXPECT_THAT(ByOracle(Moment::kAlways), IsEmpty());
}

TEST_F(StorePredicates, AMalformedKey) {
  for (const char* key :
       {"index:00000001:00000005:00000003", "index:00000000:00000003:00000003", "chunk:7:ledgers",
        "chunk:00000005:shadows", "chunk:00000005", "hot:chunk:5", "stray"}) {
    Put(key, "v1 freezing");
  }

  EXPECT_EQ(Found(Moment::kAlways).size(), 7U);
  ExpectBoth({9});
}

TEST_F(StorePredicates, AValueOfAnotherVersion) {
  Put("chunk:00000005:ledgers", "v2 freezing");
  Put("hot:chunk:00000009", "transient");

  EXPECT_EQ(Found(Moment::kAlways).size(), 2U);
  EXPECT_EQ(ByOracle(), Numbers{9});
  EXPECT_EQ(ByAudit(), (Numbers{6, 9}));  // also unsettled, to the audit
}

TEST_F(StorePredicates, APinOfAnotherForm) {
  Put("config:network", "main");
  Put("config:colour", "blue");

  EXPECT_EQ(Found(Moment::kAlways).size(), 2U);
  EXPECT_EQ(ByOracle(Moment::kAlways), Numbers{9});
}

TEST_F(StorePredicates, AStateThatAHotKeyCannotHave) {
  Put("hot:chunk:00000009", "v1 frozen");

  ExpectBoth({9});
}

TEST_F(StorePredicates, AFileWithoutItsKey) {
  Erase("chunk:00000003:ledgers");

  ExpectBoth({10});
  EXPECT_EQ(Found(Moment::kAlways)[0].text, "ledgers/00001/00000003.pack has no key");
}

TEST_F(StorePredicates, AStrayFileInAnArtifactRoot) {
  WriteFile("txhash/index/00000000/notes", "");

  ExpectBoth({10});
}

TEST_F(StorePredicates, AKeyWithoutItsFile) {
  ASSERT_OK(world_.disk().Unlink("events/00001/00000003-index.hash"));

  ExpectBoth({11});
}

TEST_F(StorePredicates, AnIndexWithoutItsFile) {
  ASSERT_OK(world_.disk().Unlink("txhash/index/00000000/00000000-00000002.idx"));

  ExpectBoth({11});
}

TEST_F(StorePredicates, AReadyChunkThatDoesNotOpen) {
  Put("hot:chunk:00000008", "v1 ready");

  ExpectBoth({12});
}

TEST_F(StorePredicates, AReadyChunkWhoseDatabaseWasGutted) {
  ASSERT_OK(world_.disk().Unlink("hot/00000004/CURRENT"));

  ExpectBoth({12});
}

TEST_F(StorePredicates, AHotDirectoryWithoutItsKey) {
  ASSERT_OK(world_.disk().MakeDir("hot/00000008"));

  ExpectBoth({13});
}

TEST_F(StorePredicates, ALeftoverHotDatabaseWithoutItsKey) {
  Erase("hot:chunk:00000004");

  ExpectBoth({10, 13});
}

TEST_F(StorePredicates, KeysBelowTheFloor) {
  // With one retained chunk the floor is chunk 3: chunks 0 to 2 and window 0 should be gone.
  EXPECT_EQ(ByOracle(Moment::kSettled, 3), (Numbers{15, 16}));
  EXPECT_EQ(ByAudit(1), (Numbers{15, 16}));
  EXPECT_THAT(ByOracle(Moment::kAlways, 3), IsEmpty());
}

TEST_F(StorePredicates, ManyDamagesAreAllNamed) {
  Put("index:00000000:00000000:00000001", "v1 frozen 00000000-00000001.idx=1:00000000");
  Put("chunk:00000005:ledgers", "v1 pruning");
  Put("stray", "");
  WriteFile("ledgers/00000/stray", "");
  Put("hot:chunk:00000008", "v1 ready");
  ASSERT_OK(world_.disk().MakeDir("hot/00000009"));

  ExpectBoth({5, 6, 9, 10, 11, 12, 13});
}

// ---- Where the two differ, and in which direction.

TEST_F(StorePredicates, AFlippedByteIsSeenByTheOracleOnly) {
  // The audit compares lengths; whoever reads the file compares checksums (18).
  FlipByte("ledgers/00000/00000001.pack", 100);

  EXPECT_EQ(ByOracle(Moment::kAlways), Numbers{18});
  EXPECT_THAT(ByAudit(), IsEmpty());
}

TEST_F(StorePredicates, AFlippedByteInAnIndexIsSeenByTheOracleOnly) {
  FlipByte("txhash/index/00000000/00000000-00000002.idx", 3);

  EXPECT_EQ(ByOracle(Moment::kAlways), Numbers{18});
  EXPECT_THAT(ByAudit(), IsEmpty());
}

TEST_F(StorePredicates, AnotherLengthIsElevenToTheAuditAndEighteenToTheOracle) {
  ASSERT_OK_AND_ASSIGN(
      auto file, world_.disk().Open("ledgers/00001/00000003.pack", vfs::OpenMode::kReadWrite));
  ASSERT_OK(file->Append("x"));

  EXPECT_EQ(ByOracle(), Numbers{18});
  EXPECT_EQ(ByAudit(), Numbers{11});
}

TEST_F(StorePredicates, BytesThatNobodyWroteAreSeenThoughTheirChecksumIsRight) {
  StoreFacts facts = Facts();
  facts.chunk_file = [](std::string_view, std::uint32_t, std::size_t) { return "something else"; };
  StoreWorld clone(ClosedDisk());

  const auto found = CheckStore(clone.Env(), facts, Moment::kAlways, 0);

  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found[0].invariant, "18-frozen-is-durable");
  EXPECT_THAT(found[0].text, HasSubstr("does not hold what its writer wrote"));
}

TEST_F(StorePredicates, AStateThatAChunkKeyCannotHaveIsAlsoUnsettledToTheAudit) {
  Put("chunk:00000009:ledgers", "v1 ready");

  EXPECT_EQ(ByOracle(), Numbers{9});
  EXPECT_EQ(ByAudit(), (Numbers{6, 9}));
}

TEST_F(StorePredicates, ASecondCopyIsAFileWithoutKeyToTheOracle) {
  ASSERT_OK(world_.disk().MakeDir("ledgers/00007"));
  WriteFile("ledgers/00007/00000003.pack", "");

  EXPECT_EQ(ByOracle(), Numbers{10});
  EXPECT_EQ(ByAudit(), (Numbers{10, 14}));
}

TEST_F(StorePredicates, AHotChunkThatColdAlreadyServesIsSeenByTheOracleOnly) {
  ASSERT_OK(store_->CreateHot(ChunkId{3}));

  EXPECT_EQ(ByOracle(), Numbers{7});
  EXPECT_THAT(ByAudit(), IsEmpty());
  EXPECT_THAT(ByOracle(Moment::kAlways), IsEmpty());
}

TEST_F(StorePredicates, AFrozenInputOfAFinishedWindow) {
  const std::string content = Facts().chunk_file("txhash", 1, 0);
  ASSERT_OK_AND_ASSIGN(const auto content_of_three,
                       ReadWholeFile(world_.disk(), "txhash/raw/00001/00000003.bin"));
  WriteFile("txhash/raw/00000/00000001.bin", content);
  ASSERT_EQ(content.size(), content_of_three.size());
  Put("chunk:00000001:txhash",
      fmt::format("v1 frozen 00000001.bin={}:{:08x}", content.size(), vfs::Crc32c(content)));

  // The oracle also blames the commit that left the input out (21), which the audit does not judge.
  EXPECT_EQ(ByOracle(), Numbers({8, 21}));
  EXPECT_EQ(ByAudit(), Numbers({8}));
}

TEST_F(StorePredicates, ACatalogThatDoesNotOpenIsTheOnlyFinding) {
  ClosedDisk();
  ASSERT_OK(world_.disk().Unlink("catalog/rocksdb/CURRENT"));
  WriteFile("catalog/rocksdb/CURRENT", "MANIFEST-999999\n");

  const auto found = Found(Moment::kSettled);

  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].invariant, "12-database-opens");
  EXPECT_THAT(found[0].text, HasSubstr("catalog: "));
}

// ---- Helpers of the predicates.

TEST_F(StorePredicates, FilesBelowListsSortedPathsOfRegularFiles) {
  ASSERT_OK_AND_ASSIGN(const auto files, FilesBelow(world_.disk(), "txhash/index"));

  EXPECT_THAT(files, ElementsAre("txhash/index/00000000/00000000-00000002.idx",
                                 "txhash/index/00000001/00000003-00000003.idx",
                                 "txhash/index/permafrost.lock"));
  EXPECT_ERROR(FilesBelow(world_.disk(), "nowhere"), absl::StatusCode::kNotFound,
               HasSubstr("nowhere"));
}

TEST_F(StorePredicates, RowsAtRestAreTheCatalogsRows) {
  StoreWorld clone(ClosedDisk());

  ASSERT_OK_AND_ASSIGN(const auto rows, CatalogRowsAtRest(clone.Env(), Facts().rocks));

  EXPECT_EQ(rows.at("hot:chunk:00000004"), "v1 ready");
  EXPECT_THAT(rows, Contains(testing::Key("index:00000001:00000003:00000003")));
}

TEST_F(StorePredicates, ReadWholeFileGivesEveryByteOrAnError) {
  ASSERT_OK_AND_ASSIGN(const std::string content,
                       ReadWholeFile(world_.disk(), "ledgers/00000/00000001.pack"));

  EXPECT_EQ(content, Facts().chunk_file("ledgers", 1, 0));
  EXPECT_ERROR(ReadWholeFile(world_.disk(), "ledgers/none"), absl::StatusCode::kNotFound,
               HasSubstr("ledgers/none"));
}

}  // namespace
}  // namespace permafrost::sim
