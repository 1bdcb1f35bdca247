// The stack of steps.
#include "vfs/base/step.h"

#include <thread>

#include <gtest/gtest.h>

namespace permafrost::vfs {
namespace {

TEST(Step, OutsideEveryStepThereIsNoLabel) {
  EXPECT_EQ(Step::Current(), nullptr);
  EXPECT_EQ(Step::Path(), "");
  EXPECT_EQ(Step::Innermost(), "");
  EXPECT_FALSE(Step::IsUnder(""));
}

TEST(Step, StepsNestAndEndInReverseOrder) {
  const Step outer("outer");
  {
    const Step inner("inner");
    EXPECT_EQ(Step::Path(), "outer/inner");
    EXPECT_EQ(Step::Innermost(), "inner");
    EXPECT_TRUE(Step::IsUnder("outer"));
    EXPECT_TRUE(Step::IsUnder("inner"));
    EXPECT_FALSE(Step::IsUnder("inn"));
    EXPECT_EQ(inner.outer(), &outer);
  }
  EXPECT_EQ(Step::Path(), "outer");
  EXPECT_EQ(Step::Current(), &outer);
}

TEST(Step, AStepWithoutALabelIsNone) {
  const Step outer("outer");
  {
    const Step none(nullptr);
    EXPECT_EQ(Step::Current(), &outer);
    EXPECT_FALSE(Step::IsUnder("none"));
    const Step inner("inner");
    EXPECT_EQ(Step::Path(), "outer/inner");
    EXPECT_EQ(inner.instance(), outer.instance() + 1);
  }
  EXPECT_EQ(Step::Current(), &outer);
}

TEST(Step, AStepKnowsItsCallSiteAndInstance) {
  const Step first("same");
  const int line = __LINE__ + 1;
  const Step second("same");

  EXPECT_EQ(second.line(), line);
  EXPECT_TRUE(std::string_view(second.file()).ends_with("step_test.cc"));
  EXPECT_EQ(second.instance(), first.instance() + 1);
}

TEST(Step, EachThreadHasItsOwnStack) {
  const Step outer("outer");
  std::string path = "unset";

  std::thread([&path] { path = Step::Path(); }).join();

  EXPECT_EQ(path, "");
}

}  // namespace
}  // namespace permafrost::vfs
