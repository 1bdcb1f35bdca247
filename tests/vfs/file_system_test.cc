// Path rules as full texts, path parts, and the names of calls.
#include "vfs/file_system.h"

#include "tests/status_matchers.h"
#include "vfs/call.h"

namespace permafrost::vfs {
namespace {

TEST(CheckPath, TextsNameTheRuleThatIsBroken) {
  const std::string tail = "is not allowed; paths are relative and normal";
  EXPECT_EQ(Message(CheckPath("open", "/a")), "open '/a': component '' " + tail);
  EXPECT_EQ(Message(CheckPath("open", "a/")), "open 'a/': component '' " + tail);
  EXPECT_EQ(Message(CheckPath("stat", "a/./b")), "stat 'a/./b': component '.' " + tail);
  EXPECT_EQ(Message(CheckPath("stat", "..")), "stat '..': component '..' " + tail);
  EXPECT_EQ(Message(CheckPath("create", std::string("a\0b", 3))), "create: path holds a zero byte");
  EXPECT_EQ(Message(CheckPath("list", std::string(256, 'x'))),
            "list '" + std::string(256, 'x') + "': component of 256 bytes (limit 255)");
}

TEST(CheckPath, NormalRelativePathsAndTheRootPass) {
  for (const std::string path : {"", "a", "a/b/c", "...", ".a", "a.", "a b", "\xc3\xa9"}) {
    EXPECT_OK(CheckPath("open", path)) << path;
  }
  EXPECT_OK(CheckPath("open", std::string(255, 'x')));
}

TEST(Paths, PartsJoinAgain) {
  EXPECT_EQ(ParentOf("a/b/c"), "a/b");
  EXPECT_EQ(NameOf("a/b/c"), "c");
  EXPECT_EQ(ParentOf("a"), "");
  EXPECT_EQ(NameOf("a"), "a");
  EXPECT_EQ(JoinPath("a/b", "c"), "a/b/c");
  EXPECT_EQ(JoinPath("", "c"), "c");
}

TEST(PathsDeathTest, TheRootHasNoParent) {
  EXPECT_DEATH(static_cast<void>(ParentOf("")), "the root has no parent");
}

TEST(Call, EveryKindPrintsAndParses) {
  for (int i = 0; i < kCallKindCount; ++i) {
    const auto kind = static_cast<CallKind>(i);
    EXPECT_EQ(ParseCallKind(ToString(kind)), kind);
    if (IsSync(kind)) {
      EXPECT_TRUE(IsMutating(kind)) << ToString(kind);
    }
  }
  EXPECT_EQ(ParseCallKind("fsync"), std::nullopt);
  EXPECT_EQ(ParseCallKind(""), std::nullopt);
}

}  // namespace
}  // namespace permafrost::vfs
