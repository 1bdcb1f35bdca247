// Segments that change under a tailer, or are not what they were: what it finds again, and what is
// damage.
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "engine/journal/journal_format.h"
#include "engine/journal/segment_encode.h"
#include "engine/journal/tailer.h"
#include "tests/engine/journal/follower.h"
#include "vfs/base/check.h"
#include "vfs/recording_file_system.h"

namespace permafrost::engine::journal {
namespace {

using ::testing::AllOf;
using testing::AppendUpTo;
using testing::BootOptions;
using testing::BootTailOptions;
using testing::CountNames;
using testing::Follower;
using ::testing::HasSubstr;
using testing::InProcess;
using testing::JournalWorld;
using testing::kDir;
using testing::kType;
using testing::Overwrite;
using testing::PathOf;
using testing::SmallOptions;
using ::testing::StartsWith;
using testing::TailOptions;

// Records of 8 KiB in segments of 1 MiB: more than a reader's buffer.
TEST(TailerDamage, ASegmentThatIsUsedAgainUnderItIsNoticed) {
  JournalWorld world;
  JournalOptions options = SmallOptions();
  options.segment_bytes = 1 << 20;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open(options));
  const auto append = [&](int count) {
    for (int i = 0; i < count; ++i) ASSERT_OK(journal->Append(kType, std::string(8 << 10, 'x')));
  };
  append(300);
  const Lsn second = journal->segments()[1].header.first_lsn;
  ASSERT_OK_AND_ASSIGN(const auto tailer,
                       Tailer::Open(&world.disk(), kDir, InProcess(journal.get())));
  ASSERT_EQ(tailer->Next(5)->size(), 5U);
  // As if the writer had looked for leases before there was this one.
  ASSERT_OK(world.disk().Unlink(vfs::JoinPath(kDir, "lease-tail")));
  ASSERT_OK(journal->TruncateBefore(second));
  ASSERT_EQ(CountNames(world.disk(), kSparePrefix), 1U);
  append(300);
  ASSERT_EQ(CountNames(world.disk(), kSparePrefix), 0U);

  Lsn seen = 5;
  absl::Status status;
  while (status.ok() && seen < 600) {
    const auto records = tailer->Next(7);
    status = records.status();
    if (status.ok()) {
      for (const JournalRecord& record : *records) ASSERT_EQ(record.lsn, ++seen);
    }
  }
  EXPECT_LT(seen + 1, second);
  EXPECT_ERROR(
      status, absl::StatusCode::kOutOfRange,
      fmt::format("tail journal journal: LSN {} was truncated, the first that is there is {}",
                  seen + 1, second));
}

TEST(TailerDamage, AFileOfAnotherNonceUnderTheNameIsOpenedAgain) {
  JournalWorld world;
  const std::string path = PathOf(0);
  ASSERT_OK_AND_ASSIGN(auto journal, world.Open());
  AppendUpTo(*journal, 5);
  Lsn durable = 3;
  TailerOptions options = TailOptions();
  options.durable_lsn = [&] { return durable; };
  Follower tail(&world.disk(), options);
  ASSERT_EQ(tail.Drain(), 3U);
  const std::uint64_t nonce = journal->segments()[0].header.nonce;
  journal.reset();
  // The same records in a new file; the old one, which the tailer holds, is used for other things.
  Overwrite(world.disk(), path, 0, std::string(2048, 'z'));
  ASSERT_OK(world.disk().Unlink(path));
  ASSERT_OK_AND_ASSIGN(journal, world.Open());
  ASSERT_NE(journal->segments()[0].header.nonce, nonce);
  AppendUpTo(*journal, 7);

  durable = 7;
  EXPECT_EQ(tail.Drain(), 7U);
  EXPECT_EQ(tail.wrong(), "");
}

// What a poisoned writer left may be missing for the recovery and turn up again later (D4).
TEST(TailerDamage, BytesBehindASuccessorsBaseAreIgnored) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(auto journal, world.Open(BootOptions()));
  Lsn durable = 0;
  TailerOptions inside = TailOptions("inside");
  inside.durable_lsn = [&] { return durable; };
  Follower all[] = {Follower(&world.disk(), inside),
                    Follower(&world.disk(), BootTailOptions("outside")),
                    Follower(&world.disk(), TailOptions("stranger"))};
  for (durable = 1; durable <= 5; ++durable) {
    AppendUpTo(*journal, durable);
    for (Follower& one : all) EXPECT_GE(one.Drain() + 1, durable);
  }
  const Segment old = journal->segments()[0];
  journal.reset();
  Follower late_riser(&world.disk(), BootTailOptions("late_riser"));
  EXPECT_EQ(late_riser.Drain(), 4U);
  ASSERT_OK_AND_ASSIGN(journal, world.Open(BootOptions()));
  ASSERT_EQ(journal->segments().size(), 2U);
  ASSERT_EQ(journal->segments()[1].header.base, old.end);
  AppendUpTo(*journal, 8);
  std::string stale;
  for (Lsn lsn = 6; lsn <= 7; ++lsn) {
    AppendRecord(stale,
                 {.type = kType,
                  .batch_index = static_cast<std::uint32_t>(lsn - 6),
                  .lsn = lsn,
                  .hash = ContentAddressOf(kType, "never acknowledged"),
                  .body = "never acknowledged"},
                 old.header.nonce, old.end + stale.size());
  }
  Overwrite(world.disk(), PathOf(0), old.end, stale);

  durable = 8;
  EXPECT_EQ(all[0].Drain(), 8U);
  EXPECT_EQ(all[1].Drain(), 8U);
  EXPECT_EQ(all[2].Drain(), 7U);
  for (const Follower& one : all) EXPECT_EQ(one.wrong(), "");
  Follower late(&world.disk(), BootTailOptions("late"));
  EXPECT_EQ(late.Drain(), 8U);
  EXPECT_EQ(late_riser.Drain(), 8U);
  EXPECT_EQ(late.wrong() + late_riser.wrong(), "");
}

// Does something once, after the first list of names.
class AfterList final : public vfs::CallObserver {
 public:
  explicit AfterList(std::function<void()> act) : act_(std::move(act)) {}
  void OnBegin(const vfs::Call&) override {}
  void OnEnd(const vfs::Call& call, const absl::Status&) override {
    if (call.kind == vfs::CallKind::kList && act_ != nullptr) std::exchange(act_, nullptr)();
  }

 private:
  std::function<void()> act_;
};

TEST(TailerDamage, NamesThatGoWhileItLooksAreListedAgain) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  AppendUpTo(*journal, 200);
  const std::vector<Segment> segments = journal->segments();
  ASSERT_GT(segments.size(), 6U);
  const Lsn kept = segments[segments.size() - 2].header.first_lsn;
  for (const Lsn from : {kept, Lsn{1}}) {
    JournalWorld copy(world.disk().CopyState());
    ASSERT_OK_AND_ASSIGN(const auto writer, copy.Open());
    AfterList act([&] { ASSERT_OK(writer->TruncateBefore(kept)); });
    vfs::RecordingFileSystem recording(&copy.disk(), &act);
    TailerOptions options = InProcess(writer.get());
    options.from_lsn = from;
    Follower tail(&recording, options);
    if (from == kept) {
      EXPECT_EQ(tail.Drain(), 200U);
      ASSERT_OK(tail.status());
    } else {
      tail.Drain();
      EXPECT_ERROR(
          tail.status(), absl::StatusCode::kOutOfRange,
          fmt::format("tail journal journal: LSN 1 was truncated, the first that is there is {}",
                      kept));
    }
  }
}

TEST(TailerDamage, DamageOfADurableRecordIsNamed) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  AppendUpTo(*journal, 5);
  ASSERT_OK_AND_ASSIGN(const JournalRecord third, journal->Get(3));
  Overwrite(world.disk(), PathOf(0), third.offset + kFrameBytes + kHeadBytes, "X");
  ASSERT_OK_AND_ASSIGN(const auto tailer,
                       Tailer::Open(&world.disk(), kDir, InProcess(journal.get())));

  // What was read before is handed out first.
  EXPECT_EQ(tailer->Next(10)->size(), 2U);
  for (int again = 0; again < 2; ++again) {
    EXPECT_ERROR(
        tailer->Next(10), absl::StatusCode::kDataLoss,
        AllOf(StartsWith(fmt::format(
                  "tail journal segment {}: damage at byte {} (offset {}): expected crc32c ",
                  PathOf(0), third.offset, third.offset)),
              HasSubstr(", computed "),
              HasSubstr("; LSN 3 is durable; see permafrost journal verify")));
  }
  // Nothing is kept in mind of it.
  Overwrite(world.disk(), PathOf(0), third.offset + kFrameBytes + kHeadBytes, "b");
  EXPECT_EQ(tailer->Next(10)->size(), 3U);
}

TEST(TailerDamage, ADeepOneComparesTheContentWithItsHash) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  AppendUpTo(*journal, 3);
  ASSERT_OK_AND_ASSIGN(const JournalRecord second, journal->Get(2));
  std::string bytes;
  const std::string body(second.body.size(), 'X');
  AppendRecord(bytes, {.type = kType, .lsn = 2, .hash = second.hash, .body = body},
               journal->segments()[0].header.nonce, second.offset);
  Overwrite(world.disk(), PathOf(0), second.offset, bytes);

  TailerOptions options = InProcess(journal.get());
  {
    ASSERT_OK_AND_ASSIGN(const auto tailer, Tailer::Open(&world.disk(), kDir, options));
    EXPECT_EQ(tailer->Next(10)->at(1).body, body);
  }
  options.is_deep = true;
  ASSERT_OK_AND_ASSIGN(const auto tailer, Tailer::Open(&world.disk(), kDir, options));
  EXPECT_EQ(tailer->Next(10)->size(), 1U);
  EXPECT_ERROR(tailer->Next(10), absl::StatusCode::kDataLoss,
               AllOf(HasSubstr(": expected blake3 " + second.hash.Hex() + ", computed " +
                               ContentAddressOf(kType, body).Hex()),
                     HasSubstr("LSN 2 is durable")));
}

TEST(TailerDamage, AMissingSegmentIsDamage) {
  JournalWorld world;
  ASSERT_OK_AND_ASSIGN(const auto journal, world.Open());
  AppendUpTo(*journal, 60);
  const std::vector<Segment> segments = journal->segments();
  const auto after_unlink = [&](std::size_t gone) {
    sim::SimFileSystem disk(world.disk().CopyState());
    VFS_CHECK(disk.Unlink(segments[gone].path).ok(), "unlink");
    Follower tail(&disk, InProcess(journal.get()));
    EXPECT_EQ(tail.Drain(), gone == 0 ? 0 : segments[gone].header.first_lsn - 1);
    EXPECT_EQ(tail.wrong(), "");
    return tail.status();
  };

  EXPECT_ERROR(after_unlink(0), absl::StatusCode::kDataLoss,
               "tail journal journal: records from LSN 1 on are needed, the first segment is " +
                   SegmentName(segments[1].header.base) + "; restore the directory from a backup");
  for (const std::size_t gone : {std::size_t{2}, segments.size() - 1}) {
    EXPECT_ERROR(
        after_unlink(gone), absl::StatusCode::kDataLoss,
        fmt::format("tail journal segment {}: damage at byte {} (offset {}): its trailer names "
                    "segment {}, which is missing; LSN {} is durable; see permafrost journal "
                    "verify",
                    segments[gone - 1].path,
                    segments[gone].header.base - kTrailerBytes - segments[gone - 1].header.base,
                    segments[gone].header.base - kTrailerBytes,
                    SegmentName(segments[gone].header.base), segments[gone].header.first_lsn));
  }
  for (const Segment& segment : segments) ASSERT_OK(world.disk().Unlink(segment.path));
  Follower tail(&world.disk(), InProcess(journal.get()));
  tail.Drain();
  EXPECT_ERROR(tail.status(), absl::StatusCode::kDataLoss,
               "tail journal journal: records from LSN 1 on are needed, the first segment is "
               "missing; restore the directory from a backup");
}

}  // namespace
}  // namespace permafrost::engine::journal
