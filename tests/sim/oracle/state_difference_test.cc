// The difference of two states shows what differs and nothing else.
#include "sim/oracle/state_difference.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace permafrost::sim {
namespace {

TEST(StateDifference, EqualStatesDifferInNothing) {
  EXPECT_EQ(StateDifference("", ""), "");
  EXPECT_EQ(StateDifference("a=1;b=2;", "a=1;b=2;"), "");
}

TEST(StateDifference, AMissingEntryHasAMinusAndAnExtraOneAPlus) {
  EXPECT_EQ(StateDifference("a=1;b=2;c=3;", "a=1;c=3;"), "-b=2");
  EXPECT_EQ(StateDifference("a=1;c=3;", "a=1;b=2;c=3;"), "+b=2");
  EXPECT_EQ(StateDifference("", "a=1;"), "+a=1");
  EXPECT_EQ(StateDifference("a=1;", ""), "-a=1");
}

TEST(StateDifference, MissingEntriesStandBeforeExtraOnes) {
  EXPECT_EQ(StateDifference("a=1;b=old value;c=3;d=4;", "a=2;b=new value;c=3;d=4;"),
            "-a=1 -b=old value +a=2 +b=new value");
}

TEST(StateDifference, AnEntryCountsAsOftenAsItStands) {
  EXPECT_EQ(StateDifference("a;a;a;", "a;"), "-a -a");
}

TEST(StateDifference, TextWithoutSeparatorsIsOneEntry) {
  EXPECT_EQ(StateDifference("a=1;", "does not open: bad"), "-a=1 +does not open: bad");
}

TEST(StateDifference, AnotherOrderIsSaid) {
  EXPECT_EQ(StateDifference("a;b;", "b;a;"), "the same entries in another order");
}

TEST(StateDifference, EightAreShownAndTheRestIsCounted) {
  std::string eight;
  for (int i = 0; i < 8; ++i) eight += fmt::format("k{}=v;", i);

  EXPECT_EQ(StateDifference("", eight), "+k0=v +k1=v +k2=v +k3=v +k4=v +k5=v +k6=v +k7=v");
  EXPECT_EQ(StateDifference(eight + "k8=v;k9=v;", ""),
            "-k0=v -k1=v -k2=v -k3=v -k4=v -k5=v -k6=v -k7=v and 2 more");
}

}  // namespace
}  // namespace permafrost::sim
