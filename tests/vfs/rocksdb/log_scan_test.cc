// Every kind of damage to a log or a MANIFEST: what is cut, what is refused, what the text says.
#include "vfs/rocksdb/log_scan.h"

#include "tests/status_matchers.h"
#include "tests/vfs/rocksdb/log_builder.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/posix/posix_file_system.h"

namespace permafrost::vfs {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kLog4[] = "db/000004.log";
constexpr char kLog7[] = "db/000007.log";
constexpr char kManifest[] = "db/MANIFEST-000003";

// A database directory whose logs begin at number 4 and sequence 1.
class LogScan : public ::testing::Test {
 protected:
  LogScan() : fs_(*PosixFileSystem::Open(dir_.path())) {
    EXPECT_OK(fs_->MakeDir("db"));
    WriteFile(*fs_, "db/CURRENT", "MANIFEST-000003\n");
    WriteFile(*fs_, kManifest, LogBuilder().Add(SimpleEdit(4, 5, 0)).bytes());
  }

  absl::StatusOr<LogScanReport> Scan(LogRule rule = LogRule::kCutTornTail) {
    return ScanLogs(*fs_, "db", rule);
  }

  // The scan cuts `path` to `kept` bytes, says `finding`, and a second scan finds nothing.
  void ExpectCut(const std::string& path,
                 std::uint64_t kept,
                 const std::string& finding,
                 LogRule rule = LogRule::kCutTornTail) {
    const std::string before = ReadFile(*fs_, path);
    ASSERT_OK_AND_ASSIGN(const LogScanReport report, Scan(rule));
    ASSERT_THAT(report.cuts, SizeIs(1));
    EXPECT_EQ(report.cuts[0].path, path);
    EXPECT_EQ(report.cuts[0].kept_bytes, kept);
    EXPECT_EQ(report.cuts[0].cut_bytes, before.size() - kept);
    EXPECT_THAT(ToString(report.cuts[0]), HasSubstr(finding));
    EXPECT_EQ(ReadFile(*fs_, path), before.substr(0, kept));
    ASSERT_OK_AND_ASSIGN(const LogScanReport again, Scan(rule));
    EXPECT_THAT(again.cuts, IsEmpty());
  }

  // The scan refuses with a text that names `path` and says `finding`, and changes nothing.
  void ExpectRefused(const std::string& path, const std::string& finding) {
    const std::string before = ReadFile(*fs_, path);
    EXPECT_ERROR(Scan(), absl::StatusCode::kDataLoss, AllOf(HasSubstr(path), HasSubstr(finding)));
    EXPECT_EQ(ReadFile(*fs_, path), before);
  }

  TempDir dir_;
  std::unique_ptr<PosixFileSystem> fs_;
};

TEST_F(LogScan, ADirectoryWithoutADatabaseHasNothingToScan) {
  ASSERT_OK(fs_->Unlink("db/CURRENT"));

  ASSERT_OK_AND_ASSIGN(const LogScanReport report, Scan());

  EXPECT_EQ(report.manifest, "");
}

TEST_F(LogScan, WholeLogsAreCountedAndLeftAlone) {
  WriteFile(*fs_, kLog4, LogBuilder().Batch(1).Batch(2).bytes());
  WriteFile(*fs_, kLog7, LogBuilder().Batch(3).bytes());
  WriteFile(*fs_, "db/000002.log", "garbage that recovery never reads");

  ASSERT_OK_AND_ASSIGN(const LogScanReport report, Scan());

  EXPECT_EQ(report.min_log, 4U);
  EXPECT_EQ(report.logs, 2U);
  EXPECT_EQ(report.records, 3U);
  EXPECT_THAT(report.cuts, IsEmpty());
}

TEST_F(LogScan, ARecordTornAtAnyByteIsCutOff) {
  const LogBuilder log = LogBuilder().Batch(1).Batch(2, 300);
  const std::uint64_t kept = log.offsets()[1];
  for (std::uint64_t size = kept + 1; size < log.bytes().size(); ++size) {
    WriteFile(*fs_, kLog4, log.bytes().substr(0, size));
    ExpectCut(kLog4, kept, "the file ends inside a");
  }
}

TEST_F(LogScan, AFlippedByteAnywhereInTheLastRecordIsATornTail) {
  const LogBuilder log = LogBuilder().Batch(1).Batch(2);
  const std::uint64_t kept = log.offsets()[1];
  for (std::uint64_t at = kept; at < log.bytes().size(); ++at) {
    std::string damaged = log.bytes();
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    WriteFile(*fs_, kLog4, damaged);
    ExpectCut(kLog4, kept, fmt::format("at byte {}", kept));
  }
}

TEST_F(LogScan, AFlippedByteAnywhereBeforeTheLastRecordIsRefused) {
  const LogBuilder log = LogBuilder().Batch(1).Batch(2).Batch(3);
  for (std::uint64_t at = 0; at < log.offsets()[2]; ++at) {
    std::string damaged = log.bytes();
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    WriteFile(*fs_, kLog4, damaged);
    ExpectRefused(kLog4, "and a whole record begins at byte");
  }
}

TEST_F(LogScan, TheRefusalNamesBothOffsets) {
  const LogBuilder log = LogBuilder().Batch(1).Batch(2).Batch(3);
  std::string damaged = log.bytes();
  damaged[log.offsets()[1] + 20] ^= 1;
  WriteFile(*fs_, kLog4, damaged);

  EXPECT_ERROR(
      Scan(), absl::StatusCode::kDataLoss,
      fmt::format(
          "scan db/000004.log: checksum mismatch at byte {}, and a whole record begins at byte "
          "{}; the damage is not a torn end",
          log.offsets()[1], log.offsets()[2]));
}

TEST_F(LogScan, AZeroTailIsCutOff) {
  const LogBuilder log = LogBuilder().Batch(1);
  WriteFile(*fs_, kLog4, log.bytes() + std::string(1000, '\0'));

  ExpectCut(kLog4, log.bytes().size(), "zero header");
}

TEST_F(LogScan, AGarbageTailIsCutOff) {
  const LogBuilder log = LogBuilder().Batch(1);
  std::string garbage;
  for (unsigned i = 0; i < 3000; ++i) garbage.push_back(static_cast<char>(i * 2654435761U >> 13));
  WriteFile(*fs_, kLog4, log.bytes() + garbage);

  ExpectCut(kLog4, log.bytes().size(), "at byte 43");
}

TEST_F(LogScan, AnOldLogsRecordsInTheTailAreNotThisLogs) {
  WriteFile(*fs_, kManifest, LogBuilder().Add(SimpleEdit(4, 5, 500)).bytes());
  const LogBuilder log = LogBuilder().Batch(501).Batch(502);
  // A sector of a deleted log, whose sequence numbers lie behind, shows under the new size.
  const std::string tail = std::string(40, '\x5a') + LogBuilder().Batch(17).Batch(18).bytes();
  WriteFile(*fs_, kLog4, log.bytes() + tail);

  ExpectCut(kLog4, log.bytes().size(), "at byte 86");
}

TEST_F(LogScan, ZeroesInTheMiddleAreRefused) {
  const LogBuilder log = LogBuilder().Batch(1).Batch(2).Batch(3);
  std::string damaged = log.bytes();
  damaged.replace(log.offsets()[1], log.offsets()[2] - log.offsets()[1],
                  log.offsets()[2] - log.offsets()[1], '\0');
  WriteFile(*fs_, kLog4, damaged);

  ExpectRefused(kLog4, "zero header at byte 43, and a whole record begins at byte 86");
}

TEST_F(LogScan, ABatchAcrossBlocksIsOneRecord) {
  WriteFile(*fs_, kLog4, LogBuilder().Batch(1).Batch(2, 100'000).Batch(3).bytes());

  ASSERT_OK_AND_ASSIGN(const LogScanReport report, Scan());

  EXPECT_EQ(report.records, 3U);
}

TEST_F(LogScan, MiddleAndLastFragmentsBehindATearBelongToIt) {
  const LogBuilder log = LogBuilder().Batch(1).Batch(2, 100'000);
  std::string damaged = log.bytes();
  damaged.replace(1024, 512, 512, '\0');  // a lost sector in the FIRST fragment
  WriteFile(*fs_, kLog4, damaged);

  ExpectCut(kLog4, log.offsets()[1], "checksum mismatch at byte 43");
}

TEST_F(LogScan, ALostMiddleFragmentCutsTheWholeBatch) {
  const LogBuilder log = LogBuilder().Batch(1).Batch(2, 100'000);
  std::string damaged = log.bytes();
  damaged.replace(32768, 32768, 32768, '\0');
  WriteFile(*fs_, kLog4, damaged);

  ExpectCut(kLog4, log.offsets()[1], "zero header at byte 32768");
}

TEST_F(LogScan, ARecordBehindATornBatchAcrossBlocksIsRefused) {
  const LogBuilder log = LogBuilder().Batch(1).Batch(2, 100'000).Batch(3);
  std::string damaged = log.bytes();
  damaged.replace(32768, 512, 512, '\0');
  WriteFile(*fs_, kLog4, damaged);

  ExpectRefused(kLog4, "zero header at byte 32768, and a whole record begins at byte");
}

TEST_F(LogScan, AnUnfinishedRecordFollowedByAnotherIsRefused) {
  std::string joined = LogBuilder().Batch(1).Batch(2, 40'000).bytes().substr(0, 32768);
  joined += LogBuilder().Batch(3).bytes();
  WriteFile(*fs_, kLog4, joined);

  ExpectRefused(kLog4, "the record before is not finished at byte 32768");
}

TEST_F(LogScan, DamageInAnOlderLogIsRefusedEvenAtItsEnd) {
  const std::string old_log = LogBuilder().Batch(1).Batch(2).bytes();
  WriteFile(*fs_, kLog4, old_log.substr(0, old_log.size() - 3));
  WriteFile(*fs_, kLog7, LogBuilder().Batch(3).bytes());

  ExpectRefused(kLog4, "and a newer log is not empty");
}

TEST_F(LogScan, AnEmptyNewestLogLeavesTheTailToTheOneBefore) {
  const LogBuilder log = LogBuilder().Batch(1).Batch(2);
  WriteFile(*fs_, kLog4, log.bytes().substr(0, log.bytes().size() - 3));
  WriteFile(*fs_, kLog7, "");

  ExpectCut(kLog4, log.offsets()[1], "the file ends inside a fragment at byte 43");
}

TEST_F(LogScan, ASequenceGapInsideALogIsRefused) {
  WriteFile(*fs_, kLog4, LogBuilder().Batch(1).Batch(3).bytes());

  ExpectRefused(kLog4, "sequence gap (expected 2, found 3) at byte 43");
}

TEST_F(LogScan, ASequenceGapBetweenLogsIsRefused) {
  WriteFile(*fs_, kLog4, LogBuilder().Batch(1).bytes());
  WriteFile(*fs_, kLog7, LogBuilder().Batch(5).bytes());

  ExpectRefused(kLog7, "sequence gap (expected 2, found 5) at byte 0");
}

TEST_F(LogScan, AMissingFirstLogIsRefused) {
  WriteFile(*fs_, kLog7, LogBuilder().Batch(5).bytes());

  ExpectRefused(kLog7, "sequence gap (expected 1, found 5) at byte 0");
}

TEST_F(LogScan, AWholeRecordThatIsNoBatchIsATornTail) {
  const LogBuilder log = LogBuilder().Batch(1);
  WriteFile(*fs_, kLog4, LogBuilder().Batch(1).Add("elevenbytes").bytes());
  ExpectCut(kLog4, log.bytes().size(), "a record that is no write batch at byte 43");
  // A deleted MANIFEST's first sector under the size of a log whose first append was lost.
  WriteFile(*fs_, kLog4, LogBuilder().Add(SimpleEdit(4, 5, 100'000'000'000)).bytes());
  ExpectCut(kLog4, 0, "a record that is no write batch at byte 0");
}

TEST_F(LogScan, AWholeRecordThatIsNoBatchIsRefusedBeforeLaterOnes) {
  WriteFile(*fs_, kLog4, LogBuilder().Batch(1).Add("elevenbytes").Batch(3).bytes());

  ExpectRefused(kLog4, "a record that is no write batch at byte 43, and a whole record begins");
}

TEST_F(LogScan, ADeletedLogsFirstSectorIsNotTheNewLogsBeginning) {
  WriteFile(*fs_, kManifest, LogBuilder().Add(SimpleEdit(4, 5, 500)).bytes());
  WriteFile(*fs_, kLog4, LogBuilder().Batch(1).Batch(2).bytes());

  ExpectCut(kLog4, 0, "a batch of another log (expected 501, found 1) at byte 0");
}

TEST_F(LogScan, ALogThatBeginsBeforeTheTablesEndIsFollowedWhenAFamilyWasFlushedAlone) {
  LogBuilder manifest;
  manifest.Add(EditBuilder().Number(200, 1).Text(201, "cf").Number(2, 7).Number(4, 5).bytes());
  manifest.Add(EditBuilder().Number(2, 4).bytes());
  WriteFile(*fs_, kManifest, manifest.bytes());
  WriteFile(*fs_, kLog4, LogBuilder().Batch(3).Batch(4).Batch(5).bytes());

  ASSERT_OK_AND_ASSIGN(const LogScanReport report, Scan());

  EXPECT_EQ(report.records, 3U);
}

TEST_F(LogScan, RecyclableFragmentsOfThisLogAreRecords) {
  WriteFile(*fs_, kLog4, LogBuilder().Recyclable(4, BatchPayload(1, 1, 5)).bytes());

  ASSERT_OK_AND_ASSIGN(const LogScanReport report, Scan());

  EXPECT_EQ(report.records, 1U);
}

TEST_F(LogScan, RecyclableFragmentsOfAnotherLogAreATornTail) {
  const LogBuilder mine = LogBuilder().Recyclable(4, BatchPayload(1, 1, 5));
  const LogBuilder others = LogBuilder().Recyclable(3, BatchPayload(2, 1, 5));
  WriteFile(*fs_, kLog4, mine.bytes() + others.bytes());

  ExpectCut(kLog4, mine.bytes().size(), "fragment of another log");
}

TEST_F(LogScan, WithUnsyncedWritesAHoleCutsEveryLaterLog) {
  const LogBuilder log = LogBuilder().Batch(1).Batch(2).Batch(3);
  std::string damaged = log.bytes();
  damaged[log.offsets()[1] + 20] ^= 1;
  WriteFile(*fs_, kLog4, damaged);
  WriteFile(*fs_, kLog7, LogBuilder().Batch(4).Batch(5).bytes());

  ASSERT_OK_AND_ASSIGN(const LogScanReport report, Scan(LogRule::kCutAtFirstHole));

  ASSERT_THAT(report.cuts, SizeIs(2));
  EXPECT_EQ(ToString(report.cuts[0]),
            "cut db/000004.log from 129 to 43 bytes: checksum mismatch at byte 43");
  EXPECT_EQ(ToString(report.cuts[1]),
            "cut db/000007.log from 86 to 0 bytes: behind the hole in db/000004.log");
  EXPECT_EQ(ReadFile(*fs_, kLog4), log.bytes().substr(0, 43));
  EXPECT_EQ(ReadFile(*fs_, kLog7), "");
  ASSERT_OK_AND_ASSIGN(const LogScanReport again, Scan(LogRule::kCutAtFirstHole));
  EXPECT_THAT(again.cuts, IsEmpty());
}

TEST_F(LogScan, WithUnsyncedWritesALostLogIsAHole) {
  WriteFile(*fs_, kLog4, "");
  WriteFile(*fs_, kLog7, LogBuilder().Batch(4).bytes());

  ExpectCut(kLog7, 0, "sequence gap (expected 1, found 4)", LogRule::kCutAtFirstHole);
}

TEST_F(LogScan, AManifestTornAtAnyByteOfItsLastEditIsCut) {
  const LogBuilder manifest = LogBuilder().Add(SimpleEdit(4, 5, 0)).Add(SimpleEdit(7, 9, 2));
  WriteFile(*fs_, kLog4, LogBuilder().Batch(1).Batch(2).bytes());
  for (std::uint64_t size = manifest.offsets()[1] + 1; size < manifest.bytes().size(); ++size) {
    WriteFile(*fs_, kManifest, manifest.bytes().substr(0, size));
    ExpectCut(kManifest, manifest.offsets()[1], "the file ends inside a");
  }
}

TEST_F(LogScan, DamageInTheMiddleOfAManifestIsRefused) {
  const LogBuilder manifest = LogBuilder().Add(SimpleEdit(4, 5, 0)).Add(SimpleEdit(7, 9, 2));
  std::string damaged = manifest.bytes();
  damaged[9] ^= 1;
  WriteFile(*fs_, kManifest, damaged);

  ExpectRefused(kManifest, "checksum mismatch at byte 0, and a whole record begins at byte");
}

TEST_F(LogScan, AnAtomicGroupThatIsNotCompleteIsCutOffWhole) {
  const std::string whole = EditBuilder().Number(2, 7).Number(300, 1).bytes();
  const LogBuilder manifest = LogBuilder().Add(SimpleEdit(4, 5, 0)).Add(whole);
  WriteFile(*fs_, kManifest, manifest.bytes());
  WriteFile(*fs_, kLog4, LogBuilder().Batch(1).bytes());

  ExpectCut(kManifest, manifest.offsets()[1], "the last atomic group is not complete");
  ASSERT_OK_AND_ASSIGN(const LogScanReport report, Scan());
  EXPECT_EQ(report.min_log, 4U);
}

TEST_F(LogScan, TheSmallestLogNumberOfAllFamiliesCounts) {
  LogBuilder manifest;
  manifest.Add(
      EditBuilder().Text(1, "leveldb.BytewiseComparator").Number(2, 9).Number(3, 12).bytes());
  manifest.Add(EditBuilder().Number(200, 1).Text(201, "cf").Number(2, 6).bytes());
  manifest.Add(EditBuilder().Number(200, 2).Text(201, "gone").Number(2, 1).bytes());
  manifest.Add(EditBuilder().Number(200, 2).Flag(202).bytes());
  manifest.Add(
      EditBuilder().NewFile4(11).Number(10, 3).Text((1 << 13) + 1, "id").Number(4, 2).bytes());
  WriteFile(*fs_, kManifest, manifest.bytes());

  ASSERT_OK_AND_ASSIGN(const LogScanReport report, Scan());

  EXPECT_EQ(report.min_log, 6U);
}

TEST_F(LogScan, AnUnknownFieldOfAnEditIsRefused) {
  WriteFile(*fs_, kManifest, LogBuilder().Add(EditBuilder().Number(77, 1).bytes()).bytes());

  ExpectRefused(kManifest, "record at byte 0: field 77 of the edit is unknown");
}

TEST_F(LogScan, ACurrentThatNamesNothingIsRefused) {
  WriteFile(*fs_, "db/CURRENT", "MANIFEST-00");
  ExpectRefused("db/CURRENT", "does not name a MANIFEST");
  WriteFile(*fs_, "db/CURRENT", "MANIFEST-000099\n");
  EXPECT_ERROR(Scan(), absl::StatusCode::kDataLoss,
               "scan db/MANIFEST-000099: db/CURRENT names it and it does not exist");
}

}  // namespace
}  // namespace permafrost::vfs
