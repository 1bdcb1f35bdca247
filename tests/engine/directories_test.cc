// What is remembered of directories: failed syncs, and whose names are proven.
#include "engine/catalog/directories.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/fault_plan.h"
#include "faults/faulty_file_system.h"
#include "sim/disk/sim_file_system.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

class DirectoriesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(disk_.MakeDir("d"));
    ASSERT_OK(disk_.SyncDir(""));
  }

  sim::SimFileSystem disk_;
  faults::FaultyFileSystem second_sync_fails_{&disk_,
                                              *faults::ParsePlan("when sync_dir nth=2 then eio")};
};

TEST_F(DirectoriesTest, NamesAreDurableOnceTheyAreSettled) {
  Directories directories(&disk_);
  PendingNames names(&directories);
  names.Add("d/f");
  ASSERT_OK(disk_.Create("d/f"));

  ASSERT_OK(names.Settle("freeze.sync.parent"));

  EXPECT_FALSE(disk_.state().HasPending());
}

TEST_F(DirectoriesTest, TheFailedSyncOfAnotherIsNotForgotten) {
  Directories directories(&second_sync_fails_);
  PendingNames mine(&directories);
  mine.Add("d/mine");
  ASSERT_OK(disk_.Create("d/mine"));
  PendingNames first(&directories);
  first.Add("d/first");
  ASSERT_OK(first.Settle("freeze.sync.parent"));
  PendingNames other(&directories);
  other.Add("d/other");
  ASSERT_OK(disk_.Create("d/other"));
  ASSERT_FALSE(other.Settle("freeze.sync.parent").ok());

  EXPECT_ERROR(mine.Settle("freeze.sync.parent"), absl::StatusCode::kAborted,
               "settle d: another sync of it failed meanwhile, so the names just changed in it are "
               "unspecified; change them anew");
}

TEST_F(DirectoriesTest, NamesAddedAfterTheFailureAreFine) {
  Directories directories(&second_sync_fails_);
  for (int i = 0; i < 2; ++i) {
    PendingNames names(&directories);
    names.Add("d/f");
    names.Settle("freeze.sync.parent").IgnoreError();
  }
  PendingNames names(&directories);
  names.Add("d/g");

  EXPECT_OK(names.Settle("freeze.sync.parent"));
}

TEST_F(DirectoriesTest, OfADirectoryThatIsGoneTheAncestorIsSynced) {
  Directories directories(&disk_);
  PendingNames names(&directories);
  names.Add("d/sub/f");
  ASSERT_OK(disk_.RemoveDir("d"));

  ASSERT_OK(names.Settle("delete.sync.parent"));

  EXPECT_FALSE(disk_.state().HasPending());
}

TEST_F(DirectoriesTest, ProvenStaysProven) {
  Directories directories(&disk_);
  EXPECT_FALSE(directories.Hold("d").is_proven());

  directories.Hold("d").set_proven();

  EXPECT_TRUE(directories.Hold("d").is_proven());
  EXPECT_FALSE(directories.Hold("e").is_proven());
}

}  // namespace
}  // namespace permafrost::engine
