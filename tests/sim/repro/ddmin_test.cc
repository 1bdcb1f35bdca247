// Delta debugging finds exactly the culprits, and a 1-minimal part where there is no such thing.
#include "sim/repro/ddmin.h"

#include <algorithm>
#include <numeric>
#include <set>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "vfs/base/hash.h"

namespace permafrost::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Fails where all culprits are; counts what it was asked.
class Culprits {
 public:
  Culprits(std::size_t count, Places culprits) : count_(count), culprits_(std::move(culprits)) {}

  bool Fails(const Places& places) {
    EXPECT_LT(places.size(), count_) << "the whole is never tried";
    EXPECT_TRUE(std::is_sorted(places.begin(), places.end()));
    EXPECT_TRUE(asked_.insert(places).second) << "nothing is tried twice";
    return std::includes(places.begin(), places.end(), culprits_.begin(), culprits_.end());
  }
  Places Minimized() {
    return MinimizePlaces(
        count_, [this](const Places& places) { return Fails(places); }, [] { return false; });
  }
  std::size_t tries() const { return asked_.size(); }

 private:
  const std::size_t count_;
  const Places culprits_;
  std::set<Places> asked_;
};

TEST(Ddmin, NothingInIsNothingOut) { EXPECT_THAT(Culprits(0, {}).Minimized(), IsEmpty()); }

TEST(Ddmin, WhatFailsWithoutAnythingNeedsNothing) {
  Culprits culprits(1000, {});

  EXPECT_THAT(culprits.Minimized(), IsEmpty());
  EXPECT_EQ(culprits.tries(), 1U);
}

TEST(Ddmin, OneCulpritIsFoundInLogarithmicallyManyTries) {
  Culprits culprits(1024, {777});

  EXPECT_THAT(culprits.Minimized(), ElementsAre(777));
  EXPECT_LE(culprits.tries(), 2U * 10 + 1);
}

TEST(Ddmin, TwoCulpritsFarApartAreFound) {
  Culprits culprits(100, {3, 96});

  EXPECT_THAT(culprits.Minimized(), ElementsAre(3, 96));
}

TEST(Ddmin, AListOfCulpritsStaysWhole) {
  EXPECT_THAT(Culprits(5, {0, 1, 2, 3, 4}).Minimized(), ElementsAre(0, 1, 2, 3, 4));
}

TEST(Ddmin, OutOfTimeItReturnsTheLastPartThatFailed) {
  std::size_t tries = 0;
  const auto fails = [&](const Places& places) {
    ++tries;
    return std::find(places.begin(), places.end(), 5U) != places.end();
  };

  const Places halved = MinimizePlaces(16, fails, [&] { return tries >= 2; });

  EXPECT_THAT(halved, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
}

RC_GTEST_PROP(Ddmin, FindsAnySetOfCulprits, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(1, 60);
  const auto drawn =
      *rc::gen::container<std::set<std::size_t>>(rc::gen::inRange<std::size_t>(0, count));
  const Places wanted(drawn.begin(), drawn.end());

  RC_ASSERT(Culprits(count, wanted).Minimized() == wanted);
}

// No order at all between what fails and what does not, but the whole fails.
RC_GTEST_PROP(Ddmin, WhatItReturnsFailsAndIsOneMinimal, ()) {
  const auto count = *rc::gen::inRange<std::size_t>(1, 40);
  const auto salt = *rc::gen::arbitrary<std::uint64_t>();
  const auto fails = [&](const Places& places) {
    if (places.size() == count) return true;
    vfs::Hasher hasher;
    hasher.Add(salt);
    for (const std::size_t place : places) hasher.Add(std::uint64_t{place});
    return hasher.Finish().lo % 3 == 0;
  };

  const Places minimal = MinimizePlaces(count, fails, [] { return false; });

  RC_ASSERT(fails(minimal));
  for (std::size_t i = 0; i < minimal.size(); ++i) {
    Places without = minimal;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    RC_ASSERT(!fails(without));
  }
}

}  // namespace
}  // namespace permafrost::sim
