// How a sync fails: who is told, what live reads show, what the disk takes afterwards.
#include <cerrno>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/faulty_file_system.h"
#include "sim/disk/sim_file_system.h"
#include "tests/faults/noting_file_system.h"
#include "tests/status_matchers.h"
#include "vfs/base/status.h"

namespace permafrost::faults {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;

// A file that holds "old" durably and "new" on top, on a simulated disk under a plan.
class SyncFailures : public ::testing::Test {
 protected:
  void Begin(std::string_view rules) {
    ASSERT_OK_AND_ASSIGN(const auto made, disk_.Create("f"));
    ASSERT_OK(made->Append("old"));
    ASSERT_OK(made->Sync());
    ASSERT_OK(disk_.SyncDir(""));
    ASSERT_OK_AND_ASSIGN(const FaultPlan plan, ParsePlan(rules));
    fs_ = std::make_unique<FaultyFileSystem>(&disk_, plan);
    ASSERT_OK_AND_ASSIGN(file_, fs_->Open("f", vfs::OpenMode::kReadWrite));
    ASSERT_OK_AND_ASSIGN(other_, fs_->Open("f", vfs::OpenMode::kReadWrite));
    ASSERT_OK(file_->Write(0, "new"));
  }
  std::string Content() {
    std::string content(3, '\0');
    EXPECT_OK(file_->Read(0, content));
    return content;
  }

  sim::SimFileSystem disk_;
  std::unique_ptr<FaultyFileSystem> fs_;
  std::unique_ptr<vfs::File> file_;
  std::unique_ptr<vfs::File> other_;
};

TEST_F(SyncFailures, KeptPagesStayWhateverTheCacheDoes) {
  Begin("when sync nth=1 then fail:kept");

  EXPECT_ERROR(file_->Sync(), absl::StatusCode::kDataLoss,
               Eq("sync f: Input/output error (errno 5)"));
  ASSERT_OK(fs_->DropCaches());

  EXPECT_EQ(Content(), "new");
}

TEST_F(SyncFailures, RevertedPagesShowWhatIsDurableAtOnce) {
  Begin("when sync nth=1 then fail:reverted");

  EXPECT_FALSE(file_->Sync().ok());

  EXPECT_EQ(Content(), "old");
}

TEST_F(SyncFailures, CleanPagesShowItOnceTheCacheDropsThem) {
  Begin("when sync nth=1 then fail:clean");

  EXPECT_FALSE(file_->Sync().ok());
  EXPECT_EQ(Content(), "new");
  EXPECT_TRUE(disk_.HasCleanOrphans());
  ASSERT_OK(fs_->DropCaches());

  EXPECT_EQ(Content(), "old");
  EXPECT_FALSE(disk_.HasCleanOrphans());
}

TEST_F(SyncFailures, TheRuleIsStrongerThanTheDisk) {
  sim::SimFileSystem reverting({.after_failed_sync = AfterFailedSync::kRevert});
  ASSERT_OK_AND_ASSIGN(const FaultPlan plan, ParsePlan("when sync nth=1 then fail:kept"));
  FaultyFileSystem fs(&reverting, plan);
  ASSERT_OK_AND_ASSIGN(const auto file, fs.Create("f"));
  ASSERT_OK(file->Append("new"));

  EXPECT_FALSE(file->Sync().ok());

  ASSERT_OK_AND_ASSIGN(const std::uint64_t bytes, file->Size());
  EXPECT_EQ(bytes, 3U);
}

TEST_F(SyncFailures, OnlyTheCallerIsToldUnlessThePlanSaysMore) {
  Begin("when sync nth=1 then fail");

  EXPECT_FALSE(file_->Sync().ok());

  EXPECT_OK(other_->Sync());
}

TEST_F(SyncFailures, EveryHandleThatWasOpenIsToldOnce) {
  Begin("when sync nth=1 then fail:every-handle");

  EXPECT_FALSE(file_->Sync().ok());
  ASSERT_OK_AND_ASSIGN(const auto later, fs_->Open("f", vfs::OpenMode::kReadWrite));

  EXPECT_OK(file_->Sync());
  EXPECT_TRUE(vfs::IsInjected(other_->SyncData()));
  EXPECT_OK(other_->Sync());
  EXPECT_OK(later->Sync());
}

TEST_F(SyncFailures, AFailedWriteOutIsToldByTheNextSyncOfWhoeverAsksFirst) {
  Begin("when write nth=2 then fail:reverted");

  EXPECT_OK(file_->Write(0, "NEW"));

  EXPECT_EQ(Content(), "old");
  EXPECT_ERROR(other_->Sync(), absl::StatusCode::kDataLoss,
               Eq("sync f: Input/output error (errno 5)"));
  EXPECT_OK(file_->Sync());
}

TEST_F(SyncFailures, AFailedWriteOutCanTellEveryHandle) {
  Begin("when write nth=2 then fail:kept,every-handle");

  EXPECT_OK(file_->Write(0, "NEW"));

  EXPECT_FALSE(other_->Sync().ok());
  EXPECT_FALSE(file_->Sync().ok());
  EXPECT_OK(file_->Sync());
}

TEST_F(SyncFailures, ADiskThatWasRemountedReadOnlyRefusesEveryChangeUntilItIsMountedAnew) {
  Begin("when sync nth=1 then fail:kept,read-only");

  EXPECT_FALSE(file_->Sync().ok());

  EXPECT_ERROR(file_->Append("x"), absl::StatusCode::kFailedPrecondition,
               Eq("append f: Read-only file system (errno 30); remount the volume read-write"));
  EXPECT_EQ(vfs::ErrnoOf(fs_->MakeDir("d")), EROFS);
  EXPECT_EQ(vfs::ErrnoOf(fs_->Create("g").status()), EROFS);
  EXPECT_EQ(vfs::ErrnoOf(file_->Sync()), EROFS);
  EXPECT_EQ(Content(), "new");
  fs_->Remount();
  EXPECT_OK(fs_->MakeDir("d"));
}

TEST(SyncFailuresOfNumbers, ANewFileOfAnOldNumberOwesNothing) {
  // Every file of this disk has the same number.
  NotingLyingFileSystem disk;
  auto plan = ParsePlan("when write nth=1 then fail");
  ASSERT_OK(plan);
  FaultyFileSystem fs(&disk, *plan);
  ASSERT_OK_AND_ASSIGN(const auto failing, fs.Create("f"));
  ASSERT_OK(failing->Write(0, "x"));

  ASSERT_OK_AND_ASSIGN(const auto fresh, fs.Create("g"));

  EXPECT_OK(fresh->Sync());
  EXPECT_FALSE(failing->Sync().ok());
  EXPECT_THAT(fs.Unfired(), ElementsAre());
}

}  // namespace
}  // namespace permafrost::faults
