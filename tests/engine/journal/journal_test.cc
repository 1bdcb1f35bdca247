// One journal: what it gives out, where it rolls, what it refuses, what it forgets.
#include "engine/journal/journal.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "faults/fault_plan.h"
#include "faults/faulty_file_system.h"
#include "tests/engine/journal/journal_world.h"
#include "vfs/posix/native_executor.h"
#include "vfs/wrapping_file_system.h"

namespace permafrost::engine::journal {
namespace {

using testing::AppendUpTo;
using testing::BodyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::JournalWorld;
using testing::kDir;
using testing::kType;
using testing::SmallOptions;
using testing::Spares;
using testing::Wrong;

TEST(Journal, NumbersAreDenseAndRecordsComeBack) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());

  AppendUpTo(*journal, 5);
  EXPECT_EQ(journal->LastLsn(), 5U);
  EXPECT_EQ(journal->LastFlushedLsn(), 5U);
  ASSERT_OK_AND_ASSIGN(const JournalRecord record, journal->Get(3));
  EXPECT_EQ(record.body, BodyOf(3));
  EXPECT_TRUE(record.is_durable);
  EXPECT_EQ(record.hash, ContentAddressOf(kType, BodyOf(3)));
  EXPECT_ERROR(journal->Get(6), absl::StatusCode::kOutOfRange, HasSubstr("LSN 6, the last is 5"));
  EXPECT_EQ(Wrong(*journal, 5), "");
}

TEST(Journal, SegmentsRollAndEveryRestartGoesOn) {
  JournalWorld world;
  for (Lsn last = 7; last <= 70; last += 7) {
    ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
    EXPECT_EQ(Wrong(*journal, last - 7), "");
    AppendUpTo(*journal, last);
    EXPECT_EQ(Wrong(*journal, last), "");
    if (last % 2 == 0) {
      ASSERT_OK(journal->Close());
    }
  }
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  EXPECT_EQ(Wrong(*journal, 70), "");
  EXPECT_GT(journal->segments().size(), 10U);
  for (Lsn lsn = 1; lsn <= 70; ++lsn) {
    ASSERT_OK_AND_ASSIGN(const JournalRecord record, journal->Get(lsn));
    EXPECT_EQ(record.body, BodyOf(lsn));
  }
}

TEST(Journal, OffsetsNeverRepeat) {
  JournalWorld world;
  std::uint64_t before = 0;
  Lsn seen = 0;
  for (int life = 0; life < 4; ++life) {
    ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
    AppendUpTo(*journal, journal->LastLsn() + 20);
    ASSERT_OK_AND_ASSIGN(const auto records, journal->Read(seen + 1, 1000));
    EXPECT_EQ(records.size(), 20U);
    for (const JournalRecord& record : records) {
      EXPECT_GT(record.offset, before);
      before = record.offset;
      seen = record.lsn;
    }
    ASSERT_OK(journal->Close());
  }
}

TEST(Journal, BufferedRecordsHaveNumbersAndAreNotDurable) {
  JournalWorld world;
  JournalOptions options = SmallOptions();
  options.batch_size = 4;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open(options));

  for (Lsn lsn = 1; lsn <= 3; ++lsn) {
    ASSERT_OK_AND_ASSIGN(const Lsn given, journal->Buffer(kType, BodyOf(lsn)));
    EXPECT_EQ(given, lsn);
  }
  EXPECT_EQ(journal->LastLsn(), 3U);
  EXPECT_EQ(journal->LastFlushedLsn(), 0U);
  ASSERT_OK_AND_ASSIGN(const JournalRecord record, journal->Get(2));
  EXPECT_EQ(record.body, BodyOf(2));
  EXPECT_FALSE(record.is_durable);

  ASSERT_OK(journal->Buffer(kType, BodyOf(4)));
  EXPECT_EQ(journal->LastFlushedLsn(), 4U);
  ASSERT_OK(journal->Buffer(kType, BodyOf(5)));
  ASSERT_OK(journal->Flush());
  EXPECT_EQ(journal->LastFlushedLsn(), 5U);
  EXPECT_EQ(Wrong(*journal, 5), "");
}

TEST(Journal, AHandleWaitsForItsRecord) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  ASSERT_OK_AND_ASSIGN(PendingAppend first, journal->AppendAsync(kType, BodyOf(1)));
  ASSERT_OK_AND_ASSIGN(PendingAppend second, journal->AppendAsync(kType, BodyOf(2)));

  ASSERT_OK_AND_ASSIGN(const Lsn lsn, second.Wait());
  EXPECT_EQ(lsn, 2U);
  EXPECT_EQ(journal->LastFlushedLsn(), 2U);
  EXPECT_EQ(*first.Wait(), 1U);
  EXPECT_EQ(*first.Wait(), 1U);
}

TEST(Journal, ManyThreadsShareBatches) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  constexpr int kThreads = 8;
  constexpr int kEach = 200;
  std::vector<std::vector<Lsn>> given(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < kEach; ++n) {
        const auto lsn = journal->Append(kType, fmt::format("{}:{}", i, n));
        ASSERT_OK(lsn);
        EXPECT_LE(*lsn, journal->LastFlushedLsn());
        given[static_cast<std::size_t>(i)].push_back(*lsn);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(journal->LastLsn(), Lsn{kThreads} * kEach);
  for (std::size_t i = 0; i < kThreads; ++i) {
    EXPECT_TRUE(std::is_sorted(given[i].begin(), given[i].end()));
    for (std::size_t n = 0; n < kEach; ++n) {
      ASSERT_OK_AND_ASSIGN(const JournalRecord record, journal->Get(given[i][n]));
      EXPECT_EQ(record.body, fmt::format("{}:{}", i, n));
    }
  }
}

TEST(Journal, WhatItRefusesIsNamed) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  EXPECT_ERROR(journal->Append(0, "x"), absl::StatusCode::kInvalidArgument,
               "append to journal journal: type 0, 1 to 239 expected");
  EXPECT_ERROR(journal->Append(0xf0, "x"), absl::StatusCode::kInvalidArgument, HasSubstr("240"));
  const std::size_t most = BodyBytesMax(SmallOptions());
  EXPECT_OK(journal->Append(kType, std::string(most, 'x')));
  EXPECT_ERROR(journal->Append(kType, std::string(most + 1, 'x')),
               absl::StatusCode::kInvalidArgument, HasSubstr("at most"));
  EXPECT_ERROR(world.Open(), absl::StatusCode::kUnavailable, HasSubstr("writer.lock"));
  JournalOptions options = SmallOptions();
  options.segment_bytes = 1000;
  EXPECT_ERROR(JournalWorld().Open(options), absl::StatusCode::kInvalidArgument,
               "journal.segment_bytes 1000: a multiple of 8 from 1024 to 4294967296 expected");
}

TEST(Journal, ASegmentTakesFourOfTheLargest) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  for (int i = 0; i < 4; ++i)
    ASSERT_OK(journal->Append(kType, std::string(BodyBytesMax(SmallOptions()), 'x')));
  EXPECT_EQ(journal->segments().size(), 1U);
}

// Answers as the system does for a mount point, or below a directory of somebody else's.
class Unremovable final : public vfs::WrappingFileSystem {
 public:
  Unremovable(vfs::FileSystem* base, int error) : WrappingFileSystem(base), error_(error) {}
  absl::Status RemoveDir(std::string_view path) override {
    ++asked_;
    return vfs::ErrnoToStatus(error_, "remove_dir", path);
  }
  int asked() const { return asked_; }

 private:
  const int error_;
  int asked_ = 0;
};

TEST(Journal, AnEmptyDirectoryThatMayNotBeRemovedIsUsedAsItIs) {
  for (const int error : {EBUSY, EACCES, EPERM}) {
    SCOPED_TRACE(error);
    JournalWorld world;
    ASSERT_OK(world.disk().MakeDir(kDir));
    Unremovable disk(&world.disk(), error);
    {
      ASSERT_OK_AND_ASSIGN(const auto journal,
                           Journal::Open(world.Env(&disk), kDir, SmallOptions()));
      EXPECT_EQ(disk.asked(), 1);
      AppendUpTo(*journal, 3);
    }
    world.disk().KillProcess();
    ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
    EXPECT_EQ(Wrong(*journal, 3), "");
  }
}

TEST(Journal, AnEmptyDirectoryThatFailsToBeRemovedIsAnError) {
  JournalWorld world;
  ASSERT_OK(world.disk().MakeDir(kDir));
  faults::FaultyFileSystem faulty(&world.disk(), *faults::ParsePlan("when remove_dir then eio"));

  EXPECT_ERROR(Journal::Open(world.Env(&faulty), kDir, SmallOptions()), absl::StatusCode::kDataLoss,
               HasSubstr("remove_dir journal: "));
}

TEST(Journal, AnotherStoreIsRefused) {
  JournalWorld world;
  ASSERT_OK((*world.Open())->Append(kType, "x"));
  JournalOptions options = SmallOptions();
  options.store_id.fill(1);
  EXPECT_ERROR(world.Open(options), absl::StatusCode::kFailedPrecondition,
               HasSubstr("it belongs to another store"));
}

TEST(Journal, ACursorHoldsWhatItNeeds) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(auto journal, world.Open());
  AppendUpTo(*journal, 60);
  ASSERT_OK(journal->SetCursor("ingest", 41));
  EXPECT_ERROR(journal->SetCursor("ingest", 62), absl::StatusCode::kFailedPrecondition,
               HasSubstr("the log is durable up to LSN 60"));
  EXPECT_ERROR(journal->SetCursor("a b", 1), absl::StatusCode::kInvalidArgument,
               HasSubstr("1 to 64 letters"));
  EXPECT_ERROR(journal->TruncateBefore(42), absl::StatusCode::kFailedPrecondition,
               "truncate journal journal before LSN 42: cursor 'ingest' needs LSN 41");

  const std::size_t segments = journal->segments().size();
  ASSERT_OK(journal->TruncateBefore(41));
  EXPECT_LT(journal->segments().size(), segments);
  EXPECT_ERROR(journal->Get(1), absl::StatusCode::kOutOfRange, HasSubstr("was truncated"));
  EXPECT_ERROR(journal->SetCursor("late", 40), absl::StatusCode::kOutOfRange,
               HasSubstr("truncated before LSN 41"));
  AppendUpTo(*journal, 120);  // what was removed is used again
  ASSERT_OK(journal->Close());

  ASSERT_OK_AND_ASSIGN(journal, world.Open());
  EXPECT_THAT(journal->state().cursors,
              ElementsAre(std::pair<const std::string, Lsn>("ingest", 41)));
  for (Lsn lsn = 41; lsn <= 120; ++lsn) EXPECT_EQ(journal->Get(lsn)->body, BodyOf(lsn));
}

TEST(Journal, CheckpointsAreKeptToALimitAndMoveTheStart) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(auto journal, world.Open());
  EXPECT_ERROR(journal->CreateCheckpoint(), absl::StatusCode::kFailedPrecondition,
               HasSubstr("there is no cursor"));
  for (Lsn lsn = 10; lsn <= 50; lsn += 10) {
    AppendUpTo(*journal, lsn);
    ASSERT_OK(journal->SetCursor("ingest", lsn + 1));
    ASSERT_OK_AND_ASSIGN(const Lsn applied, journal->CreateCheckpoint());
    EXPECT_EQ(applied, lsn);
  }
  EXPECT_EQ(journal->state().checkpoints.size(), 3U);
  EXPECT_EQ(journal->state().first_needed.lsn, 31U);
  ASSERT_OK(journal->TruncateBefore(31));
  ASSERT_OK(journal->Close());
  ASSERT_OK_AND_ASSIGN(journal, world.Open());
  EXPECT_EQ(journal->state().checkpoints.size(), 3U);
  EXPECT_EQ(journal->Get(31)->body, BodyOf(31));
}

TEST(Journal, ACheckpointOfWhatACursorNeedsAgainIsNoneAnyMore) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  AppendUpTo(*journal, 40);
  for (const Lsn next : {Lsn{10}, Lsn{20}, Lsn{30}}) {
    ASSERT_OK(journal->SetCursor("ingest", next));
    ASSERT_OK(journal->CreateCheckpoint());
  }
  ASSERT_OK(journal->SetCursor("ingest", 12));
  ASSERT_OK_AND_ASSIGN(const Lsn applied, journal->CreateCheckpoint());
  EXPECT_EQ(applied, 11U);
  ASSERT_EQ(journal->state().checkpoints.size(), 2U);
  EXPECT_EQ(journal->state().checkpoints.back().lsn, 12U);
  EXPECT_LE(journal->state().first_needed.lsn, 12U);
}

TEST(Journal, NoSpaceForASegmentRefusesAndGoesOnLater) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(auto journal, world.Open());
  world.disk().SetCapacity(0);
  Lsn last = 0;
  absl::Status full;
  while (full.ok()) {
    const auto lsn = journal->Append(kType, BodyOf(last + 1));
    if (lsn.ok()) {
      ASSERT_EQ(*lsn, ++last);
    }
    full = lsn.status();
  }
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_GT(last, 5U);
  EXPECT_EQ(journal->LastLsn(), last);
  EXPECT_OK(journal->Health());
  world.disk().SetCapacity(1 << 20);
  AppendUpTo(*journal, last + 30);
  EXPECT_EQ(Wrong(*journal, last + 30), "");
}

TEST(Journal, ASpareIsMadeAheadOncePerSegment) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  std::size_t made = 0;
  std::size_t rolled = 0;
  for (Lsn lsn = 1; lsn <= 100; ++lsn) {
    const std::size_t segments = journal->segments().size();
    const std::size_t spares = Spares(world.disk());
    AppendUpTo(*journal, lsn);
    if (journal->segments().size() > segments) {
      ++rolled;
      // Nobody had to wait for its zeros.
      EXPECT_EQ(spares, 1U);
    }
    if (world.queue().queued() == 0) continue;
    EXPECT_EQ(Spares(world.disk()), 0U);
    world.queue().Drain();
    EXPECT_EQ(Spares(world.disk()), 1U);
    ++made;
  }
  EXPECT_GT(rolled, 3U);
  EXPECT_GE(made, rolled);
  EXPECT_LE(made, rolled + 1);
  EXPECT_EQ(Wrong(*journal, 100), "");
}

TEST(Journal, NoSpaceForASpareAheadIsToldToTheOneWhoNeedsIt) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  for (Lsn lsn = 1; world.queue().queued() == 0; ++lsn) AppendUpTo(*journal, lsn);
  world.disk().SetCapacity(0);
  world.queue().Drain();
  EXPECT_EQ(Spares(world.disk()), 0U);
  Lsn last = journal->LastLsn();
  absl::Status full;
  while (full.ok()) {
    full = journal->Append(kType, BodyOf(last + 1)).status();
    if (full.ok()) ++last;
    EXPECT_EQ(world.queue().queued(), 0U);  // no second try before it is needed
  }
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(journal->segments().size(), 1U);
  EXPECT_EQ(journal->LastLsn(), last);
  world.disk().SetCapacity(1 << 20);
  AppendUpTo(*journal, last + 30);
  EXPECT_EQ(Wrong(*journal, last + 30), "");
}

TEST(Journal, ASpareAheadIsGivenUpByWhoNeedsItAndByTheEnd) {
  JournalWorld world;
  for (const bool is_closed : {true, false}) {
    ASSERT_OK_AND_ASSIGN(auto journal, world.Open());
    const std::size_t segments = journal->segments().size();
    while (journal->segments().size() < segments + 2) AppendUpTo(*journal, journal->LastLsn() + 1);
    while (world.queue().queued() == 0) AppendUpTo(*journal, journal->LastLsn() + 1);
    EXPECT_EQ(world.queue().queued(), 1U);
    if (is_closed) {
      ASSERT_OK(journal->Close());
      EXPECT_EQ(world.queue().queued(), 0U);
    }
    journal.reset();
    EXPECT_EQ(world.queue().queued(), 0U);
  }
}

TEST(Journal, AThreadMakesSparesWhileManyAppend) {
  JournalWorld world;
  vfs::NativeExecutor executor;
  vfs::Env env = world.Env();
  env.executor = &executor;
  for (int life = 0; life < 10; ++life) {
    ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(env, kDir, SmallOptions()));
    const Lsn before = journal->LastLsn();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 50; ++n) ASSERT_OK(journal->Append(kType, "body"));
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(journal->LastLsn(), before + 200);
    if (life % 2 == 0) {
      ASSERT_OK(journal->Close());
    }
  }
}

TEST(Journal, AFailedSyncPoisonsUntilItIsOpenedAgain) {
  JournalWorld world;
  faults::FaultyFileSystem faulty(&world.disk(),
                                  *faults::ParsePlan("when sync_data nth=3 then fail"));
  ASSERT_OK_AND_ASSIGN(auto journal, Journal::Open(world.Env(&faulty), kDir, SmallOptions()));
  AppendUpTo(*journal, 2);
  const absl::Status first = journal->Append(kType, BodyOf(3)).status();
  EXPECT_EQ(first.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(journal->Append(kType, "x").status(), first);
  EXPECT_EQ(journal->Flush(), first);
  EXPECT_EQ(journal->LastLsn(), 2U);
  journal.reset();

  ASSERT_OK_AND_ASSIGN(journal, world.Open());
  const Lsn last = journal->LastLsn();
  EXPECT_GE(last, 2U);
  EXPECT_LE(last, 3U);
  EXPECT_EQ(Wrong(*journal, last), "");
}

// Calls something in the next SyncData of a file that it opened.
class Interrupting final : public vfs::WrappingFileSystem {
 public:
  using WrappingFileSystem::WrappingFileSystem;
  absl::StatusOr<std::unique_ptr<vfs::File>> Open(std::string_view path,
                                                  vfs::OpenMode mode) override {
    VFS_ASSIGN_OR_RETURN(std::unique_ptr<vfs::File> file, WrappingFileSystem::Open(path, mode));
    return std::make_unique<InterruptingFile>(std::move(file), &interruption);
  }
  std::function<void()> interruption;

 private:
  class InterruptingFile final : public vfs::WrappingFile {
   public:
    InterruptingFile(std::unique_ptr<vfs::File> base, std::function<void()>* interruption)
        : WrappingFile(std::move(base)), interruption_(interruption) {}
    absl::Status SyncData() override {
      if (*interruption_) std::exchange(*interruption_, nullptr)();
      return WrappingFile::SyncData();
    }

   private:
    std::function<void()>* const interruption_;
  };
};

TEST(Journal, ACursorThatFailsDuringASyncPoisonsWhatIsBeingSynced) {
  JournalWorld world;
  faults::FaultyFileSystem faulty(
      &world.disk(), *faults::ParsePlan("when sync path=journal/checkpoint.tmp then fail"));
  Interrupting disk(&faulty);
  ASSERT_OK_AND_ASSIGN(auto journal, Journal::Open(world.Env(&disk), kDir, SmallOptions()));
  AppendUpTo(*journal, 2);
  ASSERT_OK_AND_ASSIGN(PendingAppend first, journal->AppendAsync(kType, BodyOf(3)));
  absl::Status poison;
  std::optional<PendingAppend> late;
  disk.interruption = [&] {
    late = *journal->AppendAsync(kType, BodyOf(4));
    poison = journal->SetCursor("ingest", 2);
  };

  EXPECT_EQ(first.Wait().status(), poison);
  EXPECT_EQ(late->Wait().status(), poison);
  EXPECT_THAT(vfs::Message(poison), HasSubstr("checkpoint.tmp"));
  EXPECT_EQ(journal->Append(kType, "x").status(), poison);
  EXPECT_EQ(journal->LastFlushedLsn(), 2U);
  journal.reset();

  ASSERT_OK_AND_ASSIGN(journal, world.Open());
  EXPECT_EQ(journal->LastLsn(), 3U);
  EXPECT_EQ(Wrong(*journal, 3), "");
}

}  // namespace
}  // namespace permafrost::engine::journal
