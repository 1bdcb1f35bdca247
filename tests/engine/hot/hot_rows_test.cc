// The rows of a hot chunk on a simulated disk: written, warmed up, and spoilt in each way.
#include "engine/hot/hot_rows.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "engine/ledger/frame.h"
#include "engine/ledger/synthetic_source.h"
#include "tests/engine/store_world.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;
using testing::StoreWorld;

// 8 ledgers a chunk: 10 to 17.
constexpr ChunkId kChunk{1};
constexpr std::uint32_t kFirst = 10;
constexpr std::uint64_t kSeed = 3;

std::string KeyOf(char kind, std::uint32_t sequence) {
  std::string key(1, kind);
  for (int shift = 24; shift >= 0; shift -= 8) key.push_back(static_cast<char>(sequence >> shift));
  return key;
}

class HotRows : public ::testing::Test {
 protected:
  HotRows() {
    vfs::RocksDbOptions options;
    options.rocks.queued_jobs = true;
    db_ = *vfs::RocksDb::Open(env_, "hot", options);
  }

  const Geometry& geometry() const { return options_.geometry; }
  void Put(std::uint32_t first, std::uint32_t last) {
    LedgerCompressor compressor("");
    RecordCompressor event_compressor;
    for (std::uint32_t sequence = first; sequence <= last; ++sequence) {
      const std::string bytes = SyntheticLedger(kSeed, LedgerSeq{sequence});
      ASSERT_OK_AND_ASSIGN(const LedgerView ledger, FrameDecoder().Decode(bytes));
      ASSERT_OK_AND_ASSIGN(const PreparedLedger prepared,
                           PrepareLedger(ledger, compressor, event_compressor));
      ASSERT_EQ(prepared.index, IndexRowOf(ledger));
      ASSERT_OK(db_->Write(prepared.rows, vfs::SyncWrite::kYes));
    }
  }
  void Delete(char kind, std::uint32_t sequence) {
    ASSERT_OK(db_->Write(vfs::RocksBatch().Delete(vfs::kDefaultFamily, KeyOf(kind, sequence)),
                         vfs::SyncWrite::kYes));
  }
  void Set(const std::string& key, std::string_view value) {
    ASSERT_OK(
        db_->Write(vfs::RocksBatch().Put(vfs::kDefaultFamily, key, value), vfs::SyncWrite::kYes));
  }
  absl::Status Warm() const { return WarmUp(*db_, geometry(), kChunk).status(); }

  StoreWorld world_;
  vfs::Env env_ = world_.Env();
  const StoreOptions options_ = StoreWorld::SmallOptions();
  std::unique_ptr<vfs::RocksDb> db_;
  LedgerDecompressor decompressor_{""};
};

TEST_F(HotRows, WarmUpFindsWhatWasWritten) {
  for (std::uint32_t last = kFirst - 1; last <= 17; ++last) {
    if (last >= kFirst) Put(last, last);

    ASSERT_OK_AND_ASSIGN(const auto index, WarmUp(*db_, geometry(), kChunk));

    if (last < kFirst) {
      EXPECT_EQ(index->last(), std::nullopt);
      continue;
    }
    EXPECT_EQ(index->last(), LedgerSeq{last});
    EXPECT_EQ(index->last_hash(), SyntheticHash(kSeed, LedgerSeq{last}));
    for (std::uint32_t sequence = kFirst; sequence <= last; ++sequence) {
      ASSERT_OK_AND_ASSIGN(const IndexRow row, ReadIndexRow(*db_, LedgerSeq{sequence}));
      for (const Hash& hash : row.hashes)
        EXPECT_THAT(index->Candidates(hash), ::testing::Contains(LedgerSeq{sequence}));
      const EventRange range = index->EventsOf(LedgerSeq{sequence});
      EXPECT_EQ(range.end - range.first, row.event_count);
    }
  }
}

// More rows than one scan takes, and a last piece that is not full.
TEST_F(HotRows, WarmUpGoesThroughAChunkOfManyRows) {
  ASSERT_OK_AND_ASSIGN(
      const Geometry wide,
      Geometry::Create({.ledgers_per_chunk = 600, .chunks_per_window = 3, .chunks_per_bucket = 2}));
  for (const std::uint32_t last : {513U, 514U, 601U}) {
    Put(last == 513 ? 2 : last == 514 ? 514 : 515, last);
    ASSERT_OK_AND_ASSIGN(const auto index, WarmUp(*db_, wide, ChunkId{0}));
    EXPECT_EQ(index->last(), LedgerSeq{last});
  }
}

TEST_F(HotRows, RowsComeBackOneByOne) {
  Put(kFirst, kFirst);
  const std::string bytes = SyntheticLedger(kSeed, LedgerSeq{kFirst});
  ASSERT_OK_AND_ASSIGN(const LedgerView ledger, FrameDecoder().Decode(bytes));

  ASSERT_OK_AND_ASSIGN(const std::string stored, ReadStoredLedger(*db_, LedgerSeq{kFirst}));
  ASSERT_OK_AND_ASSIGN(const StoredEvents events, ReadStoredEvents(*db_, LedgerSeq{kFirst}));

  ASSERT_OK_AND_ASSIGN(const std::string decompressed, decompressor_.Decompress(stored));
  EXPECT_EQ(decompressed, bytes);
  RecordCompressor compressor;
  EXPECT_EQ(events.bytes(), StoredEvents::Of(ledger, compressor)->bytes());
  EXPECT_EQ(events.event_count(), ledger.events.size());
}

TEST_F(HotRows, AMissingRowIsNamed) {
  struct Case {
    char kind;
    std::uint32_t ledger;
    std::string finding;
  };
  for (const Case& missing :
       {Case{'X', 10, "open hot: the rows of ledger 10 are missing, later ones are there"},
        Case{'X', 12, "open hot: the rows of ledger 12 are missing, later ones are there"},
        Case{'X', 14, "open hot: row 'L' of ledger 14 beside ledgers 10 to 13"},
        Case{'L', 14, "read hot: row 'L' of ledger 14 is missing"},
        Case{'E', 14, "read hot: row 'E' of ledger 14 is missing"}}) {
    Put(10, 14);
    Delete(missing.kind, missing.ledger);

    EXPECT_ERROR(Warm(), absl::StatusCode::kDataLoss, missing.finding);
  }
  // In the middle a ledger or its events are only looked for when somebody asks for them.
  Put(10, 14);
  Delete('L', 12);
  Delete('E', 12);
  EXPECT_OK(Warm());
  EXPECT_ERROR(ReadStoredLedger(*db_, LedgerSeq{12}), absl::StatusCode::kDataLoss,
               "read hot: row 'L' of ledger 12 is missing");
  EXPECT_ERROR(ReadStoredEvents(*db_, LedgerSeq{12}), absl::StatusCode::kDataLoss,
               "read hot: row 'E' of ledger 12 is missing");
}

TEST_F(HotRows, ARowOfAnotherChunkIsNamed) {
  for (const char kind : {'L', 'E', 'X'}) {
    for (const std::uint32_t foreign : {0U, 9U, 14U, 18U, 0xffff'ffffU}) {
      Put(10, 12);
      Set(KeyOf(kind, foreign), "row");

      EXPECT_ERROR(Warm(), absl::StatusCode::kDataLoss,
                   HasSubstr(kind == 'X' && foreign == 14
                                 ? std::string("the rows of ledger 13 are missing, later ones are")
                                 : std::string("open hot: row '") + kind + "' of ledger " +
                                       std::to_string(foreign) + " beside ledgers 10 to 12"));
      Delete(kind, foreign);
    }
    Set(std::string(1, kind) + "?", "row");
    EXPECT_ERROR(Warm(), absl::StatusCode::kDataLoss,
                 std::string("open hot: row '") + kind + "' of ledger ? beside ledgers 10 to 12");
    ASSERT_OK(db_->Write(vfs::RocksBatch().Delete(vfs::kDefaultFamily, std::string(1, kind) + "?"),
                         vfs::SyncWrite::kYes));
  }
  EXPECT_OK(Warm());
}

TEST_F(HotRows, ADamagedRowIsNamed) {
  Put(10, 12);
  ASSERT_OK_AND_ASSIGN(const auto row, db_->Get(vfs::kDefaultFamily, KeyOf('X', 11)));
  std::string spoilt = *row;
  spoilt[40] = static_cast<char>(spoilt[40] ^ 1);
  Set(KeyOf('X', 11), spoilt);
  Set(KeyOf('E', 11), "not compressed");

  const std::string finding = "read hot: ledger 11: its index row of " +
                              std::to_string(spoilt.size()) + " bytes: its checksum does not match";
  EXPECT_ERROR(Warm(), absl::StatusCode::kDataLoss, finding);
  EXPECT_ERROR(ReadIndexRow(*db_, LedgerSeq{11}), absl::StatusCode::kDataLoss, finding);
  EXPECT_ERROR(ReadStoredEvents(*db_, LedgerSeq{11}), absl::StatusCode::kDataLoss,
               "read hot: ledger 11: its events of 14 bytes: their checksum does not match");
}

TEST_F(HotRows, OnlyAWholeChunkIsComplete) {
  const HotHandle db = std::move(db_);
  HotIndex index(LedgerSeq{kFirst});
  const auto check = [&] { return CompleteHotChunk::Check(db, index, geometry(), kChunk); };
  EXPECT_ERROR(check(), absl::StatusCode::kNotFound,
               "freeze hot: its ledgers end at 9, the chunk at 17");
  for (std::uint32_t sequence = kFirst; sequence <= 17; ++sequence) {
    EXPECT_EQ(check().status().code(), absl::StatusCode::kNotFound);
    ASSERT_OK(index.Add({.sequence = LedgerSeq{sequence}}));
  }

  ASSERT_OK_AND_ASSIGN(const CompleteHotChunk chunk, check());

  EXPECT_EQ(chunk.first(), LedgerSeq{10});
  EXPECT_EQ(chunk.last(), LedgerSeq{17});
}

}  // namespace
}  // namespace permafrost::engine
