// A journal that others write, followed for its ledgers.
#include "engine/daemon/tailed_ledger_journal.h"

#include <memory>
#include <string>

#include <gmock/gmock.h>

#include "engine/ledger/frame.h"
#include "engine/ledger/synthetic_source.h"
#include "tests/engine/store_world.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using journal::Journal;
using testing::StoreWorld;

constexpr std::uint64_t kSeed = 5;

class TailedLedgerJournalTest : public ::testing::Test {
 protected:
  TailedLedgerJournalTest() {
    place_.boot_id.fill(1);
    place_.writer.segment_bytes = 65536;
  }
  void Push(Journal& journal, std::uint32_t sequence) {
    const std::string bytes = SyntheticLedger(kSeed, LedgerSeq{sequence});
    ASSERT_OK_AND_ASSIGN(const LedgerView view, FrameDecoder().Decode(bytes));
    ASSERT_OK(journal.Append(static_cast<std::uint8_t>(RecordType::kLedger),
                             LedgerRecordBody(view, bytes)));
  }

  StoreWorld world_;
  const vfs::Env env_ = world_.Env();
  JournalPlaceOptions place_{.directory = "roots/journal"};
};

TEST_F(TailedLedgerJournalTest, IsMadeWhereThereIsNone) {
  ASSERT_OK_AND_ASSIGN(const auto tailed, TailedLedgerJournal::Open(env_, place_));

  ASSERT_OK_AND_ASSIGN(const auto cursor, tailed->Cursor());
  EXPECT_FALSE(cursor.has_value());
  ASSERT_OK_AND_ASSIGN(const auto first, tailed->First());
  EXPECT_EQ(first, 1U);
  ASSERT_OK_AND_ASSIGN(const auto records, tailed->Read(1, 10));
  EXPECT_TRUE(records.empty());
}

TEST_F(TailedLedgerJournalTest, FollowsAWriterWhoseLockKeepsTheCursorBack) {
  ASSERT_OK_AND_ASSIGN(const auto tailed, TailedLedgerJournal::Open(env_, place_));
  int waits = 0;
  const auto stop = [&](std::uint64_t /*nanos*/) { return ++waits == 2; };
  ASSERT_OK_AND_ASSIGN(const auto source,
                       JournalSource::Attach(tailed.get(), {.cursor_records = 1, .wait = stop}));
  ASSERT_OK_AND_ASSIGN(auto writer, OpenJournal(env_, place_, IfMissing::kRefuse));
  Push(*writer, 2);
  Push(*writer, 3);
  ASSERT_OK_AND_ASSIGN(const auto stream, source->Open(LedgerSeq{2}));

  for (const std::uint32_t sequence : {2U, 3U}) {
    ASSERT_OK_AND_ASSIGN(const auto ledger, stream->Next());
    ASSERT_TRUE(ledger.has_value());
    EXPECT_EQ(ledger->sequence, LedgerSeq{sequence});
    ASSERT_OK(source->Committed(LedgerSeq{sequence}));
  }
  ASSERT_OK_AND_ASSIGN(auto cursor, tailed->Cursor());
  EXPECT_EQ(cursor, 1U);

  // Nobody writes any more: at its end the source has the lock for itself.
  ASSERT_OK(writer->Close());
  EXPECT_ERROR(stream->Next(), absl::StatusCode::kCancelled, "read journal: asked to stop");
  ASSERT_OK_AND_ASSIGN(cursor, tailed->Cursor());
  EXPECT_EQ(cursor, 3U);
}

TEST_F(TailedLedgerJournalTest, GoesOnBehindASegmentOfTheNextWriter) {
  ASSERT_OK_AND_ASSIGN(const auto tailed, TailedLedgerJournal::Open(env_, place_));
  ASSERT_OK_AND_ASSIGN(const auto source,
                       JournalSource::Attach(tailed.get(), {.cursor_records = 1}));
  ASSERT_OK_AND_ASSIGN(const auto stream, source->Open(LedgerSeq{2}));
  for (std::uint32_t sequence = 2; sequence < 8; ++sequence) {
    {
      ASSERT_OK_AND_ASSIGN(const auto writer, OpenJournal(env_, place_, IfMissing::kRefuse));
      Push(*writer, sequence);
      ASSERT_OK(writer->Close());
    }
    ASSERT_OK_AND_ASSIGN(const auto ledger, stream->Next());
    ASSERT_TRUE(ledger.has_value());
    EXPECT_EQ(ledger->sequence, LedgerSeq{sequence});
    ASSERT_OK(source->Committed(LedgerSeq{sequence}));
    ASSERT_OK_AND_ASSIGN(const auto cursor, tailed->Cursor());
    EXPECT_EQ(cursor, sequence);
  }
}

// As a daemon has it: a root of its store, which it locks.
TEST_F(TailedLedgerJournalTest, TheLockOfARootIsNotInTheWay) {
  ASSERT_OK(TailedLedgerJournal::Open(env_, place_));
  ASSERT_OK_AND_ASSIGN(const auto lock, env_.fs->Lock("roots/journal/permafrost.lock", {}));

  ASSERT_OK_AND_ASSIGN(const auto writer, OpenJournal(env_, place_, IfMissing::kRefuse));
  EXPECT_OK(writer->Close());
}

}  // namespace
}  // namespace permafrost::engine
