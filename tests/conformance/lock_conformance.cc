// Conformance of Lock: exclusive, without waiting, with the holder's name for whoever comes second.
#include "tests/conformance/conformance.h"
#include "tests/status_matchers.h"

namespace permafrost::conformance {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr auto kUnavailable = absl::StatusCode::kUnavailable;

TEST_P(FileSystemConformance, LockMakesTheFileAndWritesItsContent) {
  ASSERT_OK_AND_ASSIGN(const auto lock, fs().Lock("l", {.content = "4711"}));

  EXPECT_EQ(ContentOf("l"), "4711");
}

TEST_P(FileSystemConformance, ASecondLockIsRefusedAndNamesTheHolder) {
  ASSERT_OK_AND_ASSIGN(const auto lock, fs().Lock("l", {.content = "4711"}));

  EXPECT_ERROR(fs().Lock("l", {.content = "4712"}), kUnavailable,
               AllOf(StartsWith("lock l: held by "), HasSubstr("(pid 4711)")));

  EXPECT_EQ(ContentOf("l"), "4711") << "who is refused writes nothing";
}

TEST_P(FileSystemConformance, ALockWithoutContentLeavesTheFileAsItIs) {
  MakeFile("l", "kept");

  ASSERT_OK_AND_ASSIGN(const auto lock, fs().Lock("l", {}));

  EXPECT_EQ(ContentOf("l"), "kept");
}

TEST_P(FileSystemConformance, LockContentReplacesWhatWasThere) {
  MakeFile("l", "a longer text of an earlier holder");

  ASSERT_OK_AND_ASSIGN(const auto lock, fs().Lock("l", {.content = "12"}));

  EXPECT_EQ(ContentOf("l"), "12");
}

TEST_P(FileSystemConformance, ADroppedLockIsFreeAgain) {
  { ASSERT_OK_AND_ASSIGN(const auto lock, fs().Lock("l", {.content = "1"})); }

  ASSERT_OK_AND_ASSIGN(const auto again, fs().Lock("l", {.content = "2"}));

  EXPECT_EQ(ContentOf("l"), "2");
}

TEST_P(FileSystemConformance, ARefusedLockDoesNotReleaseTheHolders) {
  ASSERT_OK_AND_ASSIGN(const auto lock, fs().Lock("l", {.also_fcntl = true, .content = "1"}));

  for (const bool also_fcntl : {true, false}) {
    for (int attempt = 0; attempt < 2; ++attempt) {
      EXPECT_ERROR(fs().Lock("l", {.also_fcntl = also_fcntl}), kUnavailable,
                   StartsWith("lock l: "));
    }
  }
}

TEST_P(FileSystemConformance, LocksOfTwoFilesAreIndependent) {
  MakeDir("d");

  ASSERT_OK_AND_ASSIGN(const auto first, fs().Lock("l", {.also_fcntl = true}));
  ASSERT_OK_AND_ASSIGN(const auto second, fs().Lock("d/l", {.also_fcntl = true}));

  EXPECT_EQ(ContentOf("d/l"), "");
}

TEST_P(FileSystemConformance, ALockIsOnTheFileAndNotOnTheName) {
  ASSERT_OK_AND_ASSIGN(const auto lock, fs().Lock("l", {.content = "1"}));

  ASSERT_OK(fs().Link("l", "m"));

  EXPECT_ERROR(fs().Lock("m", {}), kUnavailable, StartsWith("lock m: held by "));
}

TEST_P(FileSystemConformance, ALockBindsOnlyThoseWhoLock) {
  ASSERT_OK_AND_ASSIGN(const auto lock, fs().Lock("l", {.content = "1"}));

  ASSERT_OK_AND_ASSIGN(const auto file, fs().Open("l", vfs::OpenMode::kReadWrite));
  EXPECT_OK(file->Append("2"));
  EXPECT_EQ(ContentOf("l"), "12");
  EXPECT_OK(fs().Unlink("l"));
}

}  // namespace
}  // namespace permafrost::conformance
