// Conformance of Rename (D5): within one directory, onto nothing, onto each kind, and refusals that
// do nothing.
#include "tests/conformance/conformance.h"
#include "tests/status_matchers.h"

namespace permafrost::conformance {
namespace {

using ::testing::StartsWith;
using vfs::OpenMode;

constexpr auto kFailedPrecondition = absl::StatusCode::kFailedPrecondition;

TEST_P(FileSystemConformance, RenameGivesAFileAnotherName) {
  MakeDir("d");
  MakeFile("d/f", "abc");

  ASSERT_OK(fs().Rename("d/f", "d/g"));

  EXPECT_EQ(ListingOf("d"), "g");
  EXPECT_EQ(ContentOf("d/g"), "abc");
}

TEST_P(FileSystemConformance, RenameReplacesAFile) {
  MakeFile("new", "new");
  MakeFile("old", "old");
  ASSERT_OK_AND_ASSIGN(const auto replaced, fs().Open("old", OpenMode::kRead));

  ASSERT_OK(fs().Rename("new", "old"));

  EXPECT_EQ(ListingOf(""), "old");
  EXPECT_EQ(ContentOf("old"), "new");
  EXPECT_EQ(ContentOf(*replaced), "old") << "a replaced file lives on while open (D7)";
}

TEST_P(FileSystemConformance, AHandleFollowsItsFileThroughARename) {
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Create("f"));
  ASSERT_OK(file->Append("abc"));

  ASSERT_OK(fs().Rename("f", "g"));
  MakeFile("f", "another");
  ASSERT_OK(file->Append("def"));

  EXPECT_EQ(ContentOf("g"), "abcdef");
  EXPECT_EQ(ContentOf("f"), "another");
  // Errors name the path that the caller gave.
  EXPECT_ERROR(file->Truncate(vfs::kFileBytesMax + 1), absl::StatusCode::kInvalidArgument,
               StartsWith("truncate f: "));
}

TEST_P(FileSystemConformance, RenameMovesADirectoryWithAllThatIsInIt) {
  MakeDir("d");
  MakeDir("d/e");
  MakeFile("d/e/f", "abc");
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Open("d/e/f", OpenMode::kReadWrite));

  ASSERT_OK(fs().Rename("d", "x"));
  ASSERT_OK(file->Append("def"));

  EXPECT_EQ(ListingOf(""), "x/");
  EXPECT_EQ(ContentOf("x/e/f"), "abcdef");
  EXPECT_OK(fs().SyncDir("x/e"));
  EXPECT_ERROR(fs().SyncDir("d"), absl::StatusCode::kNotFound, StartsWith("sync_dir d: "));
}

TEST_P(FileSystemConformance, RenameReplacesAnEmptyDirectoryByADirectory) {
  MakeDir("d");
  MakeFile("d/f", "abc");
  MakeDir("empty");

  ASSERT_OK(fs().Rename("d", "empty"));

  EXPECT_EQ(ListingOf(""), "empty/");
  EXPECT_EQ(ContentOf("empty/f"), "abc");
}

TEST_P(FileSystemConformance, RenameOntoAnotherKindOrAFullDirectoryIsRefused) {
  MakeFile("f", "abc");
  MakeDir("empty");
  MakeDir("full");
  MakeFile("full/g", "def");

  EXPECT_ERROR(fs().Rename("f", "empty"), kFailedPrecondition, StartsWith("rename f"));
  EXPECT_ERROR(fs().Rename("f", "full"), kFailedPrecondition, StartsWith("rename f"));
  EXPECT_ERROR(fs().Rename("empty", "f"), kFailedPrecondition, StartsWith("rename empty"));
  EXPECT_ERROR(fs().Rename("empty", "full"), kFailedPrecondition, StartsWith("rename empty"));

  EXPECT_EQ(ListingOf(""), "empty/ f full/");
  EXPECT_EQ(ContentOf("full/g"), "def");
  EXPECT_EQ(ContentOf("f"), "abc");
}

TEST_P(FileSystemConformance, RenameAcrossDirectoriesIsRefusedBeforeAnything) {
  MakeDir("d");
  MakeDir("e");
  MakeFile("d/f", "abc");
  MakeFile("e/g", "def");
  MakeFile("top", "ghi");

  EXPECT_ERROR(fs().Rename("d/f", "e/f"), kFailedPrecondition, StartsWith("rename d/f"));
  EXPECT_ERROR(fs().Rename("d/f", "e/g"), kFailedPrecondition, StartsWith("rename d/f"));
  EXPECT_ERROR(fs().Rename("d/f", "f"), kFailedPrecondition, StartsWith("rename d/f"));
  EXPECT_ERROR(fs().Rename("top", "d/top"), kFailedPrecondition, StartsWith("rename top"));
  EXPECT_ERROR(fs().Rename("d", "e/d"), kFailedPrecondition, StartsWith("rename d"));
  EXPECT_ERROR(fs().Rename("d", "d/d"), kFailedPrecondition, StartsWith("rename d"));
  EXPECT_ERROR(fs().Rename("d/none", "e/none"), kFailedPrecondition, StartsWith("rename d/none"));

  EXPECT_EQ(ListingOf(""), "d/ e/ top");
  EXPECT_EQ(ListingOf("d"), "f");
  EXPECT_EQ(ListingOf("e"), "g");
  EXPECT_EQ(ContentOf("e/g"), "def");
}

TEST_P(FileSystemConformance, RenameOntoItselfChangesNothing) {
  MakeFile("f", "abc");
  MakeDir("d");
  MakeFile("d/g", "def");

  EXPECT_OK(fs().Rename("f", "f"));
  EXPECT_OK(fs().Rename("d", "d"));

  EXPECT_EQ(ListingOf(""), "d/ f");
  EXPECT_EQ(ContentOf("f"), "abc");
  EXPECT_EQ(ContentOf("d/g"), "def");
}

TEST_P(FileSystemConformance, RenameBetweenTwoNamesOfOneFileKeepsBoth) {
  MakeFile("f", "abc");
  ASSERT_OK(fs().Link("f", "g"));

  EXPECT_OK(fs().Rename("f", "g"));

  EXPECT_EQ(ListingOf(""), "f g");
  ASSERT_OK_AND_ASSIGN(const vfs::FileInfo info, fs().Stat("g"));
  EXPECT_EQ(info.link_count, 2U);
}

TEST_P(FileSystemConformance, RenameOverAnotherLinkTakesOneNameAway) {
  MakeFile("f", "abc");
  ASSERT_OK(fs().Link("f", "g"));
  MakeFile("h", "def");

  ASSERT_OK(fs().Rename("h", "g"));

  EXPECT_EQ(ContentOf("g"), "def");
  ASSERT_OK_AND_ASSIGN(const vfs::FileInfo info, fs().Stat("f"));
  EXPECT_EQ(info.link_count, 1U);
}

TEST_P(FileSystemConformance, ARecreatedDirectoryIsANewOne) {
  MakeDir("d");
  MakeFile("d/f", "abc");
  ASSERT_OK(fs().SyncDir("d"));
  ASSERT_OK(fs().Rename("d", "e"));

  MakeDir("d");
  EXPECT_OK(fs().SyncDir("d"));

  EXPECT_EQ(ListingOf("d"), "");
  EXPECT_NE(*fs().Identity("d"), *fs().Identity("e"));
}

}  // namespace
}  // namespace permafrost::conformance
