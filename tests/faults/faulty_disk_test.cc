// What lies and failures of syncs leave on the simulated disk when the power goes.
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/faulty_file_system.h"
#include "sim/disk/crash_images.h"
#include "sim/disk/sim_file_system.h"
#include "tests/status_matchers.h"

namespace permafrost::faults {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

// Creates f, appends "kept", syncs file and directory twice, under the plan.
void WriteAndSyncTwice(sim::SimFileSystem& disk, std::string_view rules) {
  auto plan = ParsePlan(rules);
  ASSERT_OK(plan);
  FaultyFileSystem fs(&disk, *plan);
  ASSERT_OK_AND_ASSIGN(const auto file, fs.Create("f"));
  ASSERT_OK(file->Append("kept"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_OK(file->Sync());
    EXPECT_OK(fs.SyncDir(""));
  }
  EXPECT_EQ(fs.Unfired(), std::vector<std::string>());
}

// The contents of f in the images that a cut may leave now, "<none>" where it is not there.
std::set<std::string> ContentsAfterCut(const sim::SimFileSystem& disk) {
  std::set<std::string> contents;
  sim::CrashImages(disk.state(), {}, {}).ForEach([&contents](const sim::CrashImage& image) {
    sim::SimFileSystem booted(image.state);
    std::string content = "<none>";
    if (auto file = booted.Open("f", vfs::OpenMode::kRead); file.ok()) {
      content.resize(*(*file)->Size());
      EXPECT_OK((*file)->Read(0, content));
    }
    contents.insert(content == std::string(4, '\0') ? "<zeros>" : content);
    return true;
  });
  return contents;
}

TEST(FaultyDisk, WithoutFaultsNothingIsLost) {
  sim::SimFileSystem disk;

  WriteAndSyncTwice(disk, "");

  EXPECT_THAT(ContentsAfterCut(disk), ElementsAre("kept"));
}

TEST(FaultyDisk, ALeftOutSyncIsMadeUpForByTheNext) {
  sim::SimFileSystem disk;

  WriteAndSyncTwice(disk, "when sync_file nth=1 then unsynced; when sync_dir nth=1 then unsynced");

  EXPECT_THAT(ContentsAfterCut(disk), ElementsAre("kept"));
}

TEST(FaultyDisk, ADroppedFileSyncIsNeverMadeUpFor) {
  sim::SimFileSystem disk;

  WriteAndSyncTwice(disk, "when sync_file nth=1 then drop");

  EXPECT_THAT(ContentsAfterCut(disk),
              ::testing::IsSupersetOf({std::string(), std::string("kept")}));
  EXPECT_FALSE(ContentsAfterCut(disk).contains("<none>"));
}

TEST(FaultyDisk, ADroppedDirectorySyncLeavesTheNameInDoubt) {
  sim::SimFileSystem disk;

  WriteAndSyncTwice(disk, "when sync_dir nth=1 then drop");

  EXPECT_THAT(ContentsAfterCut(disk), UnorderedElementsAre("<none>", "kept"));
}

TEST(FaultyDisk, AFailedSyncIsNotMadeUpForByARetryThatReturnsOk) {
  sim::SimFileSystem disk;
  FaultyFileSystem fs(&disk, FailCall(3));
  ASSERT_OK_AND_ASSIGN(const auto file, fs.Create("f"));
  ASSERT_OK(file->Append("kept"));

  const absl::Status failed = file->Sync();
  EXPECT_OK(file->Sync());
  EXPECT_OK(fs.SyncDir(""));

  EXPECT_TRUE(vfs::IsInjected(failed));
  EXPECT_TRUE(ContentsAfterCut(disk).contains(""));
}

}  // namespace
}  // namespace permafrost::faults
