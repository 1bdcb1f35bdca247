// Conformance of errors: path rules before anything else, and texts that name operation, path,
// finding and errno.
#include <cerrno>
#include <functional>

#include "tests/conformance/conformance.h"
#include "tests/status_matchers.h"

namespace permafrost::conformance {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using vfs::OpenMode;

constexpr auto kInvalidArgument = absl::StatusCode::kInvalidArgument;

std::vector<std::string> MalformedPaths() {
  return {"/",
          "/a",
          "a/",
          "a//b",
          ".",
          "..",
          "./a",
          "a/.",
          "a/../b",
          "../a",
          std::string("a\0b", 3),
          std::string(256, 'x'),
          "a/" + std::string(256, 'x') + "/b"};
}

TEST_P(FileSystemConformance, AMalformedPathIsRefusedByEveryCall) {
  MakeFile("f", "abc");
  MakeDir("a");

  for (const std::string& path : MalformedPaths()) {
    SCOPED_TRACE(::testing::PrintToString(path));
    EXPECT_ERROR(fs().Create(path), kInvalidArgument, StartsWith("create"));
    EXPECT_ERROR(fs().Open(path, OpenMode::kRead), kInvalidArgument, StartsWith("open"));
    EXPECT_ERROR(fs().MakeDir(path), kInvalidArgument, StartsWith("make_dir"));
    EXPECT_ERROR(fs().RemoveDir(path), kInvalidArgument, StartsWith("remove_dir"));
    EXPECT_ERROR(fs().List(path), kInvalidArgument, StartsWith("list"));
    EXPECT_ERROR(fs().SyncDir(path), kInvalidArgument, StartsWith("sync_dir"));
    EXPECT_ERROR(fs().Rename(path, "g"), kInvalidArgument, StartsWith("rename"));
    EXPECT_ERROR(fs().Rename("f", path), kInvalidArgument, StartsWith("rename"));
    EXPECT_ERROR(fs().Link(path, "g"), kInvalidArgument, StartsWith("link"));
    EXPECT_ERROR(fs().Link("f", path), kInvalidArgument, StartsWith("link"));
    EXPECT_ERROR(fs().Unlink(path), kInvalidArgument, StartsWith("unlink"));
    EXPECT_ERROR(fs().Stat(path), kInvalidArgument, StartsWith("stat"));
    EXPECT_ERROR(fs().Identity(path), kInvalidArgument, StartsWith("identity"));
    EXPECT_ERROR(fs().FreeSpace(path), kInvalidArgument, StartsWith("free_space"));
    EXPECT_ERROR(fs().Lock(path, {}), kInvalidArgument, StartsWith("lock"));
  }

  EXPECT_EQ(ListingOf(""), "a/ f");
  EXPECT_EQ(ListingOf("a"), "");
}

TEST_P(FileSystemConformance, NamesOf255BytesAreAllowed) {
  const std::string name(255, 'n');

  MakeFile(name, "abc");
  MakeFile("...", "dots");
  MakeFile("with space", "space");

  EXPECT_EQ(ContentOf(name), "abc");
  EXPECT_EQ(ListingOf(""), "... " + name + " with space");
}

TEST_P(FileSystemConformance, ErrorTextsNameOperationPathFindingAndErrno) {
  MakeFile("f", "abc");
  MakeDir("d");
  MakeFile("d/g", "");
  struct Case {
    std::string text;
    int error;
    std::function<absl::Status()> call;
  };
  const std::vector<Case> cases = {
      {"create f: File exists", EEXIST, [&] { return fs().Create("f").status(); }},
      {"create x/y: No such file or directory", ENOENT,
       [&] { return fs().Create("x/y").status(); }},
      {"create f/y: Not a directory", ENOTDIR, [&] { return fs().Create("f/y").status(); }},
      {"open x: No such file or directory", ENOENT,
       [&] { return fs().Open("x", OpenMode::kRead).status(); }},
      {"open d: Is a directory", EISDIR,
       [&] { return fs().Open("d", OpenMode::kReadWrite).status(); }},
      {"make_dir d: File exists", EEXIST, [&] { return fs().MakeDir("d"); }},
      {"remove_dir d: Directory not empty", ENOTEMPTY, [&] { return fs().RemoveDir("d"); }},
      {"remove_dir f: Not a directory", ENOTDIR, [&] { return fs().RemoveDir("f"); }},
      {"list f: Not a directory", ENOTDIR, [&] { return fs().List("f").status(); }},
      {"sync_dir x: No such file or directory", ENOENT, [&] { return fs().SyncDir("x"); }},
      {"unlink d: Is a directory", EISDIR, [&] { return fs().Unlink("d"); }},
      {"unlink x: No such file or directory", ENOENT, [&] { return fs().Unlink("x"); }},
      {"stat x: No such file or directory", ENOENT, [&] { return fs().Stat("x").status(); }},
      {"identity x: No such file or directory", ENOENT,
       [&] { return fs().Identity("x").status(); }},
      {"lock d: Is a directory", EISDIR, [&] { return fs().Lock("d", {}).status(); }},
  };

  for (const Case& item : cases) {
    const absl::Status status = item.call();
    EXPECT_EQ(vfs::Message(status), fmt::format("{} (errno {})", item.text, item.error));
    EXPECT_EQ(vfs::ErrnoOf(status), item.error) << item.text;
  }
}

TEST_P(FileSystemConformance, ErrorsOfTwoPathsNameBoth) {
  MakeFile("f", "abc");
  MakeDir("d");

  for (const absl::Status& status :
       {fs().Rename("x", "y"), fs().Rename("f", "d"), fs().Rename("f", "d/f"), fs().Link("x", "y"),
        fs().Link("f", "d")}) {
    EXPECT_THAT(vfs::Message(status), HasSubstr("(errno "));
    EXPECT_NE(vfs::ErrnoOf(status), 0);
  }
  EXPECT_THAT(vfs::Message(fs().Rename("f", "d")), HasSubstr("d: "));
  EXPECT_THAT(vfs::Message(fs().Link("f", "d")), HasSubstr("d: "));
}

TEST_P(FileSystemConformance, PathRulesReadAsOneSentence) {
  EXPECT_EQ(vfs::Message(fs().Create("/a").status()),
            "create '/a': component '' is not allowed; paths are relative and normal");
  EXPECT_EQ(vfs::Message(fs().Unlink("a/../b")),
            "unlink 'a/../b': component '..' is not allowed; paths are relative and normal");
  EXPECT_EQ(vfs::Message(fs().Stat(std::string("a\0b", 3)).status()),
            "stat: path holds a zero byte");
}

}  // namespace
}  // namespace permafrost::conformance
