// How far a tailer goes, what it follows, what that costs, and what it refuses.
#include "engine/journal/tailer.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "engine/journal/journal_format.h"
#include "faults/fault_plan.h"
#include "faults/faulty_file_system.h"
#include "tests/engine/journal/follower.h"
#include "vfs/metered_file_system.h"

namespace permafrost::engine::journal {
namespace {

using ::testing::AllOf;
using testing::AppendUpTo;
using testing::BodyOf;
using testing::BootOptions;
using testing::BootTailOptions;
using testing::CountNames;
using testing::Follower;
using ::testing::HasSubstr;
using testing::InProcess;
using ::testing::IsEmpty;
using testing::JournalWorld;
using testing::kDir;
using testing::kType;
using testing::Overwrite;
using testing::ReadAt;
using testing::TailOptions;

TEST(Tailer, FollowsThroughRollsAsFarAsItMay) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open(BootOptions()));
  Follower inside(&world.disk(), InProcess(journal.get(), "inside"));
  Follower outside(&world.disk(), BootTailOptions("outside"));
  Follower stranger(&world.disk(), TailOptions("stranger"));

  for (Lsn last = 0; last <= 100; ++last) {
    AppendUpTo(*journal, last);
    EXPECT_EQ(inside.Drain(), last);
    EXPECT_EQ(outside.Drain(), last);
    // A record proves the batch before it.
    EXPECT_EQ(stranger.Drain(), last == 0 ? 0 : last - 1);
  }
  EXPECT_GT(journal->segments().size(), 3U);
  ASSERT_OK(journal->Close());
  EXPECT_EQ(stranger.Drain(), 100U);
  for (const Follower* one : {&inside, &outside, &stranger}) EXPECT_EQ(one->wrong(), "");
}

TEST(Tailer, OneThatComesLateReadsEverything) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open(BootOptions()));
  AppendUpTo(*journal, 60);
  for (Lsn from = 1; from <= 61; from += 4) {
    TailerOptions options = BootTailOptions();
    options.from_lsn = from;
    Follower late(&world.disk(), options);
    EXPECT_EQ(late.tailer().next_lsn(), from);
    EXPECT_EQ(late.Drain(), 60U) << from;
    EXPECT_EQ(late.wrong(), "");
  }
  TailerOptions options = InProcess(journal.get());
  options.from_lsn = 63;
  Follower early(&world.disk(), options);
  EXPECT_EQ(early.Drain(), 62U);
  AppendUpTo(*journal, 64);
  EXPECT_EQ(early.Drain(), 64U);
  EXPECT_EQ(early.wrong(), "");
}

TEST(Tailer, GivesAtMostWhatIsAskedFor) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  AppendUpTo(*journal, 50);
  ASSERT_OK_AND_ASSIGN(const auto tailer,
                       Tailer::Open(&world.disk(), kDir, InProcess(journal.get())));
  EXPECT_THAT(*tailer->Next(0), IsEmpty());
  EXPECT_EQ(tailer->Next(1)->size(), 1U);
  EXPECT_EQ(tailer->Next(30)->size(), 30U);
  EXPECT_EQ(tailer->Next(1000)->size(), 19U);
  EXPECT_THAT(*tailer->Next(1000), IsEmpty());
  EXPECT_EQ(tailer->next_lsn(), 51U);
}

TEST(Tailer, FollowsAWriterThatStartsAgainAndAgain) {
  for (const bool is_closed : {false, true}) {
    JournalWorld world;
    ASSERT_OK(world.disk().MakeDir(kDir));
    Follower outside(&world.disk(), BootTailOptions("outside"));
    Follower stranger(&world.disk(), TailOptions("stranger"));
    EXPECT_EQ(outside.Drain(), 0U);  // before the first writer
    Lsn last = 0;
    std::size_t inside_the_file_before = 0;
    for (int life = 0; life < 12; ++life) {
      ASSERT_OK_AND_ASSIGN(const auto journal, world.Open(BootOptions()));
      Follower inside(&world.disk(), InProcess(journal.get(), "inside"));
      EXPECT_EQ(outside.Drain(), last);
      EXPECT_EQ(stranger.Drain(), last);  // what a recovery keeps it proves
      last += 5;
      AppendUpTo(*journal, last);
      EXPECT_EQ(inside.Drain(), last);
      EXPECT_EQ(inside.wrong(), "");
      EXPECT_EQ(outside.Drain(), last);
      EXPECT_EQ(stranger.Drain(), last - 1);
      const std::vector<Segment> segments = journal->segments();
      for (std::size_t i = 1; i < segments.size(); ++i) {
        const Segment& before = segments[i - 1];
        inside_the_file_before +=
            segments[i].header.base < before.header.base + before.file_bytes - 500 ? 1U : 0U;
      }
      if (is_closed) {
        ASSERT_OK(journal->Close());
      }
    }
    EXPECT_GT(inside_the_file_before, 10U);
    EXPECT_EQ(outside.wrong() + stranger.wrong(), "");
  }
}

TEST(Tailer, BufferedRecordsAreNotSeenBeforeTheyAreFlushed) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open(BootOptions()));
  Follower inside(&world.disk(), InProcess(journal.get(), "inside"));
  Follower outside(&world.disk(), BootTailOptions("outside"));
  for (Lsn lsn = 1; lsn <= 3; ++lsn) ASSERT_OK(journal->Buffer(kType, BodyOf(lsn)));
  EXPECT_EQ(inside.Drain(), 0U);
  EXPECT_EQ(outside.Drain(), 0U);
  ASSERT_OK(journal->Flush());
  EXPECT_EQ(inside.Drain(), 3U);
  EXPECT_EQ(outside.Drain(), 3U);
  EXPECT_EQ(inside.wrong() + outside.wrong(), "");
}

TEST(Tailer, WhatAPoisonedWriterLeftIsNotReturned) {
  for (const std::string effect : {"fail", "fail:reverted", "fail:clean"}) {
    SCOPED_TRACE(effect);
    JournalWorld world;
    Follower* all[3];
    faults::FaultyFileSystem faulty(&world.disk(),
                                    *faults::ParsePlan("when sync_data nth=3 then " + effect));
    ASSERT_OK_AND_ASSIGN(auto journal, Journal::Open(world.Env(&faulty), kDir, BootOptions()));
    Follower inside(&world.disk(), InProcess(journal.get(), "inside"));
    Follower outside(&world.disk(), BootTailOptions("outside"));
    Follower stranger(&world.disk(), TailOptions("stranger"));
    all[0] = &inside, all[1] = &outside, all[2] = &stranger;
    AppendUpTo(*journal, 2);
    ASSERT_FALSE(journal->Append(kType, "another third record").ok());
    // Its bytes are there.
    for (Follower* one : all) EXPECT_LE(one->Drain(), 2U);
    EXPECT_EQ(outside.Drain(), 2U);
    ASSERT_OK(journal->Close().ok() ? absl::InternalError("closed") : absl::OkStatus());
    for (Follower* one : {&outside, &stranger}) EXPECT_LE(one->Drain(), 2U);
    journal.reset();
    ASSERT_OK(world.disk().DropCaches());

    ASSERT_OK_AND_ASSIGN(journal, world.Open(BootOptions()));
    const Lsn kept = journal->LastLsn();
    EXPECT_EQ(kept, effect == "fail" ? 3U : 2U);
    for (Lsn lsn = kept + 1; lsn <= 20; ++lsn) ASSERT_OK(journal->Append(kType, BodyOf(lsn)));
    EXPECT_EQ(outside.Drain(), 20U);
    EXPECT_EQ(stranger.Drain(), 19U);
    for (Follower* one : {&outside, &stranger})
      EXPECT_EQ(one->wrong(), kept == 3 ? "3 instead of 3; " : "");
  }
}

TEST(Tailer, WithAFreeLockItGoesAsFarAsTheRecordsProve) {
  JournalWorld world;
  vfs::CallMeter meter;
  vfs::MeteredFileSystem metered(&world.disk(), &meter);
  ASSERT_OK_AND_ASSIGN(auto journal, world.Open(BootOptions()));
  AppendUpTo(*journal, 5);
  journal.reset();  // killed
  Follower outside(&metered, BootTailOptions());
  const std::uint64_t locks = meter.Counts()[vfs::CallKind::kLock].calls;
  for (int poll = 0; poll < 10; ++poll) EXPECT_EQ(outside.Drain(), 4U);
  // It asked for the lock once, and gave it back.
  EXPECT_EQ(meter.Counts()[vfs::CallKind::kLock].calls, locks + 1);
  ASSERT_OK_AND_ASSIGN(journal, world.Open(BootOptions()));
  EXPECT_EQ(outside.Drain(), 5U);
  AppendUpTo(*journal, 6);
  EXPECT_EQ(outside.Drain(), 6U);
  EXPECT_EQ(outside.wrong(), "");
}

TEST(Tailer, AForeignBootAndATornMarkAreNotBelieved) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open(BootOptions()));
  AppendUpTo(*journal, 5);
  TailerOptions later = BootTailOptions("later");
  later.boot_id.fill(0xb1);
  Follower foreign(&world.disk(), later);
  EXPECT_EQ(foreign.Drain(), 4U);

  const std::string path = vfs::JoinPath(kDir, kDurableName);
  const std::string mark = ReadAt(world.disk(), path, 0, kDurableBytes);
  Follower outside(&world.disk(), BootTailOptions());
  for (std::size_t torn = 0; torn < kDurableBytes; ++torn) {
    if (torn > kDurableOffsetAt + 8 && torn < kDurableCrcAt) continue;  // zeros
    Overwrite(world.disk(), path, 0, std::string(kDurableBytes, '\xff'));
    Overwrite(world.disk(), path, 0, mark.substr(0, torn));
    EXPECT_EQ(outside.Drain(), 4U) << torn;
  }
  Overwrite(world.disk(), path, 0, mark);
  EXPECT_EQ(outside.Drain(), 5U);
  EXPECT_EQ(foreign.Drain(), 4U);
  EXPECT_EQ(outside.wrong() + foreign.wrong(), "");
}

TEST(Tailer, ACursorProvesToo) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  AppendUpTo(*journal, 5);
  Follower stranger(&world.disk(), TailOptions());
  EXPECT_EQ(stranger.Drain(), 4U);
  ASSERT_OK(journal->SetCursor("ingest", 6));
  EXPECT_EQ(stranger.Drain(), 5U);
  AppendUpTo(*journal, 7);
  ASSERT_OK(journal->MarkIdle());
  EXPECT_EQ(stranger.Drain(), 7U);
  EXPECT_EQ(stranger.wrong(), "");
}

TEST(Tailer, ItsLeaseKeepsSegmentsFromBeingUsedAgain) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  AppendUpTo(*journal, 60);
  {
    const Follower tail(&world.disk(), TailOptions());
    const std::size_t spares = CountNames(world.disk(), kSparePrefix);
    ASSERT_OK(journal->TruncateBefore(30));
    EXPECT_EQ(CountNames(world.disk(), kSparePrefix), spares);
    EXPECT_EQ(CountNames(world.disk(), kLeasePrefix), 1U);
  }
  ASSERT_OK(journal->TruncateBefore(60));
  EXPECT_EQ(CountNames(world.disk(), kSparePrefix), 1U);
  EXPECT_EQ(CountNames(world.disk(), kLeasePrefix), 0U);
}

TEST(Tailer, ATruncatedLsnIsNamedWithTheFirstThatIsThere) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  AppendUpTo(*journal, 60);
  const std::vector<Segment> segments = journal->segments();
  Follower behind(&world.disk(), InProcess(journal.get(), "behind"));
  ASSERT_EQ(behind.tailer().Next(3)->size(), 3U);
  ASSERT_OK(journal->TruncateBefore(segments[2].header.first_lsn));

  // What it has open stays readable; then there is a gap.
  EXPECT_EQ(behind.tailer().Next(100)->back().lsn, segments[1].header.first_lsn - 1);
  const std::string text =
      fmt::format("tail journal journal: LSN {} was truncated, the first that is there is {}",
                  segments[1].header.first_lsn, segments[2].header.first_lsn);
  for (int again = 0; again < 2; ++again)
    EXPECT_ERROR(behind.tailer().Next(3), absl::StatusCode::kOutOfRange, text);
  TailerOptions options = TailOptions("next");
  options.from_lsn = segments[2].header.first_lsn;
  Follower next(&world.disk(), options);
  EXPECT_EQ(next.Drain(), 59U);
  EXPECT_EQ(next.wrong(), "");
}

TEST(Tailer, WhatItRefusesIsNamed) {
  JournalWorld world;
  EXPECT_ERROR(Tailer::Open(&world.disk(), kDir, TailOptions("a b")),
               absl::StatusCode::kInvalidArgument,
               "open tailer 'a b' of journal journal: a name has 1 to 64 letters, digits, '-' and "
               "'_'");
  TailerOptions zero = TailOptions();
  zero.from_lsn = 0;
  EXPECT_ERROR(Tailer::Open(&world.disk(), kDir, zero), absl::StatusCode::kInvalidArgument,
               "open tailer 'tail' of journal journal: from LSN 0, the first LSN is 1");
  EXPECT_EQ(Tailer::Open(&world.disk(), kDir, TailOptions()).status().code(),
            absl::StatusCode::kNotFound);

  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  AppendUpTo(*journal, 2);
  TailerOptions options = TailOptions();
  options.lock_content = "4711";
  ASSERT_OK_AND_ASSIGN(const auto first, Tailer::Open(&world.disk(), kDir, options));
  EXPECT_ERROR(Tailer::Open(&world.disk(), kDir, options), absl::StatusCode::kUnavailable,
               AllOf(HasSubstr("lock journal/lease-tail: held by"), HasSubstr("4711")));
  options = InProcess(journal.get(), "other");
  options.store_id.fill(1);
  ASSERT_OK_AND_ASSIGN(const auto other, Tailer::Open(&world.disk(), kDir, options));
  EXPECT_ERROR(other->Next(1), absl::StatusCode::kFailedPrecondition,
               HasSubstr("it belongs to another store"));
}

TEST(Tailer, APollReadsWhatIsNewAndNotTheLog) {
  JournalWorld world;
  JournalOptions options = BootOptions();
  options.segment_bytes = 4 << 20;
  ASSERT_OK_AND_ASSIGN(auto journal, world.Open(options));
  for (int i = 0; i < 900; ++i) ASSERT_OK(journal->Append(kType, std::string(8 << 10, 'x')));
  vfs::CallMeter meter;
  vfs::MeteredFileSystem metered(&world.disk(), &meter);
  ASSERT_OK_AND_ASSIGN(const auto outside, Tailer::Open(&metered, kDir, BootTailOptions("one")));
  ASSERT_OK_AND_ASSIGN(const auto stranger, Tailer::Open(&metered, kDir, TailOptions("two")));
  while (!outside->Next(1000)->empty()) continue;
  while (!stranger->Next(1000)->empty()) continue;
  ASSERT_EQ(outside->next_lsn(), 901U);
  ASSERT_EQ(stranger->next_lsn(), 900U);
  const auto bytes_of = [&](Tailer& tailer) {
    meter.Reset();
    EXPECT_EQ(tailer.Next(1000)->size(), 1U);
    return meter.Counts()[vfs::CallKind::kRead].bytes;
  };

  ASSERT_OK(journal->Append(kType, std::string(8 << 10, 'x')));
  EXPECT_LT(bytes_of(*outside), 9U << 10);
  EXPECT_LT(bytes_of(*stranger), 600U << 10);
  meter.Reset();
  EXPECT_THAT(*outside->Next(1000), IsEmpty());
  EXPECT_LE(meter.Counts()[vfs::CallKind::kRead].bytes, kDurableBytes);
  // The writer is killed, and the records are all there is.
  ASSERT_OK(journal->Append(kType, "last"));
  journal.reset();
  meter.Reset();
  EXPECT_THAT(*outside->Next(1000), IsEmpty());
  EXPECT_LT(meter.Counts()[vfs::CallKind::kRead].bytes, 600U << 10);
}

}  // namespace
}  // namespace permafrost::engine::journal
