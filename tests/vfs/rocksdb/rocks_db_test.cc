// The facade on a real directory: every call, reopening, column families, what is refused.
#include "vfs/rocksdb/rocks_db.h"

#include "tests/status_matchers.h"
#include "tests/vfs/rocksdb/rocks_world.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/posix/posix_file_system.h"

namespace permafrost::vfs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using Row = RocksDb::Row;

class RocksDbTest : public ::testing::Test {
 protected:
  RocksDbTest() : fs_(*PosixFileSystem::Open(dir_.path())), world_(*fs_) {}

  std::unique_ptr<RocksDb> Open(const RocksDbOptions& options = QueuedOptions()) {
    auto db = RocksDb::Open(world_.env, "a/db", options);
    EXPECT_OK(db);
    return db.ok() ? *std::move(db) : nullptr;
  }

  static std::string Value(const RocksDb& db,
                           std::string_view key,
                           Family family = kDefaultFamily) {
    const auto value = db.Get(family, key);
    EXPECT_OK(value);
    return value.ok() && value->has_value() ? **value : "(absent)";
  }

  TempDir dir_;
  std::unique_ptr<PosixFileSystem> fs_;
  RocksWorld world_;
};

TEST_F(RocksDbTest, WhatWasWrittenIsReadAgainAfterReopening) {
  auto db = Open();
  ASSERT_OK(db->Write(RocksBatch().Put(kDefaultFamily, "a", "1").Put(kDefaultFamily, "b", "2"),
                      SyncWrite::kYes));
  ASSERT_OK(db->Write(RocksBatch().Delete(kDefaultFamily, "a"), SyncWrite::kYes));
  ASSERT_OK(db->Close());

  db = Open();

  EXPECT_EQ(Value(*db, "a"), "(absent)");
  EXPECT_EQ(Value(*db, "b"), "2");
  EXPECT_OK(db->Close());
}

TEST_F(RocksDbTest, FlushAndCompactionKeepEveryKey) {
  auto db = Open();
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(
        db->Write(RocksBatch().Put(kDefaultFamily, "k" + std::to_string(i), "v"), SyncWrite::kYes));
    ASSERT_OK(db->Flush(FlushWait::kNo));
    world_.executor.Drain();
  }
  ASSERT_OK_AND_ASSIGN(const auto before, db->LiveTables());
  EXPECT_EQ(before.size(), 3U);

  ASSERT_OK(db->CompactTables(kDefaultFamily));

  ASSERT_OK_AND_ASSIGN(const auto after, db->LiveTables());
  ASSERT_EQ(after.size(), 1U);
  ASSERT_OK_AND_ASSIGN(const FileInfo table, fs_->Stat(after[0].path));
  EXPECT_EQ(table.bytes, after[0].bytes);
  ASSERT_OK(db->Close());
  db = Open();
  EXPECT_EQ(Value(*db, "k0") + Value(*db, "k1") + Value(*db, "k2"), "vvv");
}

}  // namespace
}  // namespace permafrost::vfs
