// "Did you mean" offers a close name, and none when nothing is close.
#include "vfs/base/nearest.h"

#include <array>

#include <gtest/gtest.h>

namespace permafrost::vfs {
namespace {

constexpr std::array<std::string_view, 3> kKnown = {"catalog/lifecycle", "rocksdb/basic",
                                                    "sync_dir"};

TEST(Nearest, AMistypedNameFindsItsOriginal) {
  EXPECT_EQ(NearestName("catalog/lifecicle", kKnown), "catalog/lifecycle");
  EXPECT_EQ(NearestName("rocksdb-basic", kKnown), "rocksdb/basic");
  EXPECT_EQ(DidYouMean("syncdir", kKnown), "; did you mean 'sync_dir'?");
}

TEST(Nearest, AFarNameFindsNothing) {
  EXPECT_EQ(NearestName("zebra", kKnown), "");
  EXPECT_EQ(DidYouMean("", kKnown), "");
}

}  // namespace
}  // namespace permafrost::vfs
