// Each hardening under a simulated disk: with all of them nothing is ever lost, without one its
// violation comes back.
#include <utility>

#include "tests/status_matchers.h"
#include "tests/vfs/rocksdb/log_builder.h"
#include "tests/vfs/rocksdb/rocks_sweep.h"
#include "vfs/base/status.h"
#include "vfs/wrapping_file_system.h"

namespace permafrost::vfs {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

RocksDbOptions Without(Hardening hardening) {
  RocksDbOptions options = QueuedOptions();
  options.rocks = options.rocks.Without(hardening);
  return options;
}

RocksDbOptions Stock() {
  RocksDbOptions options = QueuedOptions();
  options.rocks.stock = true;
  return options;
}

// Open, puts, flush, more puts, flush, compaction, reopening, a put.
void RunScript(RocksSweep& sweep) {
  auto db = sweep.Open();
  sweep.Put(*db, "a1");
  sweep.Put(*db, "a2");
  ASSERT_OK(db->Flush(FlushWait::kNo));
  sweep.world().executor.Drain();
  sweep.Put(*db, "b1");
  ASSERT_OK(db->Flush(FlushWait::kNo));
  sweep.world().executor.Drain();
  ASSERT_OK(db->CompactTables(kDefaultFamily));
  sweep.Put(*db, "c1");
  ASSERT_OK(db->Close());
  db = sweep.Open();
  sweep.Put(*db, "d1");
  ASSERT_OK(db->Close());
}

// One unsynced put, the process dies, the next process reads it and builds on it.
void RunProcessDeath(RocksSweep& sweep) {
  auto db = sweep.Open();
  sweep.Put(*db, "a1");
  ASSERT_OK(db->Write(RocksBatch().Put(kDefaultFamily, "a2", "v"), SyncWrite::kNo));
  sweep.Kill();
  db.reset();
  sweep.ForgetSnapshots();
  db = sweep.Open();
  ASSERT_OK_AND_ASSIGN(const auto served, db->Get(kDefaultFamily, "a2"));
  ASSERT_TRUE(served.has_value());
  sweep.Acknowledge("a2");
  sweep.Put(*db, "b1");
  ASSERT_OK(db->Close());
}

RocksDbOptions Unsynced(RocksDbOptions options) {
  options.rocks.unsynced_writes = true;
  return options;
}

TEST(Hardening, WithAllOfThemEveryImageOpensAndHoldsWhatWasAcknowledged) {
  for (const char* personality : {"strict", "ordered", "writeback", "treelog", "prefix", "all",
                                  "none", "strict+tear_bytes"}) {
    RocksSweep sweep(QueuedOptions());
    RunScript(sweep);

    EXPECT_THAT(sweep.Judge(personality), IsEmpty()) << personality;
    EXPECT_GT(sweep.images(), 100U) << personality;
  }
}

TEST(Hardening, WithAllOfThemAProcessDeathLosesNothingThatWasServed) {
  for (const char* personality : {"strict", "ordered", "writeback", "treelog", "prefix", "none"}) {
    RocksSweep sweep(Unsynced(QueuedOptions()));
    RunProcessDeath(sweep);

    EXPECT_THAT(sweep.Judge(personality), IsEmpty()) << personality;
  }
}

TEST(Hardening, WithoutSettledNamesCurrentNamesAManifestThatIsGone) {
  RocksSweep sweep(Without(Hardening::kSettleNames));
  RunScript(sweep);

  EXPECT_THAT(sweep.Judge("strict"),
              Contains(HasSubstr("/CURRENT names it and it does not exist")));
}

TEST(Hardening, WithoutASettledDirectoryTheWholeDatabaseIsLost) {
  RocksSweep sweep(Without(Hardening::kSettleDbDir));
  RunScript(sweep);

  EXPECT_THAT(sweep.Judge("strict"), Contains("lost a1"));
}

TEST(Hardening, WithoutTheScanATornManifestTailDoesNotOpen) {
  RocksSweep sweep(Without(Hardening::kScanLogs));
  RunScript(sweep);

  EXPECT_THAT(sweep.Judge("strict+tear_bytes"), Contains(HasSubstr("does not open")));
}

TEST(Hardening, WithoutSettledRecoveryAServedKeyIsLost) {
  RocksSweep sweep(Unsynced(Without(Hardening::kSettleRecovered)));
  RunProcessDeath(sweep);

  EXPECT_THAT(sweep.Judge("strict"), Contains("lost a2"));
}

TEST(Hardening, TheStockLibraryShowsAllOfIt) {
  RocksSweep sweep(Stock());
  RunScript(sweep);
  const auto findings = sweep.Judge("strict");
  EXPECT_THAT(findings, Contains(HasSubstr("does not open")));
  EXPECT_THAT(findings, Contains("lost a1"));

  RocksSweep death(Unsynced(Stock()));
  RunProcessDeath(death);
  EXPECT_THAT(death.Judge("strict"), Contains("lost a2"));
}

// Answers the sync of one directory with an error, once.
class FailingDirSync final : public WrappingFileSystem {
 public:
  FailingDirSync(FileSystem* base, std::string_view path) : WrappingFileSystem(base), path_(path) {}

  absl::Status SyncDir(std::string_view path) override {
    if (path == path_ && !std::exchange(done_, true)) return ErrnoToStatus(5, "sync", path);
    return WrappingFileSystem::SyncDir(path);
  }

 private:
  const std::string path_;
  bool done_ = false;
};

// A later sync of the same names would answer OK and prove nothing (D4).
TEST(Hardening, DirectoriesWhoseSyncFailedAreMadeAnewByTheNextOpen) {
  for (const char* failing : {"a", ""}) {
    sim::SimFileSystem disk;
    FailingDirSync fs(&disk, failing);
    RocksWorld world(fs);

    EXPECT_ERROR(RocksDb::Open(world.env, kSweepPath, QueuedOptions()), absl::StatusCode::kDataLoss,
                 HasSubstr("errno 5"));
    ASSERT_OK_AND_ASSIGN(const bool is_left, disk.Exists("a"));
    EXPECT_FALSE(is_left) << "failing: '" << failing << "'";

    EXPECT_OK(RocksDb::Open(world.env, kSweepPath, QueuedOptions()));
  }
}

TEST(Hardening, ADirectoryThatWasThereBeforeIsNotRemovedWhenItsSyncFails) {
  sim::SimFileSystem disk;
  ASSERT_OK(disk.MakeDir("a"));
  FailingDirSync fs(&disk, "a");
  RocksWorld world(fs);

  EXPECT_FALSE(RocksDb::Open(world.env, kSweepPath, QueuedOptions()).ok());

  ASSERT_OK_AND_ASSIGN(const auto entries, disk.List("a"));
  EXPECT_THAT(entries, IsEmpty());
}

// The first log's second record of three is damaged, all of them synced.
sim::DiskState DamagedInTheMiddle(const RocksDbOptions& options) {
  RocksSweep sweep(options);
  auto db = sweep.Open();
  sweep.Put(*db, "a");
  sweep.Put(*db, "b");
  sweep.Put(*db, "c");
  EXPECT_OK(db->Close());
  sim::SimFileSystem disk(sweep.state());
  const auto entries = disk.List(kSweepPath);
  for (const DirEntry& entry : *entries) {
    if (!entry.name.ends_with(".log")) continue;
    const std::string path = JoinPath(kSweepPath, entry.name);
    std::string bytes = ReadFile(disk, path);
    bytes[bytes.size() / 2] ^= 1;
    WriteFile(disk, path, bytes);
  }
  return disk.state();
}

TEST(Hardening, TheScanRefusesSyncedRecordsBehindDamage) {
  sim::SimFileSystem disk(DamagedInTheMiddle(QueuedOptions()));
  RocksWorld world(disk);

  EXPECT_ERROR(RocksDb::Open(world.env, kSweepPath, QueuedOptions()), absl::StatusCode::kDataLoss,
               HasSubstr("the damage is not a torn end"));
}

TEST(Hardening, WithoutTheScanSyncedRecordsBehindDamageVanish) {
  sim::SimFileSystem disk(DamagedInTheMiddle(QueuedOptions()));
  RocksWorld world(disk);

  ASSERT_OK_AND_ASSIGN(const auto db,
                       RocksDb::Open(world.env, kSweepPath, Without(Hardening::kScanLogs)));

  ASSERT_OK_AND_ASSIGN(const auto last, db->Get(kDefaultFamily, "c"));
  EXPECT_FALSE(last.has_value());
}

}  // namespace
}  // namespace permafrost::vfs
