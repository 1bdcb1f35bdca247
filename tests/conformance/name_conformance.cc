// Conformance of names: directories, listings, links, unlinks, identity, stat.
#include "tests/conformance/conformance.h"
#include "tests/status_matchers.h"

namespace permafrost::conformance {
namespace {

using ::testing::StartsWith;
using vfs::FileKind;
using vfs::OpenMode;

constexpr auto kNotFound = absl::StatusCode::kNotFound;
constexpr auto kAlreadyExists = absl::StatusCode::kAlreadyExists;
constexpr auto kFailedPrecondition = absl::StatusCode::kFailedPrecondition;

TEST_P(FileSystemConformance, ANewFileSystemIsAnEmptyRoot) {
  EXPECT_EQ(ListingOf(""), "");
  ASSERT_OK_AND_ASSIGN(const vfs::FileInfo info, fs().Stat(""));
  EXPECT_EQ(info.kind, FileKind::kDirectory);
}

TEST_P(FileSystemConformance, CreateIsExclusive) {
  MakeFile("f", "abc");
  MakeDir("d");

  EXPECT_ERROR(fs().Create("f"), kAlreadyExists, StartsWith("create f: "));
  EXPECT_ERROR(fs().Create("d"), kAlreadyExists, StartsWith("create d: "));
  EXPECT_EQ(ContentOf("f"), "abc");
}

TEST_P(FileSystemConformance, NamesNeedADirectoryAboveThem) {
  MakeFile("f", "");

  for (const std::string above : {"missing", "f", "f/g", "missing/d"}) {
    const std::string path = above + "/x";
    EXPECT_ERROR(fs().Create(path), kNotFound, StartsWith("create " + path + ": "));
    EXPECT_ERROR(fs().Open(path, OpenMode::kRead), kNotFound, StartsWith("open " + path + ": "));
    EXPECT_ERROR(fs().MakeDir(path), kNotFound, StartsWith("make_dir " + path + ": "));
    EXPECT_ERROR(fs().RemoveDir(path), kNotFound, StartsWith("remove_dir " + path + ": "));
    EXPECT_ERROR(fs().List(path), kNotFound, StartsWith("list " + path + ": "));
    EXPECT_ERROR(fs().SyncDir(path), kNotFound, StartsWith("sync_dir " + path + ": "));
    EXPECT_ERROR(fs().Unlink(path), kNotFound, StartsWith("unlink " + path + ": "));
    EXPECT_ERROR(fs().Stat(path), kNotFound, StartsWith("stat " + path + ": "));
    EXPECT_ERROR(fs().Identity(path), kNotFound, StartsWith("identity " + path + ": "));
    EXPECT_ERROR(fs().FreeSpace(path), kNotFound, StartsWith("free_space " + path + ": "));
    EXPECT_ERROR(fs().Lock(path, {}), kNotFound, StartsWith("lock " + path + ": "));
    EXPECT_ERROR(fs().Rename(path, above + "/y"), kNotFound, StartsWith("rename " + path));
    EXPECT_ERROR(fs().Link("f", path), kNotFound, StartsWith("link f"));
    EXPECT_ERROR(fs().Link(path, "g"), kNotFound, StartsWith("link " + path));
  }
  EXPECT_EQ(ListingOf(""), "f");
}

TEST_P(FileSystemConformance, WhatIsMissingIsNotFound) {
  EXPECT_ERROR(fs().Open("x", OpenMode::kRead), kNotFound, StartsWith("open x: "));
  EXPECT_ERROR(fs().Open("x", OpenMode::kReadWrite), kNotFound, StartsWith("open x: "));
  EXPECT_ERROR(fs().RemoveDir("x"), kNotFound, StartsWith("remove_dir x: "));
  EXPECT_ERROR(fs().List("x"), kNotFound, StartsWith("list x: "));
  EXPECT_ERROR(fs().SyncDir("x"), kNotFound, StartsWith("sync_dir x: "));
  EXPECT_ERROR(fs().Unlink("x"), kNotFound, StartsWith("unlink x: "));
  EXPECT_ERROR(fs().Stat("x"), kNotFound, StartsWith("stat x: "));
  EXPECT_ERROR(fs().Identity("x"), kNotFound, StartsWith("identity x: "));
  EXPECT_ERROR(fs().FreeSpace("x"), kNotFound, StartsWith("free_space x: "));
  EXPECT_ERROR(fs().Rename("x", "y"), kNotFound, StartsWith("rename x"));
  EXPECT_ERROR(fs().Rename("x", "x"), kNotFound, StartsWith("rename x"));
  EXPECT_ERROR(fs().Link("x", "y"), kNotFound, StartsWith("link x"));
  EXPECT_EQ(ListingOf(""), "");
}

TEST_P(FileSystemConformance, TheWrongKindIsAFailedPrecondition) {
  MakeFile("f", "abc");
  MakeDir("d");

  EXPECT_ERROR(fs().Open("d", OpenMode::kRead), kFailedPrecondition, StartsWith("open d: "));
  EXPECT_ERROR(fs().Open("d", OpenMode::kReadWrite), kFailedPrecondition, StartsWith("open d: "));
  EXPECT_ERROR(fs().RemoveDir("f"), kFailedPrecondition, StartsWith("remove_dir f: "));
  EXPECT_ERROR(fs().List("f"), kFailedPrecondition, StartsWith("list f: "));
  EXPECT_ERROR(fs().SyncDir("f"), kFailedPrecondition, StartsWith("sync_dir f: "));
  EXPECT_ERROR(fs().Unlink("d"), kFailedPrecondition, StartsWith("unlink d: "));
  EXPECT_ERROR(fs().Link("d", "e"), kFailedPrecondition, StartsWith("link d"));
  EXPECT_ERROR(fs().Lock("d", {}), kFailedPrecondition, StartsWith("lock d: "));
  EXPECT_EQ(ListingOf(""), "d/ f");
  EXPECT_EQ(ContentOf("f"), "abc");
}

TEST_P(FileSystemConformance, TheRootCannotBeMadeReplacedOrRemoved) {
  MakeFile("f", "abc");

  EXPECT_ERROR(fs().Create(""), kAlreadyExists, StartsWith("create "));
  EXPECT_ERROR(fs().MakeDir(""), kAlreadyExists, StartsWith("make_dir "));
  EXPECT_ERROR(fs().Open("", OpenMode::kRead), kFailedPrecondition, StartsWith("open "));
  EXPECT_ERROR(fs().RemoveDir(""), kFailedPrecondition, StartsWith("remove_dir "));
  EXPECT_ERROR(fs().Unlink(""), kFailedPrecondition, StartsWith("unlink "));
  EXPECT_ERROR(fs().Rename("", "x"), kFailedPrecondition, StartsWith("rename "));
  EXPECT_ERROR(fs().Rename("f", ""), kFailedPrecondition, StartsWith("rename f"));
  EXPECT_ERROR(fs().Link("", "x"), kFailedPrecondition, StartsWith("link "));
  EXPECT_ERROR(fs().Link("f", ""), kAlreadyExists, StartsWith("link f"));
  EXPECT_ERROR(fs().Lock("", {}), kFailedPrecondition, StartsWith("lock "));
  EXPECT_EQ(ListingOf(""), "f");
}

TEST_P(FileSystemConformance, DirectoriesAreMadeAndRemovedOneByOne) {
  MakeDir("d");
  MakeDir("d/e");
  EXPECT_ERROR(fs().MakeDir("d"), kAlreadyExists, StartsWith("make_dir d: "));
  MakeFile("f", "");
  EXPECT_ERROR(fs().MakeDir("f"), kAlreadyExists, StartsWith("make_dir f: "));

  EXPECT_ERROR(fs().RemoveDir("d"), kFailedPrecondition, StartsWith("remove_dir d: "));
  EXPECT_EQ(ListingOf("d"), "e/");
  ASSERT_OK(fs().RemoveDir("d/e"));
  ASSERT_OK(fs().RemoveDir("d"));

  EXPECT_EQ(ListingOf(""), "f");
}

TEST_P(FileSystemConformance, ADirectoryWithAFileIsNotEmpty) {
  MakeDir("d");
  MakeFile("d/f", "");

  EXPECT_ERROR(fs().RemoveDir("d"), kFailedPrecondition, StartsWith("remove_dir d: "));
  ASSERT_OK(fs().Unlink("d/f"));
  EXPECT_OK(fs().RemoveDir("d"));
}

TEST_P(FileSystemConformance, ListIsSortedByBytesAndTellsKinds) {
  for (const std::string name : {"b", "a.txt", "a-b", "Z", "a", "10", "9", "_", ".hidden"}) {
    MakeFile(name, "");
  }
  MakeDir("c");
  MakeFile("c/inner", "");

  EXPECT_EQ(ListingOf(""), ".hidden 10 9 Z _ a a-b a.txt b c/");
  EXPECT_EQ(ListingOf("c"), "inner");
}

TEST_P(FileSystemConformance, StatTellsKindSizeAndLinks) {
  MakeDir("d");
  MakeDir("d/e");
  MakeFile("d/f", "abc");

  ASSERT_OK_AND_ASSIGN(const vfs::FileInfo file, fs().Stat("d/f"));
  EXPECT_EQ(file.kind, FileKind::kFile);
  EXPECT_EQ(file.bytes, 3U);
  EXPECT_EQ(file.link_count, 1U);
  ASSERT_OK_AND_ASSIGN(const vfs::FileInfo directory, fs().Stat("d"));
  EXPECT_EQ(directory.kind, FileKind::kDirectory);
  EXPECT_EQ(directory.bytes, 0U);
  EXPECT_EQ(directory.link_count, 1U) << "1 for a directory whatever the backend says";
}

TEST_P(FileSystemConformance, ExistsIsStatWithoutTheError) {
  MakeFile("f", "");
  MakeDir("d");

  for (const std::string path : {"f", "d", ""}) {
    ASSERT_OK_AND_ASSIGN(const bool exists, fs().Exists(path));
    EXPECT_TRUE(exists) << path;
  }
  for (const std::string path : {"x", "f/x", "x/y"}) {
    ASSERT_OK_AND_ASSIGN(const bool exists, fs().Exists(path));
    EXPECT_FALSE(exists) << path;
  }
  EXPECT_ERROR(fs().Exists("a//b"), absl::StatusCode::kInvalidArgument, StartsWith("stat "));
}

TEST_P(FileSystemConformance, LinksAreNamesOfOneFile) {
  MakeDir("d");
  MakeFile("f", "abc");

  ASSERT_OK(fs().Link("f", "d/g"));
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Open("d/g", OpenMode::kReadWrite));
  ASSERT_OK(file->Append("def"));

  EXPECT_EQ(ContentOf("f"), "abcdef");
  ASSERT_OK_AND_ASSIGN(const vfs::FileInfo two, fs().Stat("f"));
  EXPECT_EQ(two.link_count, 2U);
  EXPECT_EQ(*fs().Identity("f"), *fs().Identity("d/g"));
  ASSERT_OK(fs().Unlink("f"));
  EXPECT_EQ(ContentOf("d/g"), "abcdef");
  ASSERT_OK_AND_ASSIGN(const vfs::FileInfo one, fs().Stat("d/g"));
  EXPECT_EQ(one.link_count, 1U);
}

TEST_P(FileSystemConformance, LinkNeverReplaces) {
  MakeFile("f", "abc");
  MakeFile("g", "other");
  MakeDir("d");

  EXPECT_ERROR(fs().Link("f", "g"), kAlreadyExists, StartsWith("link f"));
  EXPECT_ERROR(fs().Link("f", "f"), kAlreadyExists, StartsWith("link f"));
  EXPECT_ERROR(fs().Link("f", "d"), kAlreadyExists, StartsWith("link f"));
  EXPECT_EQ(ContentOf("g"), "other");
}

TEST_P(FileSystemConformance, AnUnlinkedOpenFileLivesUntilClosed) {
  MakeFile("f", "old");
  ASSERT_OK_AND_ASSIGN(const auto old_file, fs().Open("f", OpenMode::kReadWrite));

  ASSERT_OK(fs().Unlink("f"));
  EXPECT_EQ(ListingOf(""), "");
  EXPECT_ERROR(fs().Open("f", OpenMode::kRead), kNotFound, StartsWith("open f: "));
  MakeFile("f", "new");
  ASSERT_OK(old_file->Append(" and more"));
  EXPECT_OK(old_file->Sync());

  EXPECT_EQ(ContentOf(*old_file), "old and more");
  EXPECT_EQ(ContentOf("f"), "new");
  EXPECT_OK(old_file->Close());
  EXPECT_EQ(ContentOf("f"), "new");
}

TEST_P(FileSystemConformance, AnOpenFileOutlivesItsDirectory) {
  MakeDir("d");
  MakeFile("d/f", "abc");
  ASSERT_OK_AND_ASSIGN(const auto file, fs().Open("d/f", OpenMode::kRead));

  ASSERT_OK(fs().Unlink("d/f"));
  ASSERT_OK(fs().RemoveDir("d"));

  EXPECT_EQ(ContentOf(*file), "abc");
}

TEST_P(FileSystemConformance, IdentityTellsOneObjectFromTwo) {
  MakeFile("f", "same");
  MakeFile("g", "same");
  MakeDir("d");
  ASSERT_OK_AND_ASSIGN(const vfs::FileIdentity file, fs().Identity("f"));
  ASSERT_OK_AND_ASSIGN(const vfs::FileIdentity directory, fs().Identity("d"));

  EXPECT_NE(file, *fs().Identity("g"));
  EXPECT_NE(directory, *fs().Identity(""));
  EXPECT_NE(directory, file);
  ASSERT_OK(fs().Rename("f", "h"));
  ASSERT_OK(fs().Rename("d", "e"));
  EXPECT_EQ(file, *fs().Identity("h")) << "a renamed file is the same file";
  EXPECT_EQ(directory, *fs().Identity("e"));
}

TEST_P(FileSystemConformance, FreeSpaceIsToldForFilesAndDirectories) {
  MakeDir("d");
  MakeFile("d/f", "abc");

  for (const std::string path : {"", "d", "d/f"}) {
    ASSERT_OK_AND_ASSIGN(const std::uint64_t bytes, fs().FreeSpace(path));
    EXPECT_GT(bytes, 0U) << path;
  }
}

}  // namespace
}  // namespace permafrost::conformance
