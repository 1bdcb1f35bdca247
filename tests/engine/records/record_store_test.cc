// The record store: each kind of row, the cursor, what stops a batch, damage, and any batch cuts
// against a model.
#include "engine/records/record_store.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "engine/journal/records.pb.h"
#include "engine/records/record_keys.h"
#include "faults/faulty_file_system.h"
#include "tests/engine/records/record_makers.h"
#include "tests/engine/store_world.h"
#include "tests/status_matchers.h"
#include "vfs/base/probe.h"

namespace permafrost::engine {
namespace {

using testing::AnyRecord;
using testing::AnyRecords;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::MemorySink;
using testing::OpenRecords;
using testing::RecordOf;
using testing::RowsAfter;
using testing::RowsOf;
using testing::StoreWorld;

class RecordStoreTest : public ::testing::Test {
 protected:
  void SetUp() override { Reopen(); }

  void Reopen() {
    store_.reset();
    auto store = OpenRecords(world_.Env(), &sink_);
    ASSERT_OK(store);
    store_ = *std::move(store);
  }

  // Applies one record with these fields after the last.
  JournalRecord Add(RecordType type, std::string_view json) {
    const JournalRecord record = RecordOf(store_->cursor(), type, json);
    EXPECT_OK(store_->Apply({&record, 1}, record.lsn + 1));
    return record;
  }

  void Overwrite(std::string_view key, std::string_view value) {
    ASSERT_OK(store_->db()->Write(vfs::RocksBatch().Put(vfs::kDefaultFamily, key, value),
                                  vfs::SyncWrite::kYes));
  }

  StoreWorld world_;
  MemorySink sink_;
  std::unique_ptr<RecordStore> store_;
};

TEST_F(RecordStoreTest, AnEmptyStoreWaitsForLsnOne) {
  EXPECT_EQ(store_->cursor(), 1U);
  EXPECT_EQ(RowsOf(*store_)->size(), 0U);
  Reopen();
  EXPECT_EQ(store_->cursor(), 1U);
}

TEST_F(RecordStoreTest, AssertionsAreFoundByAddressAndBySubject) {
  const JournalRecord first = Add(RecordType::kAssertion, R"({"subject":"s","predicate":"p"})");
  const JournalRecord second = Add(RecordType::kAssertion, R"({"subject":"s","predicate":"q"})");
  const JournalRecord other = Add(RecordType::kAssertion, R"({"subject":"s:","predicate":"p"})");

  ASSERT_OK_AND_ASSIGN(const Record found, store_->Assertion(second.hash));
  EXPECT_EQ(found.Encode(), second.body);
  EXPECT_THAT(*store_->Subject("s"),
              ElementsAre(std::min(first.hash, second.hash), std::max(first.hash, second.hash)));
  EXPECT_THAT(*store_->Subject("s:"), ElementsAre(other.hash));
  EXPECT_THAT(*store_->Subject("nobody"), IsEmpty());
}

TEST_F(RecordStoreTest, TheSameAssertionTwiceIsOneOfItsSubject) {
  const JournalRecord first = Add(RecordType::kAssertion, R"({"subject":"s"})");
  Add(RecordType::kAssertion, R"({"subject":"s"})");

  EXPECT_THAT(*store_->Subject("s"), ElementsAre(first.hash));
  EXPECT_EQ(store_->RecordAt(2)->hash, first.hash);
}

TEST_F(RecordStoreTest, VotesAreListedByTheirAssertion) {
  const JournalRecord zero = AnyRecord(1, 2);
  const JournalRecord one = AnyRecord(2, 2 + 13);
  const JournalRecord again = AnyRecord(3, 2 + 13 * 64);
  ASSERT_OK(store_->Apply(std::vector{zero, one, again}, 4));
  ContentAddress assertion = {};

  ASSERT_OK_AND_ASSIGN(const std::vector<StoredVote> votes, store_->VotesOf(assertion));

  ASSERT_EQ(votes.size(), 2U);
  EXPECT_EQ(votes[0].hash, std::min(zero.hash, again.hash));
  EXPECT_EQ(votes[1].hash, std::max(zero.hash, again.hash));
  EXPECT_EQ(votes[0].vote.Encode(), zero.hash < again.hash ? zero.body : again.body);
  assertion.bytes.fill(77);
  EXPECT_THAT(*store_->VotesOf(assertion), IsEmpty());
}

TEST_F(RecordStoreTest, TheLaterEpochOfAnIdReplacesTheEarlier) {
  Add(RecordType::kEpoch, R"({"epoch_id":"AQI=","first_ledger":5})");
  Add(RecordType::kEpoch, R"({"epoch_id":"AQI=","first_ledger":6})");

  ASSERT_OK_AND_ASSIGN(const Record epoch, store_->Epoch("\x01\x02"));

  EXPECT_EQ(epoch.As<records::Epoch>()->first_ledger(), 6U);
}

TEST_F(RecordStoreTest, AccountsHoldWhatTheLastRecordSays) {
  Add(RecordType::kAccountSync,
      R"({"accounts":[{"account":"a","balance":"1"},{"account":"b","balance":"2","nonce":"9"}]})");
  Add(RecordType::kReconciliation, R"({"account":{"account":"a","balance":"-3","nonce":"4"}})");
  Add(RecordType::kReconciliationBatch,
      R"({"accounts":[{"account":"c","balance":"5"},{"account":"c","balance":"6"}]})");

  EXPECT_EQ(*store_->Account("a"), (AccountRow{.balance = "-3", .nonce = 4, .lsn = 2}));
  EXPECT_EQ(*store_->Account("b"), (AccountRow{.balance = "2", .nonce = 9, .lsn = 1}));
  EXPECT_EQ(*store_->Account("c"), (AccountRow{.balance = "6", .nonce = 0, .lsn = 3}));
}

TEST_F(RecordStoreTest, ALowerLsnDoesNotOverwriteAnAccount) {
  const AccountRow newer{.balance = "8", .nonce = 1, .lsn = 100};
  Overwrite("A:a", AccountValue("A:a", newer));

  Add(RecordType::kReconciliation, R"({"account":{"account":"a","balance":"3"}})");

  EXPECT_EQ(*store_->Account("a"), newer);
  EXPECT_GT(vfs::ProbeCounts()["engine/records/newer_account_kept"], 0U);
}

TEST_F(RecordStoreTest, EveryRecordHasItsPlaceInTheIndex) {
  const std::vector<JournalRecord> records = AnyRecords(60, 3);
  ASSERT_OK(store_->Apply(records, 61));

  for (const JournalRecord& record : records) {
    EXPECT_EQ(*store_->RecordAt(record.lsn), (IndexRow{.type = record.type, .hash = record.hash}));
  }
}

TEST_F(RecordStoreTest, WhatIsNotThereIsNamed) {
  constexpr auto kCode = absl::StatusCode::kNotFound;
  EXPECT_ERROR(store_->Assertion({}), kCode,
               "get 'H:" + std::string(64, '0') + "' of records/rocksdb: no such row");
  EXPECT_ERROR(store_->Epoch("\x01"), kCode, "get 'E:01' of records/rocksdb: no such row");
  EXPECT_ERROR(store_->Account("a:b"), kCode, "get 'A:a:b' of records/rocksdb: no such row");
  EXPECT_ERROR(store_->RecordAt(7), kCode,
               "get 'L:00000000000000000007' of records/rocksdb: no such row");
}

TEST_F(RecordStoreTest, NamesThatNoKeyHasAreRefused) {
  constexpr auto kCode = absl::StatusCode::kInvalidArgument;
  EXPECT_ERROR(store_->Subject(""), kCode, "subject '': 0 bytes, expected 1 to 256");
  EXPECT_ERROR(store_->Account("\n"), kCode,
               "account '\\x0a': control byte 0x0a at 0, expected none");
  EXPECT_ERROR(store_->Epoch(""), kCode, "epoch id: 0 bytes, expected 1 to 64");
}

TEST_F(RecordStoreTest, LedgersReachTheSinkBeforeTheCursorPassesThem) {
  Add(RecordType::kLedger, R"({"sequence":70})");
  EXPECT_THAT(sink_.sequences, ElementsAre(70));

  sink_.answer = vfs::ResourceExhausted("hot tier: no space");
  const std::vector<JournalRecord> records = {
      RecordOf(2, RecordType::kEpoch, R"({"epoch_id":"AQ=="})"),
      RecordOf(3, RecordType::kLedger, R"({"sequence":71})")};
  EXPECT_ERROR(store_->Apply(records, 4), absl::StatusCode::kResourceExhausted,
               "hot tier: no space");
  EXPECT_EQ(store_->cursor(), 2U);
  EXPECT_ERROR(store_->Epoch("\x01"), absl::StatusCode::kNotFound, ::testing::_);

  sink_.answer = absl::OkStatus();
  EXPECT_OK(store_->Apply(records, 4));
  EXPECT_THAT(sink_.sequences, ElementsAre(70, 71));
  EXPECT_EQ(store_->cursor(), 4U);
  EXPECT_EQ(RowsOf(*store_)->size(), 5U);  // three places, an epoch, the cursor: no ledger
}

TEST_F(RecordStoreTest, ReplayFromALowerLsnAppliesOnlyWhatIsNew) {
  std::vector<JournalRecord> records = AnyRecords(20, 5);
  records[7] = RecordOf(8, RecordType::kLedger, R"({"sequence":70})");
  records[15] = RecordOf(16, RecordType::kLedger, R"({"sequence":71})");
  ASSERT_OK(store_->Apply(std::span(records).first(12), 13));
  sink_.lsns.clear();

  EXPECT_OK(store_->Apply(std::span(records).first(9), 10));
  EXPECT_EQ(store_->cursor(), 13U);
  EXPECT_OK(store_->Apply(std::span(records).subspan(4), 21));

  EXPECT_EQ(store_->cursor(), 21U);
  EXPECT_TRUE(sink_.lsns.contains(16));
  EXPECT_THAT(sink_.lsns, ::testing::Each(::testing::Ge(13U)));
  EXPECT_EQ(*RowsOf(*store_), RowsAfter(records));
}

TEST_F(RecordStoreTest, ARecordThatWasLeftOutStaysLeftOutWhenItComesAgain) {
  std::vector<JournalRecord> records = AnyRecords(3, 5);
  records[0].body = "\xff";
  const std::vector<std::uint64_t> skipped = {1};
  ASSERT_OK(store_->Apply(std::span(records).first(2), 3, {.skipped_lsns = skipped}));

  EXPECT_OK(store_->Apply(records, 4));

  EXPECT_EQ(store_->cursor(), 4U);
}

TEST_F(RecordStoreTest, AGapIsRefusedWithBothNumbers) {
  const std::vector<JournalRecord> records = AnyRecords(9, 5);
  ASSERT_OK(store_->Apply(std::span(records).first(3), 4));

  EXPECT_ERROR(store_->Apply(std::span(records).subspan(6), 10), absl::StatusCode::kDataLoss,
               "apply lsn 7: expected lsn 4; the journal lost records or is not this record "
               "store's");
  const std::vector<JournalRecord> torn = {records[3], records[5]};
  EXPECT_ERROR(store_->Apply(torn, 7), absl::StatusCode::kDataLoss,
               "apply lsn 6: expected lsn 5; the journal lost records or is not this record "
               "store's");
  EXPECT_EQ(*RowsOf(*store_), RowsAfter(std::span(records).first(3)));
}

TEST_F(RecordStoreTest, ANextLsnThatDoesNotFitIsRefused) {
  const std::vector<JournalRecord> records = AnyRecords(3, 5);
  constexpr auto kCode = absl::StatusCode::kInvalidArgument;

  EXPECT_ERROR(store_->Apply(records, 5), kCode, "apply 3 records up to lsn 5: expected up to 4");
  EXPECT_ERROR(store_->Apply({}, 2), kCode, "apply 0 records up to lsn 2: expected up to 1");
  EXPECT_OK(store_->Apply({}, 1));
  EXPECT_EQ(RowsOf(*store_)->size(), 0U);
}

TEST_F(RecordStoreTest, ARecordThatIsNotDurableIsRefused) {
  std::vector<JournalRecord> records = AnyRecords(3, 5);
  records[2].is_durable = false;

  EXPECT_ERROR(store_->Apply(records, 4), absl::StatusCode::kFailedPrecondition,
               "apply lsn 3: the record is not durable yet; apply what a tailer returns");
  EXPECT_EQ(store_->cursor(), 1U);
}

TEST_F(RecordStoreTest, WhatDoesNotDecodeStopsTheWholeBatchWithLsnAndOffset) {
  std::vector<JournalRecord> records = {RecordOf(1, RecordType::kLedger, R"({"sequence":70})"),
                                        RecordOf(2, RecordType::kAssertion, R"({"subject":"s"})")};
  constexpr auto kCode = absl::StatusCode::kDataLoss;

  records[1].body = "\xff";
  EXPECT_ERROR(store_->Apply(records, 3), kCode,
               "apply lsn 2 at journal offset 8192: decode assertion: its 1 bytes do not parse as "
               "permafrost.records.Assertion; --skip-lsn 2 leaves it out");
  records[1].body = "";
  EXPECT_ERROR(store_->Apply(records, 3), kCode,
               "apply lsn 2 at journal offset 8192: check assertion: subject '': 0 bytes, expected "
               "1 to 256; --skip-lsn 2 leaves it out");
  records[1].type = 99;
  EXPECT_ERROR(store_->Apply(records, 3), kCode,
               "apply lsn 2 at journal offset 8192: decode record of type 99: no such type, known "
               "are 1 to 13; --skip-lsn 2 leaves it out");
  records[1].type = 0;
  EXPECT_ERROR(store_->Apply(records, 3), kCode,
               "apply lsn 2 at journal offset 8192: type 0, which is never written");

  EXPECT_THAT(sink_.sequences, IsEmpty());
  EXPECT_EQ(RowsOf(*store_)->size(), 0U);
  EXPECT_EQ(store_->cursor(), 1U);
}

TEST_F(RecordStoreTest, TheOperatorsSkipLeavesOneRecordOut) {
  std::vector<JournalRecord> records = {RecordOf(1, RecordType::kAssertion, R"({"subject":"s"})"),
                                        RecordOf(2, RecordType::kLedger, R"({"sequence":70})"),
                                        RecordOf(3, RecordType::kAssertion, R"({"subject":"t"})")};
  records[0].type = 99;
  const std::vector<std::uint64_t> skipped = {1, 2};

  EXPECT_OK(store_->Apply(records, 4, {.skipped_lsns = skipped}));

  EXPECT_EQ(store_->RecordAt(1)->type, 99);
  EXPECT_THAT(*store_->Subject("s"), IsEmpty());
  EXPECT_THAT(*store_->Subject("t"), ElementsAre(records[2].hash));
  EXPECT_THAT(sink_.sequences, IsEmpty());
  EXPECT_GT(vfs::ProbeCounts()["engine/records/skipped_by_operator"], 1U);
}

TEST_F(RecordStoreTest, DamagedRowsAreNamedAndStopWhatBuildsOnThem) {
  const JournalRecord assertion = Add(RecordType::kAssertion, R"({"subject":"s"})");
  Overwrite("S:s",
            "\x01"
            "12345");
  constexpr auto kCode = absl::StatusCode::kDataLoss;

  EXPECT_ERROR(store_->Subject("s"), kCode,
               ::testing::StartsWith("parse record row 'S:s': checksum 0x"));
  const JournalRecord next =
      RecordOf(2, RecordType::kAssertion, R"({"subject":"s","predicate":"p"})");
  EXPECT_ERROR(store_->Apply({&next, 1}, 3), kCode,
               ::testing::StartsWith("parse record row 'S:s': checksum 0x"));
  EXPECT_EQ(store_->cursor(), 2U);
  EXPECT_OK(store_->Assertion(assertion.hash));
}

TEST_F(RecordStoreTest, AVoteUnderAMalformedKeyIsRefused) {
  const std::string key = VotePrefix({}) + "short";
  Overwrite(key, FrameValue(key, ""));

  EXPECT_ERROR(store_->VotesOf({}), absl::StatusCode::kDataLoss,
               "parse record row " + key + ": not a vote's key");
}

TEST_F(RecordStoreTest, ACursorBelowTheIndexIsRefusedAtOpen) {
  ASSERT_OK(store_->Apply(AnyRecords(3, 5), 4));
  Overwrite(kCursorKey, CursorValue(3));
  ASSERT_OK(store_->Close());

  EXPECT_ERROR(OpenRecords(world_.Env()), absl::StatusCode::kDataLoss,
               "open record store records/rocksdb: meta:cursor is 3, but row "
               "L:00000000000000000003 is there; rebuild the store from the journal");
}

TEST_F(RecordStoreTest, ACursorBeyondTheIndexIsRefusedAtOpen) {
  ASSERT_OK(store_->Apply(AnyRecords(3, 5), 4));
  Overwrite(kCursorKey, CursorValue(9));
  ASSERT_OK(store_->Close());

  EXPECT_ERROR(OpenRecords(world_.Env()), absl::StatusCode::kDataLoss,
               "open record store records/rocksdb: meta:cursor is 9, but row "
               "L:00000000000000000008 is not; rebuild the store from the journal");
}

TEST_F(RecordStoreTest, ALostCursorIsRefusedAtOpen) {
  ASSERT_OK(store_->Apply(AnyRecords(3, 5), 4));
  ASSERT_OK(store_->db()->Write(vfs::RocksBatch().Delete(vfs::kDefaultFamily, kCursorKey),
                                vfs::SyncWrite::kYes));
  ASSERT_OK(store_->Close());

  EXPECT_ERROR(OpenRecords(world_.Env()), absl::StatusCode::kDataLoss,
               "open record store records/rocksdb: meta:cursor is absent, but row "
               "L:00000000000000000001 is there; rebuild the store from the journal");
}

TEST_F(RecordStoreTest, ADamagedCursorIsRefusedAtOpen) {
  ASSERT_OK(store_->Apply(AnyRecords(3, 5), 4));
  Overwrite(kCursorKey, std::string(13, 'x'));
  ASSERT_OK(store_->Close());

  EXPECT_ERROR(OpenRecords(world_.Env()), absl::StatusCode::kDataLoss,
               ::testing::StartsWith("parse record row 'meta:cursor': checksum 0x"));
}

TEST_F(RecordStoreTest, ADirectoryThatIsMissingIsNotMade) {
  EXPECT_ERROR(RecordStore::Open(world_.Env(), "elsewhere", {}), absl::StatusCode::kNotFound,
               ::testing::HasSubstr("elsewhere"));
}

TEST(RecordStoreFailure, AfterAFailedWriteEveryCallRepeatsTheErrorUntilAReopen) {
  StoreWorld world;
  faults::FaultyFileSystem faulty(
      &world.disk(), *faults::ParsePlan("when sync_data label=records.apply nth=2 then eio"));
  auto store = OpenRecords(world.Env(&faulty));
  ASSERT_OK(store);
  const std::vector<JournalRecord> records = AnyRecords(6, 5);
  ASSERT_OK((*store)->Apply(std::span(records).first(2), 3));

  const absl::Status failed = (*store)->Apply(std::span(records).subspan(2, 2), 5);
  ASSERT_FALSE(failed.ok());
  EXPECT_TRUE(vfs::IsInjected(failed)) << failed;

  EXPECT_EQ((*store)->Apply(std::span(records).subspan(2), 7), failed);
  EXPECT_EQ((*store)->RecordAt(1).status(), failed);
  EXPECT_EQ((*store)->VotesOf({}).status(), failed);
  EXPECT_EQ((*store)->cursor(), 3U);

  store->reset();
  world.disk().KillProcess();
  auto reopened = OpenRecords(world.Env());
  ASSERT_OK(reopened);
  EXPECT_OK((*reopened)->Apply(records, 7));
  EXPECT_EQ(*RowsOf(**reopened), RowsAfter(records));
}

// Any records, cut into any batches, some given twice, some from a lower LSN, the store opened
// again in between.
RC_GTEST_PROP(RecordStoreModel, AnyBatchCutsLeaveTheRowsOfTheModel, ()) {
  const auto choices =
      *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(0, 10'000));
  std::vector<JournalRecord> records;
  for (const std::uint32_t choice : choices)
    records.push_back(AnyRecord(records.size() + 1, choice));
  StoreWorld world;
  MemorySink sink;
  auto store = OpenRecords(world.Env(), &sink);
  RC_ASSERT(store.ok());

  struct Cut {
    std::uint32_t begin = 0;
    std::uint32_t records = 0;
    bool is_reopened = false;
  };
  const auto cuts = *rc::gen::container<std::vector<Cut>>(rc::gen::construct<Cut>(
      rc::gen::inRange<std::uint32_t>(0, 10'000), rc::gen::inRange<std::uint32_t>(0, 12),
      rc::gen::weightedElement<bool>({{1, true}, {3, false}})));

  std::size_t applied = 0;
  for (const Cut& cut : cuts) {
    const std::size_t begin = applied - cut.begin % (std::min<std::size_t>(applied, 6) + 1);
    const std::size_t end = std::min(begin + cut.records, records.size());
    RC_ASSERT((*store)->Apply(std::span(records).subspan(begin, end - begin), end + 1).ok());
    applied = std::max(applied, end);
    if (cut.is_reopened) {
      RC_ASSERT((*store)->Close().ok());
      store = OpenRecords(world.Env(), &sink);
      RC_ASSERT(store.ok());
    }
    RC_ASSERT((*store)->cursor() == applied + 1);
    RC_ASSERT(*RowsOf(**store) == RowsAfter(std::span(records).first(applied)));
  }
  RC_ASSERT((*store)->Apply(records, records.size() + 1).ok());

  RC_ASSERT(*RowsOf(**store) == RowsAfter(records));
  for (const JournalRecord& record : records) {
    const bool is_ledger = record.type == static_cast<std::uint8_t>(RecordType::kLedger);
    RC_ASSERT(sink.lsns.contains(record.lsn) == is_ledger);
  }
}

}  // namespace
}  // namespace permafrost::engine
