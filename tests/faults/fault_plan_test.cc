// Plans print and parse; mutations expand to rules; labels are checked against those that exist.
#include "faults/fault_plan.h"

#include <array>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/faults/rule_generator.h"
#include "tests/status_matchers.h"

namespace permafrost::faults {
namespace {

using ::testing::Eq;
using ::testing::HasSubstr;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

RC_GTEST_PROP(FaultPlanProperty, ParsesWhatItPrints, ()) {
  const FaultPlan plan{*rc::gen::container<std::vector<FaultRule>>(AnyRule())};
  const auto parsed = ParsePlan(ToString(plan));
  RC_ASSERT(parsed.ok());
  RC_ASSERT(*parsed == plan);
}

TEST(FaultPlan, SemicolonsLineEndsBlanksAndCommentsSeparateRules) {
  ASSERT_OK_AND_ASSIGN(const FaultPlan plan,
                       ParsePlan("# the third sync\n when sync nth=3 then fail;; \n\n"
                                 "when open then emfile once # no handles\n"));

  EXPECT_EQ(ToString(plan), "when sync nth=3 then fail; when open then emfile once");
}

TEST(FaultPlan, TheEmptyPlanIsTheEmptyText) {
  ASSERT_OK_AND_ASSIGN(const FaultPlan plan, ParsePlan(" \n# nothing\n"));

  EXPECT_TRUE(plan.empty());
  EXPECT_EQ(ToString(plan), "");
}

TEST(FaultPlan, OneBadRuleMakesThePlanBad) {
  EXPECT_ERROR(ParsePlan("when sync then fail; when nothing then eio"), kInvalid,
               HasSubstr("word 2 is 'nothing'"));
}

TEST(Mutation, EachShorthandExpandsToOneRule) {
  const auto expanded = [](std::string_view text) { return ToString(*ParseMutation(text)); };

  EXPECT_EQ(expanded("drop freeze.sync.parent"), "when sync label=freeze.sync.parent then drop");
  EXPECT_EQ(expanded("unsynced index.sync.file"), "when sync label=index.sync.file then unsynced");
  EXPECT_EQ(expanded("ignore-error delete.unlink"),
            "when any label=delete.unlink then ignore-error");
  EXPECT_EQ(expanded("drop a; drop b"), "when sync label=a then drop; when sync label=b then drop");
}

TEST(Mutation, ErrorsNameTheWord) {
  EXPECT_ERROR(ParseMutation("drp freeze.mark"), kInvalid,
               Eq("parse mutation 'drp freeze.mark': word 1 is 'drp', expected drop, unsynced or "
                  "ignore-error; did you "
                  "mean 'drop'?"));
  EXPECT_ERROR(ParseMutation("drop"), kInvalid, HasSubstr("ends where a step label was expected"));
  EXPECT_ERROR(ParseMutation("drop a b"), kInvalid, HasSubstr("'a b' is not one step label"));
  EXPECT_ERROR(ParseMutation(" "), kInvalid,
               HasSubstr("ends where drop, unsynced or ignore-error was expected"));
}

TEST(FaultPlan, ALabelThatNoStepHasIsRefusedWithTheNearest) {
  constexpr std::array<std::string_view, 2> kKnown = {"freeze.mark", "freeze.sync.parent"};
  ASSERT_OK_AND_ASSIGN(const FaultPlan good, ParseMutation("drop freeze.sync.parent"));
  ASSERT_OK_AND_ASSIGN(const FaultPlan bad, ParseMutation("drop freeze.sync.parnet"));

  EXPECT_OK(CheckLabels(good, kKnown));
  EXPECT_OK(CheckLabels(FailCall(3), kKnown));
  EXPECT_ERROR(
      CheckLabels(bad, kKnown), kInvalid,
      HasSubstr("no step has the label 'freeze.sync.parnet'; did you mean 'freeze.sync.parent'?"));
}

TEST(FaultPlan, FailCallIsTheRuleOfTheAxis) {
  EXPECT_EQ(ToString(FailCall(12)), "when any nth=12 then eio");
  EXPECT_EQ(ToString(Join(FailCall(1, Effect::kEnospc), FailCall(2))),
            "when any nth=1 then enospc; when any nth=2 then eio");
}

}  // namespace
}  // namespace permafrost::faults
