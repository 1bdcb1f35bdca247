// A torn tail, damage, and everything that must not be taken for either.
#include "engine/journal/recovery.h"

#include <limits>
#include <span>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "engine/journal/journal_format.h"
#include "faults/fault_plan.h"
#include "faults/faulty_file_system.h"
#include "sim/disk/crash_images.h"
#include "tests/engine/journal/journal_world.h"
#include "vfs/base/check.h"

namespace permafrost::engine::journal {
namespace {

using testing::AppendUpTo;
using testing::BodyOf;
using ::testing::HasSubstr;
using testing::JournalWorld;
using testing::kDir;
using testing::kType;
using testing::SmallOptions;
using testing::Spares;
using ::testing::StartsWith;
using testing::Wrong;

std::string PathOf(std::uint64_t base) { return vfs::JoinPath(kDir, SegmentName(base)); }

std::string ReadAll(vfs::FileSystem& disk, const std::string& path) {
  const auto file = disk.Open(path, vfs::OpenMode::kRead);
  std::string bytes(disk.Stat(path)->bytes, '\0');
  VFS_CHECK(*(*file)->Read(0, std::span<char>(bytes)) == bytes.size(), "read {}", path);
  return bytes;
}

// The same disk with other bytes in one file.
sim::DiskState With(const sim::DiskState& state, const std::string& path, std::string_view bytes) {
  sim::SimFileSystem disk(state);
  const auto file = disk.Open(path, vfs::OpenMode::kReadWrite);
  VFS_CHECK(
      (*file)->Truncate(bytes.size()).ok() && (*file)->Write(0, bytes).ok() && (*file)->Sync().ok(),
      "change {}", path);
  disk.KillProcess();
  return disk.CopyState();
}

// A log of so many records in one segment, as a power cut after the last sync leaves it.
struct Log {
  sim::DiskState state;
  std::string bytes;                // of the segment
  std::vector<std::uint64_t> ends;  // ends[n]: position behind record n; ends[0]: the header
};

Log MakeLog(Lsn last, std::uint64_t segment_bytes = 2048) {
  JournalOptions options = SmallOptions();
  options.segment_bytes = segment_bytes;
  JournalWorld world;
  Log log;
  {
    const auto journal = world.Open(options);
    VFS_CHECK(journal.ok(), "{}", vfs::Message(journal.status()));
    AppendUpTo(**journal, last);
    log.ends.push_back(kHeaderBytes);
    for (Lsn lsn = 1; lsn <= last; ++lsn) {
      const auto record = (*journal)->Get(lsn);
      log.ends.push_back(record->offset + RecordBytes(record->body.size()));
    }
  }
  world.disk().KillProcess();
  log.state = world.disk().CopyState();
  log.bytes = ReadAll(world.disk(), PathOf(0));
  return log;
}

// What a restart on this disk serves: how many records, or the error.
absl::StatusOr<Lsn> Restart(const sim::DiskState& state) {
  JournalWorld world(state);
  const auto journal = world.Open();
  VFS_RETURN_IF_ERROR(journal.status());
  const Lsn last = (*journal)->LastLsn();
  const std::string wrong = Wrong(**journal, last);
  if (!wrong.empty()) return vfs::Internal("{}", wrong);
  return last;
}

TEST(SegmentName, OnlyWhatPrintsSoIsOne) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  for (const std::uint64_t base : {std::uint64_t{0}, std::uint64_t{2048}, kMax})
    EXPECT_EQ(BaseOfName(SegmentName(base)), base);
  for (const char* name :
       {"", ".seg", "2048.seg", "00000000000000002048", "00000000000000002048.se",
        "00000000000000002048.seg.seg", "000000000000000002048.seg", "0000000000000000204x.seg",
        "18446744073709551616.seg"}) {
    EXPECT_EQ(BaseOfName(name), std::nullopt) << name;
  }
}

TEST(Recovery, CutAtEveryByteItKeepsTheWholeRecordsBeforeIt) {
  const Log log = MakeLog(9);
  for (std::size_t cut = kHeaderBytes; cut <= log.bytes.size(); ++cut) {
    Lsn whole = 0;
    while (whole + 1 < log.ends.size() && log.ends[whole + 1] <= cut) ++whole;
    const auto last = Restart(With(log.state, PathOf(0), log.bytes.substr(0, cut)));
    ASSERT_OK(last) << "cut at " << cut;
    EXPECT_EQ(*last, whole) << "cut at " << cut;
  }
}

TEST(Recovery, ZerosFromEveryByteOnAreATornTail) {
  const Log log = MakeLog(9);
  for (std::size_t cut = kHeaderBytes; cut <= log.bytes.size(); ++cut) {
    std::string bytes = log.bytes.substr(0, cut);
    bytes.resize(log.bytes.size(), '\0');
    const auto last = Restart(With(log.state, PathOf(0), bytes));
    ASSERT_OK(last) << "zeros from " << cut;
    Lsn whole = 0;
    while (whole + 1 < log.ends.size() && log.ends[whole + 1] <= cut) ++whole;
    // Padding and a body's last zeros are there although they were cut.
    EXPECT_GE(*last, whole) << "zeros from " << cut;
    EXPECT_LE(*last, whole + 1) << "zeros from " << cut;
  }
}

TEST(Recovery, EveryFlippedBitIsReportedOrTheSameAnswerOrTheLastCommit) {
  const Log log = MakeLog(5, 1024);
  const std::size_t used = log.ends.back();
  for (std::size_t bit = 0; bit < log.bytes.size() * 8; ++bit) {
    std::string bytes = log.bytes;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    const auto last = Restart(With(log.state, PathOf(0), bytes));
    if (bit / 8 >= used) {
      ASSERT_OK(last) << "bit " << bit;
      EXPECT_EQ(*last, 5U) << "bit " << bit;
    } else if (bit / 8 >= log.ends[4]) {
      // The last batch: as a write that was torn.
      ASSERT_OK(last) << "bit " << bit;
      EXPECT_EQ(*last, 4U) << "bit " << bit;
    } else {
      SCOPED_TRACE(fmt::format("bit {}", bit));
      EXPECT_ERROR(last, absl::StatusCode::kDataLoss, HasSubstr(PathOf(0)));
    }
  }
}

TEST(Recovery, DamageIsNamedAndNothingIsTouched) {
  const Log log = MakeLog(5);
  std::string bytes = log.bytes;
  bytes[log.ends[1] + kFrameBytes + kHeadBytes] ^= 1;
  JournalWorld world(With(log.state, PathOf(0), bytes));
  EXPECT_ERROR(
      world.Open(), absl::StatusCode::kDataLoss,
      ::testing::AllOf(StartsWith(fmt::format("open journal segment {}: damage at byte {} (offset "
                                              "{}): expected crc32c ",
                                              PathOf(0), log.ends[1], log.ends[1])),
                       HasSubstr("LSN 2 was durable (a record at offset "),
                       HasSubstr("nothing was changed; see permafrost journal verify")));
  EXPECT_EQ(ReadAll(world.disk(), PathOf(0)), bytes);
  EXPECT_EQ(world.disk().List(kDir)->size(), 2U);
}

TEST(Recovery, SwappedRepeatedAndForeignRecordsAreNoticed) {
  const Log log = MakeLog(6);
  const auto piece = [&](Lsn n) {
    return log.bytes.substr(log.ends[n - 1], log.ends[n] - log.ends[n - 1]);
  };
  const auto with_piece = [&](Lsn n, const std::string& bytes) {
    std::string all = log.bytes;
    all.replace(log.ends[n - 1], bytes.size(), bytes);
    return With(log.state, PathOf(0), all);
  };
  // Records of equal length, so that only place and content tell.
  ASSERT_EQ(piece(2).size(), piece(3).size());
  EXPECT_ERROR(Restart(with_piece(2, piece(3) + piece(2))), absl::StatusCode::kDataLoss,
               HasSubstr("LSN 2 was durable"));
  EXPECT_ERROR(Restart(with_piece(3, piece(2))), absl::StatusCode::kDataLoss,
               HasSubstr("LSN 3 was durable"));
  // Another journal's record of the same place, number and content.
  JournalWorld other;
  other.Env();  // its clock stands elsewhere, so its nonces differ
  {
    ASSERT_OK_AND_ASSIGN(const auto journal, other.Open());
    AppendUpTo(*journal, 6);
  }
  const std::string foreign = ReadAll(other.disk(), PathOf(0));
  EXPECT_ERROR(Restart(with_piece(3, foreign.substr(log.ends[2], log.ends[3] - log.ends[2]))),
               absl::StatusCode::kDataLoss, HasSubstr("LSN 3 was durable"));
}

TEST(Recovery, AMissingSegmentIsDamage) {
  JournalWorld world;
  std::vector<Segment> segments;
  {
    ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
    AppendUpTo(*journal, 60);
    segments = journal->segments();
  }
  world.disk().KillProcess();
  ASSERT_GT(segments.size(), 2U);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    JournalWorld hurt(world.disk().CopyState());
    ASSERT_OK(hurt.disk().Unlink(segments[i].path));
    EXPECT_EQ(hurt.Open().status().code(), absl::StatusCode::kDataLoss) << i;
  }
}

TEST(Recovery, ACursorBehindTheEndIsDamage) {
  JournalWorld world;
  std::uint64_t end = 0;
  {
    ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
    AppendUpTo(*journal, 3);
    ASSERT_OK(journal->SetCursor("ingest", 4));
    end = journal->Get(3)->offset;
  }
  world.disk().KillProcess();
  const std::string bytes = ReadAll(world.disk(), PathOf(0));
  JournalWorld hurt(With(world.disk().CopyState(), PathOf(0), bytes.substr(0, end)));
  EXPECT_ERROR(
      hurt.Open(), absl::StatusCode::kDataLoss,
      "open journal journal: cursor 'ingest' proves LSN 3, the log ends with LSN 2; restore "
      "it from a backup");
}

// A recovery that was cut leaves the tail in a spare; a power cut may then take the tail itself.
TEST(Recovery, WhatACutRecoveryLeftInASpareIsNoRecord) {
  JournalWorld world;
  {
    faults::FaultyFileSystem faulty(&world.disk(),
                                    *faults::ParsePlan("when sync_data label=journal.sync nth=4 "
                                                       "then fail"));
    ASSERT_OK_AND_ASSIGN(const auto journal,
                         Journal::Open(world.Env(&faulty), kDir, SmallOptions()));
    AppendUpTo(*journal, 3);
    ASSERT_OK(journal->SetCursor("ingest", 4));  // proves them, so both recoveries begin with LSN 4
    for (Lsn lsn = 4; lsn <= 6; ++lsn) ASSERT_OK(journal->Buffer(kType, BodyOf(lsn)));
    EXPECT_EQ(journal->Flush().code(), absl::StatusCode::kDataLoss);
  }
  world.disk().KillProcess();
  {
    faults::FaultyFileSystem faulty(
        &world.disk(), *faults::ParsePlan("when rename label=journal.rename then eio"));
    EXPECT_ERROR(Journal::Open(world.Env(&faulty), kDir, SmallOptions()),
                 absl::StatusCode::kDataLoss, HasSubstr("rename journal/spare-"));
  }
  world.disk().KillProcess();
  ASSERT_EQ(Spares(world.disk()), 1U);
  std::string bytes = ReadAll(world.disk(), PathOf(0));
  const std::size_t batch_at = MakeLog(3).ends.back();
  bytes.resize(batch_at);
  bytes.resize(2048, '\0');
  JournalWorld cut(With(world.disk().CopyState(), PathOf(0), bytes));
  for (Lsn last = 3; last < 7; ++last) {
    ASSERT_OK_AND_ASSIGN(const auto journal, cut.Open());
    EXPECT_EQ(journal->LastLsn(), last);
    AppendUpTo(*journal, last + 1);
    EXPECT_EQ(Wrong(*journal, last + 1), "");
  }
  EXPECT_EQ(Spares(cut.disk()), 0U);
}

// The sync of its name failed, so no later one settles that: a restart that believes the file
// makes it anew.
TEST(Recovery, ACursorThatWasBelievedStaysBelieved) {
  JournalWorld world;
  {
    faults::FaultyFileSystem faulty(&world.disk(), {});
    ASSERT_OK_AND_ASSIGN(const auto journal,
                         Journal::Open(world.Env(&faulty), kDir, SmallOptions()));
    AppendUpTo(*journal, 9);
    ASSERT_OK(journal->SetCursor("ingest", 4));
  }
  {
    faults::FaultyFileSystem faulty(&world.disk(),
                                    *faults::ParsePlan("when sync_dir nth=4 then fail"));
    ASSERT_OK_AND_ASSIGN(const auto journal,
                         Journal::Open(world.Env(&faulty), kDir, SmallOptions()));
    EXPECT_EQ(journal->SetCursor("ingest", 8).code(), absl::StatusCode::kDataLoss);
  }
  world.disk().KillProcess();
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  ASSERT_EQ(journal->state().cursors.at("ingest"), 8U);
  const sim::CrashImages cut(world.disk().CopyState(), {.kind = sim::Personality::Kind::kNone},
                             {.images_max = 1});
  cut.ForEach([](const sim::CrashImage& image) {
    JournalWorld after(image.state);
    const auto again = after.Open();
    EXPECT_OK(again.status());
    if (again.ok()) {
      EXPECT_EQ((*again)->state().cursors.at("ingest"), 8U);
    }
    return true;
  });
}

// What is needed begins behind the last record: the scan begins there too and sees none of them.
TEST(Recovery, ALogThatWasTruncatedToItsEndGoesOnBehindIt) {
  JournalWorld world;
  {
    ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
    AppendUpTo(*journal, 3);
    ASSERT_OK(journal->TruncateBefore(4));
  }
  for (Lsn last = 4; last < 8; ++last) {
    ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
    EXPECT_EQ(journal->LastLsn(), last - 1);
    AppendUpTo(*journal, last);
    EXPECT_EQ(journal->Get(4)->body, BodyOf(4));
  }
}

TEST(Recovery, ASecondOneSaysTheSame) {
  const Log log = MakeLog(9);
  for (std::size_t cut = log.ends[6]; cut <= log.ends[9]; cut += 7) {
    JournalWorld world(With(log.state, PathOf(0), log.bytes.substr(0, cut)));
    Lsn first = 0;
    {
      ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
      first = journal->LastLsn();
    }
    for (int again = 0; again < 3; ++again) {
      ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
      EXPECT_EQ(journal->LastLsn(), first);
      EXPECT_EQ(Wrong(*journal, first), "");
    }
  }
}

struct Life {
  Lsn acknowledged = 0;
  Lsn attempted = 0;
  std::uint64_t calls = 0;
  bool is_injected = false;
};

// Thirty appends under a plan, up to the first that fails.
Life Live(JournalWorld& world, std::string_view plan) {
  faults::FaultyFileSystem faulty(&world.disk(), *faults::ParsePlan(plan));
  Life life;
  auto journal = Journal::Open(world.Env(&faulty), kDir, SmallOptions());
  absl::Status status = journal.status();
  while (status.ok() && life.attempted < 30) {
    const auto given = (*journal)->Append(kType, BodyOf(++life.attempted));
    status = given.status();
    if (status.ok()) life.acknowledged = *given;
    // A segment that could not be prepared does not poison; everything else does, for good.
    if (!(*journal)->Health().ok()) {
      EXPECT_EQ((*journal)->Append(kType, "x").status(), status);
    }
  }
  if (status.ok()) (*journal)->Close().IgnoreError();
  life.calls = faulty.FallibleCalls();
  life.is_injected = !faulty.Injected().empty();
  return life;
}

// Every call of a life fails once, in every way: nothing acknowledged is lost, nothing is
// acknowledged after it, and it can be opened again.
TEST(Recovery, AnyFailingCallLosesNothing) {
  JournalWorld clean;
  const std::uint64_t calls = Live(clean, "").calls;
  for (const std::string effect :
       {"eio", "eio after", "enospc", "short", "fail", "fail:reverted", "fail:clean"}) {
    const std::string which = effect.starts_with("fail") ? "sync"
                              : effect == "short"        ? "write"
                                                         : "any";
    int injected = 0;
    for (std::uint64_t nth = 1; nth <= calls; ++nth) {
      const std::string plan = fmt::format("when {} nth={} then {}", which, nth, effect);
      SCOPED_TRACE(plan);
      JournalWorld world;
      const Life life = Live(world, plan);
      injected += life.is_injected ? 1 : 0;
      ASSERT_OK(world.disk().DropCaches());
      ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
      EXPECT_GE(journal->LastLsn(), life.acknowledged);
      EXPECT_LE(journal->LastLsn(), life.attempted);
      EXPECT_EQ(Wrong(*journal, journal->LastLsn()), "");
    }
    EXPECT_GT(injected, 20) << effect;
  }
}

}  // namespace
}  // namespace permafrost::engine::journal
