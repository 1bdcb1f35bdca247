// Digests are equal in every process and build: golden values.
#include "vfs/base/hash.h"

#include <gtest/gtest.h>

namespace permafrost::vfs {
namespace {

TEST(Hash, ValuesNeverChange) {
  EXPECT_EQ(HashBytes("").Hex(), "99aa06d3014798d86001c324468d497f");  // XXH3's own vector
  EXPECT_EQ(HashBytes("permafrost").Hex(), "644a36e136884ae43bba49f8b288473a");
  EXPECT_EQ(HashBytes("permafrost", 7).Hex(), "fb0ee381c29dcc4ec6b6dafbc92d519b");
  EXPECT_EQ(Hasher().Add(std::uint64_t{1}).Add("abc").Add(HashBytes("x")).Finish().Hex(),
            "adb528b2a1a6e4b67ccf83ff8df168da");
  EXPECT_EQ(Mix64(1), 0x5692161d100b05e5ULL);
}

TEST(Hash, PiecesAreDelimitedAndOrdered) {
  EXPECT_NE(Hasher().Add("ab").Add("c").Finish(), Hasher().Add("a").Add("bc").Finish());
  EXPECT_NE(Hasher().Add("a").Add("b").Finish(), Hasher().Add("b").Add("a").Finish());
  EXPECT_NE(Hasher().Add("").Finish(), Hasher().Finish());
}

TEST(Hash, SetSumsForgetOrderAndTakeAway) {
  Hash128 forwards = HashBytes("a");
  forwards += HashBytes("b");
  Hash128 backwards = HashBytes("b");
  backwards += HashBytes("a");

  EXPECT_EQ(forwards, backwards);
  forwards -= HashBytes("b");
  EXPECT_EQ(forwards, HashBytes("a"));
}

}  // namespace
}  // namespace permafrost::vfs
