// Seeded streams: golden draws, bounds, independence of forks.
#include "vfs/base/prng.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace permafrost::vfs {
namespace {

using ::testing::ElementsAre;

TEST(Prng, DrawsNeverChange) {
  Prng prng(42);
  EXPECT_EQ(prng.Next(), 0x0e5bbbcc2bb6420eULL);
  EXPECT_EQ(prng.Next(), 0xd7cafb9c6cf960d0ULL);
  EXPECT_EQ(prng.Next(), 0x36c05aa1412b0f81ULL);
  EXPECT_EQ(Prng(0).Next(), 0x5fcafa3f4f5912eeULL);
  EXPECT_EQ(Prng(42).Fork("disk").Next(), 0x8c1d5b202eb5bce3ULL);
  EXPECT_EQ(Prng(42).Fork(std::uint64_t{3}).Next(), 0x43f011ae86977f35ULL);

  Prng again(42);
  std::vector<std::uint64_t> below;
  for (int i = 0; i < 8; ++i) below.push_back(again.Below(100));
  EXPECT_THAT(below, ElementsAre(46, 80, 49, 92, 38, 52, 27, 96));
}

TEST(Prng, AForkDependsOnSeedAndNameOnly) {
  Prng drawn(42);
  for (int i = 0; i < 10; ++i) drawn.Next();

  EXPECT_EQ(drawn.Fork("disk").Next(), Prng(42).Fork("disk").Next());
  EXPECT_NE(Prng(42).Fork("disk").Next(), Prng(42).Fork("dish").Next());
  EXPECT_NE(Prng(42).Fork("disk").Next(), Prng(43).Fork("disk").Next());
  EXPECT_NE(Prng(42).Fork("disk").Next(), Prng(42).Next());
  Prng parent(42);
  static_cast<void>(parent.Fork("disk").Next());
  EXPECT_EQ(parent.Next(), Prng(42).Next()) << "forking draws nothing from the parent";
}

TEST(Prng, BelowAndBetweenReachEveryValueAndNoOther) {
  Prng prng(1);
  std::set<std::uint64_t> below;
  std::set<std::uint64_t> between;

  for (int i = 0; i < 1000; ++i) {
    below.insert(prng.Below(7));
    between.insert(prng.Between(10, 12));
  }

  EXPECT_THAT(below, ElementsAre(0, 1, 2, 3, 4, 5, 6));
  EXPECT_THAT(between, ElementsAre(10, 11, 12));
  EXPECT_EQ(prng.Between(5, 5), 5U);
  EXPECT_EQ(prng.Below(1), 0U);
}

TEST(Prng, ChanceKeepsItsRatio) {
  Prng prng(1);
  int hits = 0;

  for (int i = 0; i < 10'000; ++i) hits += prng.Chance({.numerator = 1, .denominator = 4}) ? 1 : 0;

  EXPECT_NEAR(hits, 2500, 200);
  EXPECT_FALSE(prng.Chance({.numerator = 0, .denominator = 3}));
  EXPECT_TRUE(prng.Chance({.numerator = 3, .denominator = 3}));
}

TEST(Prng, ShufflePermutes) {
  std::vector<int> items = {1, 2, 3, 4, 5, 6, 7, 8};
  Prng prng(5);

  prng.Shuffle(items);

  EXPECT_THAT(items, ::testing::UnorderedElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(items, ::testing::Not(ElementsAre(1, 2, 3, 4, 5, 6, 7, 8)));
}

TEST(PrngDeathTest, AnEmptyRangeIsOurMistake) {
  EXPECT_DEATH(Prng(1).Below(0), "positive bound");
  EXPECT_DEATH(Prng(1).Between(2, 1), "range 2..1");
}

}  // namespace
}  // namespace permafrost::vfs
