// Trees are read, written, removed and compared, on the simulated and on the real disk.
#include "sim/world/tree.h"

#include <gmock/gmock.h>

#include "sim/disk/sim_file_system.h"
#include "tests/status_matchers.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/posix/posix_file_system.h"

namespace permafrost::sim {
namespace {

const Tree kTree{{"a", "one"}, {"d", std::nullopt}, {"d/b", "two"}, {"d/e", std::nullopt}};

std::string Compared(const Tree& a, const Tree& b) { return Difference(a, "here", b, "there"); }

TEST(Tree, GoesToTheRealDiskAndBackAndAway) {
  TempDir scratch;
  ASSERT_OK_AND_ASSIGN(const auto fs, vfs::PosixFileSystem::Open(scratch.path()));

  ASSERT_OK(WriteTree(kTree, *fs));
  ASSERT_OK_AND_ASSIGN(const Tree read, ReadTree(*fs));
  EXPECT_EQ(read, kTree);

  ASSERT_OK(RemoveAll(*fs));
  ASSERT_OK_AND_ASSIGN(const Tree rest, ReadTree(*fs));
  EXPECT_EQ(rest, Tree());
}

TEST(Tree, ADiskMadeOfItIsSettled) {
  const DiskState disk = DiskOf(kTree);

  EXPECT_FALSE(disk.HasPending());
  const SimFileSystem fs(disk);
  ASSERT_OK_AND_ASSIGN(const Tree read, ReadTree(fs));
  EXPECT_EQ(read, kTree);
}

TEST(Tree, TheFirstDifferenceIsNamed) {
  EXPECT_EQ(Compared(kTree, kTree), "");
  Tree other = kTree;
  other["d/b"] = "twx";
  EXPECT_EQ(Compared(kTree, other), "d/b: byte 2 differs here and there");
  other["d/b"] = "tw";
  EXPECT_EQ(Compared(kTree, other), "d/b: a file of 3 bytes here, a file of 2 bytes there");
  other.erase("d/b");
  EXPECT_EQ(Compared(kTree, other), "d/b: a file of 3 bytes here, nothing there");
  EXPECT_EQ(Compared(other, kTree), "d/b: nothing here, a file of 3 bytes there");
  other = kTree;
  other["d/e"] = "";
  EXPECT_EQ(Compared(kTree, other), "d/e: a directory here, a file of 0 bytes there");
}

}  // namespace
}  // namespace permafrost::sim
