// Ledgers pushed into a journal and taken from it: their order, what is passed over, what is
// refused, and a cursor that follows the store.
#include "engine/ingest/journal_source.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "engine/ingest/ingest.h"
#include "engine/journal/record_types.h"
#include "tests/engine/journal/journal_world.h"
#include "tests/engine/ledger_model.h"
#include "tests/status_matchers.h"
#include "vfs/base/status.h"

namespace permafrost::engine {
namespace {

using journal::Journal;
using journal::Lsn;
using testing::LedgerModel;
using testing::LedgerWorld;

constexpr std::uint64_t kSeed = 23;
constexpr char kDirectory[] = "journal";
constexpr auto kLedgerType = static_cast<std::uint8_t>(RecordType::kLedger);
constexpr auto kForeignType = static_cast<std::uint8_t>(RecordType::kVote);

std::string BodyOf(std::uint32_t sequence, std::uint64_t seed = kSeed) {
  const std::string bytes = SyntheticLedger(seed, LedgerSeq{sequence});
  const auto view = FrameDecoder().Decode(bytes);
  EXPECT_OK(view);
  return LedgerRecordBody(*view, bytes);
}

// A store and a journal on one disk, and a source between them.
class JournalSourceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(world_.Open());
    OpenJournal();
  }
  void OpenJournal() {
    journal::JournalOptions options = journal::testing::SmallOptions();
    options.segment_bytes = 16384;
    auto journal = Journal::Open(world_.world().Env(), kDirectory, options);
    ASSERT_OK(journal);
    journal_ = *std::move(journal);
    written_ = std::make_unique<WrittenLedgerJournal>(journal_.get());
  }
  void Push(const std::vector<std::uint32_t>& sequences) {
    for (const std::uint32_t sequence : sequences)
      ASSERT_OK(journal_->Append(kLedgerType, BodyOf(sequence)));
  }
  std::unique_ptr<JournalSource> Attach(JournalSourceOptions options = {}) {
    auto source = JournalSource::Attach(written_.get(), std::move(options));
    EXPECT_OK(source);
    return *std::move(source);
  }
  std::unique_ptr<LedgerStream> Open(JournalSource& source, std::optional<LedgerSeq> first) {
    auto stream = source.Open(first);
    EXPECT_OK(stream);
    return *std::move(stream);
  }
  absl::StatusOr<IngestReport> Drain() {
    const auto source = Attach({.cursor_records = 3});
    return Ingest(world_.store(), *source, {});
  }
  std::optional<Lsn> Cursor() { return LedgerCursorIn(journal_->state()); }

  LedgerWorld world_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<WrittenLedgerJournal> written_;
};

TEST_F(JournalSourceTest, LedgersComeInTheOrderOfTheirRecords) {
  Push({2, 3});
  ASSERT_OK(journal_->Append(kForeignType, ""));
  Push({3, 2, 4});
  ASSERT_OK(journal_->Append(kForeignType, ""));
  const auto source = Attach();
  ASSERT_OK_AND_ASSIGN(const LedgerSeq first, source->First());
  EXPECT_EQ(first, LedgerSeq{2});
  const auto stream = Open(*source, LedgerSeq{3});

  for (const auto& [sequence, lsn] : {std::pair{3U, 2U}, {4U, 6U}}) {
    ASSERT_OK_AND_ASSIGN(const auto ledger, stream->Next());
    ASSERT_TRUE(ledger.has_value());
    EXPECT_EQ(ledger->sequence, LedgerSeq{sequence});
    EXPECT_EQ(ledger->bytes, SyntheticLedger(kSeed, LedgerSeq{sequence}));
    ASSERT_OK_AND_ASSIGN(const JournalRecord record, journal_->Get(lsn));
    EXPECT_EQ(ledger->origin, fmt::format("journal at LSN {}, offset {}", lsn, record.offset));
  }
  ASSERT_OK_AND_ASSIGN(const auto end, stream->Next());
  EXPECT_FALSE(end.has_value());
  EXPECT_FALSE(source->is_bulk());
  EXPECT_ERROR(source->Available(), absl::StatusCode::kUnimplemented,
               "journal does not say which ledgers it has");
  EXPECT_ERROR(source->Open(LedgerSeq{5}), absl::StatusCode::kFailedPrecondition,
               "journal can be read once, and is");
}

// A clean end or a kill after each record.
TEST_F(JournalSourceTest, EveryLedgerArrivesOnceAcrossRestarts) {
  constexpr std::uint32_t kLedgers = 20;
  const LedgerModel model = LedgerModel::Synthetic(kSeed, kLedgers);
  for (std::uint32_t i = 0; i < kLedgers; ++i) {
    Push({2 + i, 2 + i / 2});
    if (i % 3 == 0) {
      ASSERT_OK_AND_ASSIGN(const IngestReport report, Drain());
      EXPECT_EQ(report.last, LedgerSeq{2 + i});
      EXPECT_EQ(Cursor(), journal_->LastFlushedLsn() + 1);
    }
    journal_.reset();
    if (i % 2 == 0) {
      world_.Kill();
    } else {
      ASSERT_OK(world_.Close());
    }
    ASSERT_OK(world_.Open());
    OpenJournal();
  }

  ASSERT_OK_AND_ASSIGN(const IngestReport report, Drain());

  EXPECT_EQ(report.last, LedgerSeq{21});
  EXPECT_EQ(model.Wrong(world_.Reader()), "");
  ASSERT_OK_AND_ASSIGN(const IngestReport again, Drain());
  EXPECT_EQ(again.appended, 0U);
}

TEST_F(JournalSourceTest, TheCursorFollowsTheCommit) {
  Push({2, 3, 4, 5});
  const auto source = Attach({.cursor_records = 2});
  EXPECT_EQ(Cursor(), 1U);
  const auto stream = Open(*source, LedgerSeq{2});

  ASSERT_OK(stream->Next());
  ASSERT_OK(source->Committed(LedgerSeq{2}));
  EXPECT_EQ(Cursor(), 1U);
  ASSERT_OK(stream->Next());
  EXPECT_EQ(Cursor(), 1U);
  ASSERT_OK(source->Committed(LedgerSeq{3}));
  EXPECT_EQ(Cursor(), 3U);
  ASSERT_OK(stream->Next());
  ASSERT_OK(stream->Next());
  // The source is at its end and two ledgers are on their way.
  ASSERT_OK_AND_ASSIGN(const auto end, stream->Next());
  EXPECT_FALSE(end.has_value());
  EXPECT_EQ(Cursor(), 3U);
  ASSERT_OK(source->Committed(LedgerSeq{4}));
  ASSERT_OK(source->Committed(LedgerSeq{5}));
  EXPECT_EQ(Cursor(), 5U);
}

TEST_F(JournalSourceTest, WhatTheStoreLacksIsNotTruncated) {
  Push({2, 3, 4});
  Attach();

  EXPECT_ERROR(journal_->TruncateBefore(3), absl::StatusCode::kFailedPrecondition,
               "truncate journal journal before LSN 3: cursor 'ledgers' needs LSN 1");
}

TEST_F(JournalSourceTest, ALostCursorIsFoundAgain) {
  Push({2, 3, 4});
  ASSERT_OK(Drain());
  Push({5});
  ASSERT_OK(journal_->RemoveCursor(kLedgerCursor));

  ASSERT_OK_AND_ASSIGN(const IngestReport report, Drain());

  EXPECT_EQ(report.appended, 1U);
  EXPECT_EQ(Cursor(), 5U);
}

// The store of an older backup beside the journal of today.
TEST_F(JournalSourceTest, TheCursorGoesBackWithAStoreThatWasSetBack) {
  Push({2, 3, 4, 5});
  ASSERT_OK(Drain());
  ASSERT_EQ(Cursor(), 5U);
  const auto source = Attach();
  const auto stream = Open(*source, LedgerSeq{4});

  ASSERT_OK_AND_ASSIGN(const auto ledger, stream->Next());

  EXPECT_EQ(ledger->sequence, LedgerSeq{4});
  EXPECT_EQ(Cursor(), 3U);
}

TEST_F(JournalSourceTest, AGapNamesWhereFoundAndExpected) {
  Push({2, 4});
  ASSERT_OK_AND_ASSIGN(const JournalRecord record, journal_->Get(2));
  const std::string text = fmt::format(
      "journal at LSN 2, offset {}: found ledger 4, expected ledger 3; bring what is missing from "
      "another source, or pass the record over: permafrost journal checkpoint --cursor ledgers=3",
      record.offset);
  EXPECT_ERROR(Drain(), absl::StatusCode::kOutOfRange, text);
  EXPECT_EQ(world_.Reader().latest(), LedgerSeq{2});

  Push({3});
  const auto source = Attach();
  const auto stream = Open(*source, LedgerSeq{3});
  EXPECT_ERROR(stream->Next(), absl::StatusCode::kOutOfRange, text);
  EXPECT_ERROR(stream->Next(), absl::StatusCode::kOutOfRange, text);
}

TEST_F(JournalSourceTest, WhatIsMissingMayComeFromElsewhere) {
  Push({2, 4});
  ASSERT_FALSE(Drain().ok());
  ASSERT_OK(world_.store().Append(SyntheticLedger(kSeed, LedgerSeq{3}), "elsewhere"));

  ASSERT_OK_AND_ASSIGN(const IngestReport report, Drain());

  EXPECT_EQ(report.last, LedgerSeq{4});
}

TEST_F(JournalSourceTest, TheOperatorsCursorPassesARecordOver) {
  Push({2, 4, 3, 4});
  ASSERT_FALSE(Drain().ok());
  ASSERT_OK(journal_->SetCursor(kLedgerCursor, 3));

  ASSERT_OK_AND_ASSIGN(const IngestReport report, Drain());

  EXPECT_EQ(report.last, LedgerSeq{4});
  EXPECT_EQ(Cursor(), 5U);
}

TEST_F(JournalSourceTest, AGapBelowTheCursorCountsIfNothingFollows) {
  Push({2, 4});
  ASSERT_FALSE(Drain().ok());
  ASSERT_OK(journal_->SetCursor(kLedgerCursor, 3));

  const auto drained = Drain();

  EXPECT_EQ(drained.status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_THAT(vfs::Message(drained.status()), ::testing::HasSubstr("journal at LSN 2, offset "));
  EXPECT_EQ(Cursor(), 3U);
}

TEST_F(JournalSourceTest, ARecordThatIsNoLedgerIsNamed) {
  Push({2});
  ASSERT_OK(journal_->Append(kLedgerType, "\xff"));
  ASSERT_OK_AND_ASSIGN(const JournalRecord record, journal_->Get(2));

  const auto drained = Drain();

  EXPECT_EQ(drained.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(vfs::Message(drained.status()),
              ::testing::StartsWith(fmt::format("journal at LSN 2, offset {}: ", record.offset)));
}

TEST_F(JournalSourceTest, ARecordWithoutASequenceIsNoLedger) {
  ASSERT_OK(journal_->Append(kLedgerType, ""));

  EXPECT_EQ(vfs::Message(Drain().status()),
            "journal at LSN 1, offset 64: found ledger 0, expected ledger 2; bring what is missing "
            "from another source, or pass the record over: permafrost journal checkpoint --cursor "
            "ledgers=2");
}

TEST_F(JournalSourceTest, ALedgerOfAForkIsRefusedByTheStore) {
  Push({2});
  ASSERT_OK(journal_->Append(kLedgerType, BodyOf(3, kSeed + 1)));
  ASSERT_OK_AND_ASSIGN(const JournalRecord record, journal_->Get(2));

  const auto drained = Drain();

  EXPECT_EQ(drained.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(vfs::Message(drained.status()),
              ::testing::HasSubstr(fmt::format("journal at LSN 2, offset {}", record.offset)));
  EXPECT_EQ(world_.Reader().latest(), LedgerSeq{2});
}

TEST_F(JournalSourceTest, AJournalWithoutLedgersSaysSo) {
  ASSERT_OK(journal_->Append(kForeignType, ""));

  EXPECT_ERROR(Attach()->First(), absl::StatusCode::kNotFound,
               "journal holds no ledger; push one first");
}

TEST_F(JournalSourceTest, ALiveSourceWaitsForMoreUntilItIsStopped) {
  int waits = 0;
  const auto wait = [&](std::uint64_t nanos) {
    EXPECT_EQ(nanos, 100'000'000U);
    if (++waits == 2) Push({2});
    return waits == 4;
  };
  const auto source = Attach({.wait = wait});
  const auto stream = Open(*source, LedgerSeq{2});

  ASSERT_OK_AND_ASSIGN(const auto ledger, stream->Next());
  EXPECT_EQ(ledger->sequence, LedgerSeq{2});
  EXPECT_EQ(waits, 2);
  ASSERT_OK(source->Committed(LedgerSeq{2}));
  EXPECT_EQ(Cursor(), 1U);

  EXPECT_ERROR(stream->Next(), absl::StatusCode::kCancelled, "read journal: asked to stop");
  EXPECT_EQ(Cursor(), 2U);
}

// A journal whose cursor is not to be had while somebody else writes.
class BusyJournal final : public LedgerJournal {
 public:
  explicit BusyJournal(LedgerJournal* journal) : journal_(*journal) {}

  absl::StatusOr<Lsn> First() override { return journal_.First(); }
  absl::StatusOr<std::vector<JournalRecord>> Read(Lsn from, std::size_t limit) override {
    return journal_.Read(from, limit);
  }
  absl::StatusOr<std::optional<Lsn>> Cursor() override { return journal_.Cursor(); }
  absl::Status SetCursor(Lsn next) override {
    if (is_busy) return vfs::Unavailable("busy");
    return journal_.SetCursor(next);
  }

  bool is_busy = true;

 private:
  LedgerJournal& journal_;
};

TEST_F(JournalSourceTest, ACursorThatCannotBeSetLags) {
  Push({2, 3, 4});
  BusyJournal busy(written_.get());
  EXPECT_ERROR(JournalSource::Attach(&busy, {}), absl::StatusCode::kUnavailable, "busy");
  busy.is_busy = false;
  ASSERT_OK_AND_ASSIGN(const auto source, JournalSource::Attach(&busy, {.cursor_records = 1}));
  busy.is_busy = true;

  ASSERT_OK(Ingest(world_.store(), *source, {}));

  EXPECT_EQ(world_.Reader().latest(), LedgerSeq{4});
  EXPECT_EQ(Cursor(), 1U);
}

// It would lead: then it has to be set before the ledger is taken.
TEST_F(JournalSourceTest, ACursorThatLeadsIsNotLeft) {
  Push({2, 3});
  ASSERT_OK(journal_->SetCursor(kLedgerCursor, 3));
  BusyJournal busy(written_.get());
  ASSERT_OK_AND_ASSIGN(const auto source, JournalSource::Attach(&busy, {}));
  const auto stream = Open(*source, LedgerSeq{2});

  EXPECT_ERROR(stream->Next(), absl::StatusCode::kUnavailable, "busy");
  EXPECT_ERROR(stream->Next(), absl::StatusCode::kUnavailable, "busy");
  busy.is_busy = false;
  ASSERT_OK_AND_ASSIGN(const auto ledger, stream->Next());
  EXPECT_EQ(ledger->sequence, LedgerSeq{2});
  EXPECT_EQ(Cursor(), 1U);
}

}  // namespace
}  // namespace permafrost::engine
