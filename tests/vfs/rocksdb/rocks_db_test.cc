// The facade over the real and the simulated disk: every call, reopening, what is refused.
#include "vfs/rocksdb/rocks_db.h"

#include "sim/disk/sim_file_system.h"
#include "tests/status_matchers.h"
#include "tests/vfs/rocksdb/log_builder.h"
#include "tests/vfs/rocksdb/rocks_world.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/posix/posix_file_system.h"
#include "vfs/wrapping_file_system.h"

namespace permafrost::vfs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Row = RocksDb::Row;

enum class Disk { kPosix, kSim };

class RocksDbTest : public ::testing::TestWithParam<Disk> {
 protected:
  RocksDbTest() : posix_(*PosixFileSystem::Open(dir_.path())), world_(fs()) {}

  FileSystem& fs() {
    if (GetParam() == Disk::kPosix) return *posix_;
    return sim_;
  }

  std::unique_ptr<RocksDb> Open(const RocksDbOptions& options = QueuedOptions()) {
    auto db = RocksDb::Open(world_.env, "a/db", options);
    EXPECT_OK(db);
    return db.ok() ? *std::move(db) : nullptr;
  }

  static std::string Value(const RocksDb& db,
                           std::string_view key,
                           Family family = kDefaultFamily,
                           const RocksSnapshot* snapshot = nullptr) {
    const auto value = db.Get(family, key, snapshot);
    EXPECT_OK(value);
    return value.ok() && value->has_value() ? **value : "(absent)";
  }

  static void Put(RocksDb& db, std::string_view key, std::string_view value = "v") {
    ASSERT_OK(db.Write(RocksBatch().Put(kDefaultFamily, key, value), SyncWrite::kYes));
  }

  void FlushAndPump(RocksDb& db) {
    ASSERT_OK(db.Flush(FlushWait::kNo));
    world_.executor.Drain();
  }

  TempDir dir_;
  std::unique_ptr<PosixFileSystem> posix_;
  sim::SimFileSystem sim_;
  RocksWorld world_;
};

INSTANTIATE_TEST_SUITE_P(Disks,
                         RocksDbTest,
                         ::testing::Values(Disk::kPosix, Disk::kSim),
                         [](const auto& disk) {
                           return disk.param == Disk::kPosix ? "Posix" : "Sim";
                         });

TEST_P(RocksDbTest, WhatWasWrittenIsReadAgainAfterReopening) {
  auto db = Open();
  ASSERT_OK(db->Write(RocksBatch().Put(kDefaultFamily, "a", "1").Put(kDefaultFamily, "b", "2"),
                      SyncWrite::kYes));
  ASSERT_OK(db->Write(RocksBatch().Delete(kDefaultFamily, "a"), SyncWrite::kYes));
  ASSERT_OK(db->Close());

  db = Open();

  EXPECT_EQ(Value(*db, "a"), "(absent)");
  EXPECT_EQ(Value(*db, "b"), "2");
  EXPECT_OK(db->Health());
  EXPECT_THAT(db->scan().cuts, IsEmpty());
  EXPECT_OK(db->Close());
}

TEST_P(RocksDbTest, FlushAndCompactionKeepEveryKey) {
  auto db = Open();
  for (const char* key : {"k0", "k1", "k2"}) {
    Put(*db, key);
    FlushAndPump(*db);
  }
  ASSERT_OK_AND_ASSIGN(const auto before, db->LiveTables());
  EXPECT_EQ(before.size(), 3U);

  ASSERT_OK(db->CompactTables(kDefaultFamily));

  ASSERT_OK_AND_ASSIGN(const auto after, db->LiveTables());
  ASSERT_EQ(after.size(), 1U);
  ASSERT_OK_AND_ASSIGN(const FileInfo table, fs().Stat(after[0].path));
  EXPECT_EQ(table.bytes, after[0].bytes);
  EXPECT_EQ(after[0].level, 1);
  ASSERT_OK(db->Close());
  db = Open();
  EXPECT_EQ(Value(*db, "k0") + Value(*db, "k1") + Value(*db, "k2"), "vvv");
}

TEST_P(RocksDbTest, NothingIsCompressed) {
  auto db = Open();
  const std::string value(1000, 'v');
  for (const char* key : {"k0", "k1"}) {
    ASSERT_OK(db->Write(RocksBatch().Put(kDefaultFamily, key, value), SyncWrite::kYes));
    FlushAndPump(*db);
  }

  ASSERT_OK(db->CompactTables(kDefaultFamily));

  ASSERT_OK_AND_ASSIGN(const auto tables, db->LiveTables());
  ASSERT_EQ(tables.size(), 1U);
  EXPECT_GT(tables[0].bytes, 2 * value.size());
}

TEST_P(RocksDbTest, FamiliesAreApartAndOneBatchReachesBoth) {
  RocksDbOptions options = QueuedOptions();
  options.families = {"default", "second"};
  const Family second{1};
  auto db = Open(options);
  ASSERT_OK(
      db->Write(RocksBatch().Put(kDefaultFamily, "k", "1").Put(second, "k", "2"), SyncWrite::kYes));
  FlushAndPump(*db);
  ASSERT_OK(db->Write(RocksBatch().Put(second, "l", "3"), SyncWrite::kYes));
  ASSERT_OK(db->Close());

  db = Open(options);

  EXPECT_EQ(Value(*db, "k"), "1");
  EXPECT_EQ(Value(*db, "k", second), "2");
  EXPECT_EQ(Value(*db, "l", second), "3");
  EXPECT_EQ(Value(*db, "l"), "(absent)");
  EXPECT_ERROR(db->Get(Family{2}, "k"), absl::StatusCode::kInvalidArgument, HasSubstr("family 2"));
}

TEST_P(RocksDbTest, ADatabaseWithAnUnnamedFamilyIsRefused) {
  RocksDbOptions options = QueuedOptions();
  options.families = {"default", "second"};
  ASSERT_OK(Open(options)->Close());

  EXPECT_ERROR(RocksDb::Open(world_.env, "a/db", QueuedOptions()),
               absl::StatusCode::kInvalidArgument, HasSubstr("second"));
}

TEST_P(RocksDbTest, ScansAreOrderedAndBounded) {
  auto db = Open();
  for (const char* key : {"b2", "a1", "b1", "c1"}) Put(*db, key);
  ASSERT_OK(db->Write(RocksBatch().DeleteRange(kDefaultFamily, "c", "d"), SyncWrite::kYes));
  ASSERT_OK(db->Write(RocksBatch().DeleteRange(kDefaultFamily, "z", "a"), SyncWrite::kYes));

  ASSERT_OK_AND_ASSIGN(const auto all, db->Scan(kDefaultFamily, {}));
  ASSERT_OK_AND_ASSIGN(const auto prefixed, db->Scan(kDefaultFamily, PrefixRange("b")));

  EXPECT_THAT(all, ElementsAre(Row("a1", "v"), Row("b1", "v"), Row("b2", "v")));
  EXPECT_THAT(prefixed, ElementsAre(Row("b1", "v"), Row("b2", "v")));
}

TEST_P(RocksDbTest, ASnapshotStaysAsItWas) {
  auto db = Open();
  Put(*db, "k", "old");
  {
    const auto snapshot = db->Snapshot();
    Put(*db, "k", "new");
    EXPECT_EQ(Value(*db, "k", kDefaultFamily, snapshot.get()), "old");
    ASSERT_OK_AND_ASSIGN(const auto rows, db->Scan(kDefaultFamily, {}, snapshot.get()));
    EXPECT_THAT(rows, ElementsAre(Row("k", "old")));
  }
  EXPECT_EQ(Value(*db, "k"), "new");
  EXPECT_OK(db->Close());
}

TEST_P(RocksDbTest, OpenRulesDecideWhatMayBeThere) {
  RocksDbOptions options = QueuedOptions();
  options.rule = OpenRule::kMustExist;
  EXPECT_ERROR(RocksDb::Open(world_.env, "a/db", options), absl::StatusCode::kNotFound,
               "open database a/db: there is none (no CURRENT file)");
  ASSERT_OK_AND_ASSIGN(const bool made, fs().Exists("a"));
  EXPECT_FALSE(made);
  options.rule = OpenRule::kMustNotExist;
  ASSERT_OK(Open(options)->Close());
  EXPECT_ERROR(RocksDb::Open(world_.env, "a/db", options), absl::StatusCode::kAlreadyExists,
               "create database a/db: there is one already");
  options.rule = OpenRule::kMustExist;
  EXPECT_OK(RocksDb::Open(world_.env, "a/db", options));
}

TEST_P(RocksDbTest, ACallersDirectoryMustBeThere) {
  RocksDbOptions options = QueuedOptions();
  options.dir_owner = DirOwner::kCaller;
  EXPECT_ERROR(RocksDb::Open(world_.env, "a/db", options), absl::StatusCode::kNotFound,
               HasSubstr("a/db"));
  ASSERT_OK(fs().MakeDir("a"));
  ASSERT_OK(fs().MakeDir("a/db"));
  EXPECT_OK(RocksDb::Open(world_.env, "a/db", options));
}

TEST_P(RocksDbTest, MalformedRequestsAreRefused) {
  EXPECT_ERROR(RocksDb::Open(world_.env, "", {}), absl::StatusCode::kInvalidArgument,
               HasSubstr("root"));
  EXPECT_ERROR(RocksDb::Open(world_.env, "a/../b", {}), absl::StatusCode::kInvalidArgument,
               HasSubstr(".."));
  RocksDbOptions options;
  options.families = {"other"};
  EXPECT_ERROR(RocksDb::Open(world_.env, "a/db", options), absl::StatusCode::kInvalidArgument,
               HasSubstr("must be \"default\""));
}

TEST_P(RocksDbTest, TheSecondOpenerIsTurnedAway) {
  auto db = Open();

  EXPECT_ERROR(RocksDb::Open(world_.env, "a/db", QueuedOptions()), absl::StatusCode::kUnavailable,
               HasSubstr("a/db/LOCK"));

  ASSERT_OK(db->Close());
  EXPECT_OK(RocksDb::Open(world_.env, "a/db", QueuedOptions()));
}

TEST_P(RocksDbTest, TwoDatabasesShareOneDisk) {
  auto first = Open();
  ASSERT_OK_AND_ASSIGN(auto second, RocksDb::Open(world_.env, "b", QueuedOptions()));

  Put(*first, "k", "1");
  Put(*second, "k", "2");

  EXPECT_EQ(Value(*first, "k"), "1");
  EXPECT_EQ(Value(*second, "k"), "2");
}

TEST_P(RocksDbTest, ReadOnlySeesEverythingAndWritesNothing) {
  {
    auto db = Open();
    Put(*db, "a");
    FlushAndPump(*db);
    Put(*db, "b");
    ASSERT_OK(db->Close());
  }
  ASSERT_OK_AND_ASSIGN(const auto before, fs().List("a/db"));

  ASSERT_OK_AND_ASSIGN(auto db, RocksDb::OpenReadOnly(world_.env, "a/db", QueuedOptions()));

  EXPECT_EQ(Value(*db, "a") + Value(*db, "b"), "vv");
  EXPECT_FALSE(db->Write(RocksBatch().Put(kDefaultFamily, "c", "v"), SyncWrite::kYes).ok());
  ASSERT_OK_AND_ASSIGN(const auto after, fs().List("a/db"));
  EXPECT_EQ(after, before);
}

TEST_P(RocksDbTest, ADroppedDatabaseGivesItsLockBackAndKeepsSyncedWrites) {
  auto db = Open();
  Put(*db, "a");
  ASSERT_OK(db->Flush(FlushWait::kNo));
  EXPECT_EQ(world_.executor.queued(), 1U);

  db.reset();

  EXPECT_EQ(world_.executor.queued(), 0U);
  db = Open();
  EXPECT_EQ(Value(*db, "a"), "v");
}

TEST_P(RocksDbTest, CallsAfterCloseAreRefused) {
  auto db = Open();
  ASSERT_OK(db->Close());

  EXPECT_ERROR(db->Get(kDefaultFamily, "k"), absl::StatusCode::kFailedPrecondition,
               "get a/db: the database is closed");
  EXPECT_ERROR(db->Close(), absl::StatusCode::kFailedPrecondition, HasSubstr("closed"));
}

TEST_P(RocksDbTest, UnderTheQueueACallThatWouldWaitIsRefused) {
  auto db = Open();

  EXPECT_ERROR(db->Flush(FlushWait::kYes), absl::StatusCode::kFailedPrecondition,
               "flush a/db: would wait for a background job; under the queued executor use wait=no "
               "and pump");
}

TEST_P(RocksDbTest, UnsyncedWritesNeedTheirOption) {
  auto db = Open();
  const RocksBatch batch = RocksBatch().Put(kDefaultFamily, "k", "v");
  EXPECT_ERROR(db->Write(batch, SyncWrite::kNo), absl::StatusCode::kFailedPrecondition,
               HasSubstr("unsynced_writes"));
  ASSERT_OK(db->Close());
  RocksDbOptions options = QueuedOptions();
  options.rocks.unsynced_writes = true;
  db = Open(options);
  EXPECT_OK(db->Write(batch, SyncWrite::kNo));
}

TEST_P(RocksDbTest, TheOptionsFileIsWrittenOnlyWhenAsked) {
  const auto has_options = [&] {
    const auto entries = fs().List("a/db");
    return std::any_of(entries->begin(), entries->end(),
                       [](const DirEntry& entry) { return entry.name.starts_with("OPTIONS-"); });
  };
  ASSERT_OK(Open()->Close());
  EXPECT_FALSE(has_options());
  RocksDbOptions options = QueuedOptions();
  options.rocks.write_options_file = true;
  ASSERT_OK(Open(options)->Close());
  EXPECT_TRUE(has_options());
}

TEST_P(RocksDbTest, IdentityComesFromTheSeed) {
  const auto identity = [&](std::string_view path) {
    RocksWorld world(fs());
    EXPECT_OK((*RocksDb::Open(world.env, path, QueuedOptions()))->Close());
    const auto file = fs().Open(JoinPath(path, "IDENTITY"), OpenMode::kRead);
    std::string id(36, '\0');
    EXPECT_OK((*file)->Read(0, id));
    return id;
  };
  EXPECT_EQ(identity("x"), identity("y"));
  EXPECT_EQ(identity("z").size(), 36U);
}

// A power cut during the first open: the log has its name, CURRENT had not.
TEST_P(RocksDbTest, AnEmptyLogOfAnUnfinishedCreationIsNoObstacle) {
  ASSERT_OK(fs().MakeDir("a"));
  ASSERT_OK(fs().MakeDir("a/db"));
  WriteFile(fs(), "a/db/000004.log", "");

  const auto db = Open();
  ASSERT_NE(db, nullptr);
  Put(*db, "k");

  EXPECT_EQ(Value(*db, "k"), "v");
}

TEST_P(RocksDbTest, DataWithoutCurrentIsRefusedAgainAndAgain) {
  Put(*Open(), "k");
  ASSERT_OK(fs().Unlink("a/db/CURRENT"));
  ASSERT_OK_AND_ASSIGN(const std::vector<DirEntry> before, fs().List("a/db"));

  for (int i = 0; i < 2; ++i) {
    EXPECT_ERROR(RocksDb::Open(world_.env, "a/db", QueuedOptions()), absl::StatusCode::kDataLoss,
                 ::testing::Eq("open database a/db: CURRENT is missing, and a/db/000004.log holds "
                               "data; restore CURRENT, or move the directory away"));
  }

  ASSERT_OK_AND_ASSIGN(const std::vector<DirEntry> after, fs().List("a/db"));
  EXPECT_EQ(after.size(), before.size());
}

}  // namespace
}  // namespace permafrost::vfs
