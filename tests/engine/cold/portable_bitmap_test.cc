// Portable bitmaps: every shape comes back, and nothing that CRoaring would choke on reaches it.
#include "engine/cold/portable_bitmap.h"

#include <algorithm>
#include <functional>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "tests/vectors.h"
#include "vfs/base/prng.h"

namespace permafrost::engine {
namespace {

constexpr std::uint32_t kEnd = 1 << 20;

std::string Bitmap(const std::vector<std::uint32_t>& ids) {
  std::string bytes;
  AppendPortableBitmap(bytes, ids);
  return bytes;
}

std::vector<std::uint32_t> IdsOf(const Roaring& bitmap) {
  std::vector<std::uint32_t> ids(bitmap.cardinality());
  bitmap.toUint32Array(ids.data());
  return ids;
}

// Arrays, bitsets and runs, over several containers.
std::vector<std::uint32_t> SomeIds(std::uint64_t seed) {
  vfs::Prng prng(seed);
  std::vector<std::uint32_t> ids;
  for (std::uint32_t container = 0; container < 6; ++container) {
    const std::uint64_t shape = prng.Below(4);
    const std::uint32_t step = shape == 1 ? 2'000 : shape == 2 ? 8 : 1;
    if (shape == 0) continue;
    for (std::uint32_t id = 0; id < 65'536; id += static_cast<std::uint32_t>(prng.Between(1, step)))
      if (shape != 3 || id % 20'000 < 9'000) ids.push_back(container * 65'536 + id);
  }
  if (ids.empty()) ids.push_back(static_cast<std::uint32_t>(prng.Below(kEnd)));
  return ids;
}

TEST(PortableBitmap, ComesBackAsItWas) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const std::vector<std::uint32_t> ids = SomeIds(seed);
    const std::string bytes = Bitmap(ids);

    const auto bitmap = ParsePortableBitmap(bytes, ids.back() + 1);

    ASSERT_TRUE(bitmap.has_value()) << seed;
    EXPECT_EQ(IdsOf(*bitmap), ids);
    EXPECT_FALSE(ParsePortableBitmap(bytes, ids.back()).has_value());
    EXPECT_FALSE(ParsePortableBitmap(bytes + '\0', kEnd).has_value());
    EXPECT_FALSE(
        ParsePortableBitmap(std::string_view(bytes).substr(0, bytes.size() - 1), kEnd).has_value());
  }
}

// What passes is a bitmap like any other: its ids make the same bitmap again.
TEST(PortableBitmap, ChangedBytesAreRefusedOrAnotherGoodBitmap) {
  vfs::Prng prng(7);
  std::vector<std::string> bitmaps;
  for (std::uint64_t seed = 0; seed < 8; ++seed) bitmaps.push_back(Bitmap(SomeIds(seed)));
  int accepted = 0;
  for (int round = 0; round < 5'000; ++round) {
    std::string bytes = bitmaps[prng.Below(bitmaps.size())];
    for (std::uint64_t changes = prng.Between(1, 3); changes > 0; --changes) {
      const std::uint64_t at = prng.Chance({3, 4})
                                   ? prng.Below(std::min<std::size_t>(bytes.size(), 80))
                                   : prng.Below(bytes.size());
      bytes[at] = static_cast<char>(prng.Next());
    }
    if (prng.Chance({1, 4})) bytes.resize(prng.Below(bytes.size() + 1));
    const auto bitmap = ParsePortableBitmap(bytes, kEnd);
    if (!bitmap.has_value()) continue;
    ++accepted;
    const std::vector<std::uint32_t> ids = IdsOf(*bitmap);
    EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end(), std::greater_equal<>()), ids.end());
    EXPECT_LT(ids.back(), kEnd);
    EXPECT_EQ(IdsOf(*ParsePortableBitmap(Bitmap(ids), kEnd)), ids);
  }
  EXPECT_GT(accepted, 10);
}

RC_GTEST_PROP(PortableBitmap, RandomBytesAreNoBitmap, (std::string bytes)) {
  RC_ASSERT(!ParsePortableBitmap(bytes, kEnd).has_value());
  bytes.insert(0, BytesOfHex("3a300000"));
  RC_ASSERT(!ParsePortableBitmap(bytes, kEnd).has_value());
  bytes.replace(0, 4, BytesOfHex("3b300100"));
  RC_ASSERT(!ParsePortableBitmap(bytes, kEnd).has_value());
}

TEST(PortableBitmap, WhatTheFormatForbidsIsRefused) {
  const auto parses = [](const std::string& hex) {
    return ParsePortableBitmap(BytesOfHex(hex), kEnd).has_value();
  };
  EXPECT_TRUE(parses("3a30000001000000000001001000000005000700"));
  EXPECT_FALSE(parses("3a300000000000000000"));                      // no container
  EXPECT_FALSE(parses("3a30000001000000000001001100000005000700"));  // offset
  EXPECT_FALSE(parses("3a30000001000000000001001000000007000500"));  // order
  EXPECT_FALSE(parses("3a30000001000000000001001000000005000500"));  // twice
  EXPECT_FALSE(parses("3a30000001000000000002001000000005000700"));  // count
  EXPECT_TRUE(parses("3b3000000100000900010005000900"));             // one run, 5 to 14
  EXPECT_FALSE(parses("3b3000000100000800010005000900"));            // its count
  EXPECT_FALSE(parses("3b300000010000ffff01000100ffff"));            // beyond the container
  EXPECT_FALSE(parses("3b300000010000030002000500010006000100"));    // runs that overlap
}

}  // namespace
}  // namespace permafrost::engine
