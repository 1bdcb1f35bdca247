// The exact calls of each barrier, in order and under their labels.
#include "vfs/durable.h"

#include "tests/status_matchers.h"
#include "tests/vfs/line_observer.h"
#include "tests/vfs/posix_world.h"
#include "vfs/recording_file_system.h"

namespace permafrost::vfs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr BarrierLabels kLabels{
    .file = "t.sync.file", .parent = "t.sync.parent", .grandparent = "t.sync.grandparent"};

class DurableTest : public ::testing::Test {
 protected:
  void MakeDirPath(std::string_view path) { ASSERT_OK(world_.fs().MakeDir(path)); }
  void MakeFile(std::string_view path) { ASSERT_OK(world_.fs().Create(path)); }

  PosixWorld world_;
  LineObserver observer_;
  RecordingFileSystem fs_{&world_.fs(), &observer_};
};

TEST_F(DurableTest, ANewFileSyncsBytesThenNameThenItsDirectorysName) {
  MakeDirPath("a");
  MakeDirPath("a/b");
  ASSERT_OK_AND_ASSIGN(const auto file, fs_.Create("a/b/f"));
  static_cast<void>(observer_.Take());

  ASSERT_OK(BarrierNewFile(&fs_, file.get(), "a/b/f", kLabels));

  EXPECT_THAT(observer_.Take(),
              ElementsAre("t.sync.file: sync a/b/f", "t.sync.parent: sync_dir a/b",
                          "t.sync.grandparent: sync_dir a"));
}

TEST_F(DurableTest, AFileBelowTheRootsOwnDirectoryEndsAtTheRoot) {
  MakeDirPath("a");
  ASSERT_OK_AND_ASSIGN(const auto deep, fs_.Create("a/f"));
  ASSERT_OK_AND_ASSIGN(const auto top, fs_.Create("f"));
  static_cast<void>(observer_.Take());

  ASSERT_OK(BarrierNewFile(&fs_, deep.get(), "a/f", kLabels));
  ASSERT_OK(BarrierNewFile(&fs_, top.get(), "f", kLabels));

  EXPECT_THAT(observer_.Take(), ElementsAre("t.sync.file: sync a/f", "t.sync.parent: sync_dir a",
                                            "t.sync.grandparent: sync_dir ", "t.sync.file: sync f",
                                            "t.sync.parent: sync_dir "));
}

TEST_F(DurableTest, ABarrierStopsAtTheFirstErrorAndDoesNotRetry) {
  MakeDirPath("a");
  ASSERT_OK_AND_ASSIGN(const auto file, fs_.Create("a/f"));
  ASSERT_OK(file->Close());
  static_cast<void>(observer_.Take());

  EXPECT_FALSE(BarrierNewFile(&fs_, file.get(), "a/f", kLabels).ok());
  EXPECT_THAT(observer_.Take(), ElementsAre("t.sync.file: sync a/f !"));

  ASSERT_OK_AND_ASSIGN(const auto again, fs_.Open("a/f", OpenMode::kRead));
  static_cast<void>(observer_.Take());
  EXPECT_FALSE(BarrierNewFile(&fs_, again.get(), "gone/f", kLabels).ok());
  EXPECT_THAT(observer_.Take(),
              ElementsAre("t.sync.file: sync a/f", "t.sync.parent: sync_dir gone !"));
}

TEST_F(DurableTest, MakeDirsMakesWhatIsMissingAndSyncsUpToTheAnchor) {
  MakeDirPath("data");

  ASSERT_OK(MakeDirs(&fs_, {.leaf = "data/a/b", .anchor = "data"}, "roots.sync"));

  EXPECT_THAT(observer_.Take(),
              ElementsAre("stat data", "stat data/a/b !", "stat data/a !", "make_dir data/a",
                          "make_dir data/a/b", "roots.sync: sync_dir data/a/b",
                          "roots.sync: sync_dir data/a", "roots.sync: sync_dir data"));
}

TEST_F(DurableTest, MakeDirsSyncsTheWholeChainAlsoWhenNothingWasMissing) {
  MakeDirPath("data");
  MakeDirPath("data/a");

  ASSERT_OK(MakeDirs(&fs_, {.leaf = "data/a", .anchor = ""}, "roots.sync"));

  EXPECT_THAT(observer_.Take(), ElementsAre("stat ", "stat data/a", "roots.sync: sync_dir data/a",
                                            "roots.sync: sync_dir data", "roots.sync: sync_dir "));
}

TEST_F(DurableTest, MakeDirsRefusesAMissingAnchorAndAFileOnTheWay) {
  EXPECT_ERROR(MakeDirs(&fs_, {.leaf = "data/a", .anchor = "data"}, "roots.sync"),
               absl::StatusCode::kNotFound, "stat data: No such file or directory (errno 2)");
  MakeFile("f");
  EXPECT_ERROR(MakeDirs(&fs_, {.leaf = "f/a/b", .anchor = ""}, "roots.sync"),
               absl::StatusCode::kFailedPrecondition,
               "make_dirs f: is a file, expected a directory");

  ASSERT_OK_AND_ASSIGN(const bool exists, world_.fs().Exists("data"));
  EXPECT_FALSE(exists);
}

TEST_F(DurableTest, SyncParentsSyncsEachDistinctParentOnceInPathOrder) {
  MakeDirPath("a");
  MakeDirPath("b");
  const std::vector<std::string> paths = {"b/1", "a/1", "b/2", "a/2", "top"};

  ASSERT_OK(SyncParents(&fs_, paths, "delete.sync.parent"));
  EXPECT_THAT(observer_.Take(),
              ElementsAre("delete.sync.parent: sync_dir ", "delete.sync.parent: sync_dir a",
                          "delete.sync.parent: sync_dir b"));

  ASSERT_OK(SyncParents(&fs_, {}, "delete.sync.parent"));
  EXPECT_THAT(observer_.Take(), IsEmpty());
}

TEST_F(DurableTest, AMissingDirectoryIsSettledThroughItsNearestExistingAncestor) {
  MakeDirPath("a");
  const std::vector<std::string> paths = {"a/b/c/f"};

  ASSERT_OK(SyncParents(&fs_, paths, "delete.sync.parent"));

  EXPECT_THAT(observer_.Take(),
              ElementsAre("delete.sync.parent: sync_dir a/b/c !",
                          "delete.sync.parent: sync_dir a/b !", "delete.sync.parent: sync_dir a"));
}

TEST_F(DurableTest, RemoveTreeEmptiesBottomUpInOrder) {
  MakeDirPath("a");
  MakeDirPath("a/d");
  MakeFile("a/d/f");
  MakeFile("a/g");

  ASSERT_OK(RemoveTree(&fs_, "a"));
  EXPECT_THAT(observer_.Take(), ElementsAre("list a", "list a/d", "unlink a/d/f", "remove_dir a/d",
                                            "unlink a/g", "remove_dir a"));

  EXPECT_OK(RemoveTree(&fs_, "a")) << "what is gone is gone";
}

TEST_F(DurableTest, RemoveTreeDoesNotTouchAFile) {
  MakeFile("f");

  EXPECT_ERROR(RemoveTree(&fs_, "f"), absl::StatusCode::kFailedPrecondition, HasSubstr("list f: "));

  EXPECT_OK(world_.fs().Stat("f"));
}

TEST_F(DurableTest, UnlinkIfExistsForgivesOnlyAbsence) {
  MakeFile("f");
  MakeDirPath("d");

  EXPECT_OK(UnlinkIfExists(&fs_, "f"));
  EXPECT_OK(UnlinkIfExists(&fs_, "f"));
  EXPECT_OK(UnlinkIfExists(&fs_, "none/f"));
  EXPECT_ERROR(UnlinkIfExists(&fs_, "d"), absl::StatusCode::kFailedPrecondition,
               HasSubstr("unlink d: "));
}

}  // namespace
}  // namespace permafrost::vfs
