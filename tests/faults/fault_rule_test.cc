// Rules print what they parse, for every kind, and errors name the word.
#include "faults/fault_rule.h"

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

TEST(FaultRule, EveryCanonicalTextPrintsAsItself) {
  for (const std::string_view text : {
           "when any then eio",
           "when any nth=3 then eio",
           "when any-read then eio once",
           "when any-write path=hot/** then enospc",
           "when any-name nth=2 then edquot sticky",
           "when any-hint then eio",
           "when open then emfile",
           "when sync path=wal/* nth=3 then eio sticky",
           "when sync_file label=freeze.sync.file then fail",
           "when sync label=freeze.sync.parent then drop",
           "when sync_dir path=a/?/b label=x then unsynced once",
           "when sync_data nth=1 then fail",
           "when append nth=7 then short",
           "when write then short once",
           "when rename nth=1 then eio after",
           "when create path=** nth=4 then enospc sticky after",
           "when any label=delete.unlink then ignore-error",
           "when sync nth=2 then fail:clean,every-handle,read-only",
           "when sync_dir then fail:read-only",
           "when append nth=4 then fail:reverted",
           "when any-write budget=4096 then enospc",
           "when write budget=1 then short once",
           "when read range=512-1024 then eio once",
           "when write range=0-1 then flip",
           "when read then stale",
           "when append nth=1 then misdirect",
           "when append nth=1 then lose",
           "when read then zero",
           "when any then stall:250ms",
           "when sync then stall:1s once",
           "when sync then stall:1001ns",
       }) {
    ASSERT_OK_AND_ASSIGN(const FaultRule rule, ParseRule(text));
    EXPECT_EQ(ToString(rule), text);
  }
}

TEST(FaultRule, EveryCallAndEveryEffectParsesBack) {
  for (int kind = 0; kind < vfs::kCallKindCount; ++kind) {
    for (int effect = 0; effect < kEffectCount; ++effect) {
      FaultRule rule{.effect = static_cast<Effect>(effect)};
      rule.stall_nanos = rule.effect == Effect::kStall ? 7 : 0;
      rule.calls = {.which = CallSelector::Class::kOne, .one = static_cast<vfs::CallKind>(kind)};
      if (!CheckRule(rule).ok()) continue;
      ASSERT_OK_AND_ASSIGN(const FaultRule parsed, ParseRule(ToString(rule)));
      EXPECT_EQ(parsed, rule) << ToString(rule);
    }
  }
}

RC_GTEST_PROP(FaultRuleProperty, ParsesWhatItPrints, ()) {
  const FaultRule rule = *AnyRule();
  RC_ASSERT(CheckRule(rule).ok());
  const auto parsed = ParseRule(ToString(rule));
  RC_ASSERT(parsed.ok());
  RC_ASSERT(*parsed == rule);
  RC_ASSERT(ToString(*parsed) == ToString(rule));
}

TEST(FaultRule, DefaultsAreStickyWithoutNthAndOnceWithIt) {
  ASSERT_OK_AND_ASSIGN(const FaultRule every, ParseRule("when read then eio"));
  ASSERT_OK_AND_ASSIGN(const FaultRule third, ParseRule("when read nth=3 then eio"));
  ASSERT_OK_AND_ASSIGN(const FaultRule said, ParseRule(" when  read\tnth=3 then eio once "));

  EXPECT_EQ(every.repeat, Repeat::kSticky);
  EXPECT_EQ(third.repeat, Repeat::kOnce);
  EXPECT_EQ(ToString(said), "when read nth=3 then eio");
}

TEST(FaultRule, TheClassesPartAllCallsBetweenThem) {
  using Class = CallSelector::Class;
  for (int i = 0; i < vfs::kCallKindCount; ++i) {
    int classes = 0;
    for (const Class which :
         {Class::kSync, Class::kRead, Class::kWrite, Class::kName, Class::kHint}) {
      if (CallSelector{.which = which}.Matches(static_cast<vfs::CallKind>(i))) ++classes;
    }
    EXPECT_EQ(classes, 1) << vfs::ToString(static_cast<vfs::CallKind>(i));
    EXPECT_TRUE(CallSelector{}.Matches(static_cast<vfs::CallKind>(i)));
  }
}

TEST(FaultRule, ErrorsNameTheWordWhatWasExpectedAndTheNearestName) {
  EXPECT_ERROR(
      ParseRule("wen sync then eio"), kInvalid,
      Eq("parse rule 'wen sync then eio': word 1 is 'wen', expected 'when'; did you mean 'when'?"));
  EXPECT_ERROR(
      ParseRule("when sinc_dir then eio"), kInvalid,
      HasSubstr(
          "word 2 is 'sinc_dir', expected a call or a class of calls; did you mean 'sync_dir'?"));
  EXPECT_ERROR(ParseRule("when sync lable=x then eio"), kInvalid,
               HasSubstr("word 3 is 'lable=x', expected path=GLOB"));
  EXPECT_ERROR(ParseRule("when sync then eoi"), kInvalid,
               HasSubstr("word 4 is 'eoi', expected an effect; did you mean 'eio'?"));
  EXPECT_ERROR(ParseRule("when sync then eio twice"), kInvalid,
               HasSubstr("word 5 is 'twice', expected the end"));
  EXPECT_ERROR(ParseRule("when sync"), kInvalid, HasSubstr("ends where path=GLOB"));
  EXPECT_ERROR(ParseRule("when sync nth=0 then eio"), kInvalid,
               HasSubstr("'nth=0', expected nth= with a number from 1"));
  EXPECT_ERROR(ParseRule("when sync nth=3x then eio"), kInvalid, HasSubstr("'nth=3x'"));
  EXPECT_ERROR(ParseRule("when sync nth=99999999999999999999 then eio"), kInvalid,
               HasSubstr("expected nth="));
  EXPECT_ERROR(ParseRule("when sync path=a path=b then eio"), kInvalid,
               HasSubstr("word 4 is 'path=b'"));
  EXPECT_ERROR(ParseRule("when sync path= then eio"), kInvalid, HasSubstr("not empty"));
  EXPECT_ERROR(ParseRule(""), kInvalid, HasSubstr("ends where 'when' was expected"));
  EXPECT_ERROR(ParseRule("when read range=9-9 then eio"), kInvalid,
               HasSubstr("word 3 is 'range=9-9', expected range= with FROM-TO in bytes"));
  EXPECT_ERROR(ParseRule("when append budget=-1 then enospc"), kInvalid,
               HasSubstr("'budget=-1', expected budget= with a number of bytes from 1"));
  EXPECT_ERROR(ParseRule("when sync then fail:clear"), kInvalid,
               HasSubstr("fail: with 'clear', expected one of kept, reverted and clean, and "
                         "every-handle, read-only, each once; did you mean 'clean'?"));
  EXPECT_ERROR(ParseRule("when sync then fail:kept,clean"), kInvalid,
               HasSubstr("fail: with 'clean'"));
  EXPECT_ERROR(ParseRule("when sync then eio:kept"), kInvalid, HasSubstr("no ':' after this"));
  for (const char* text : {"stall", "stall:", "stall:0s", "stall:5", "stall:5h",
                           "stall:99999999999s", "stall:9223372036854775808ns"}) {
    EXPECT_ERROR(ParseRule(std::string("when any then ") + text), kInvalid,
                 HasSubstr("expected stall: with a time from 1, in ns, us, ms or s"));
  }
}

TEST(FaultRule, EffectsThatDoNotFitTheCallsAreRefused) {
  EXPECT_ERROR(ParseRule("when any then drop"), kInvalid,
               Eq("check rule 'when any then drop': drop is for sync, sync_file, sync_data or "
                  "sync_dir, not for any"));
  EXPECT_ERROR(ParseRule("when append then unsynced"), kInvalid, HasSubstr("unsynced is for sync"));
  EXPECT_ERROR(ParseRule("when any-write then short"), kInvalid,
               HasSubstr("short is for append or write"));
  EXPECT_ERROR(ParseRule("when sync then fail after"), kInvalid, HasSubstr("after goes with eio"));
  EXPECT_ERROR(ParseRule("when open then ignore-error"), kInvalid,
               HasSubstr("ignore-error is for calls that answer no value"));
  EXPECT_ERROR(ParseRule("when rename then fail"), kInvalid,
               HasSubstr("fail is for sync, sync_file, sync_data, sync_dir, append or write"));
  EXPECT_ERROR(ParseRule("when append then stale"), kInvalid, HasSubstr("stale is for read"));
  EXPECT_ERROR(ParseRule("when truncate then flip"), kInvalid,
               HasSubstr("flip is for append, write or read, not for truncate"));
  EXPECT_ERROR(ParseRule("when read then lose"), kInvalid, HasSubstr("lose is for append or"));
  EXPECT_ERROR(ParseRule("when sync budget=9 then eio"), kInvalid,
               HasSubstr("budget= is for append, write, any-write or any, not for sync"));
  EXPECT_ERROR(ParseRule("when append nth=1 budget=9 then eio"), kInvalid,
               HasSubstr("nth= and budget= exclude each other"));
  EXPECT_ERROR(ParseRule("when append range=0-9 then eio"), kInvalid,
               HasSubstr("range= is for read or write, not for append"));
}

TEST(FaultRule, TextsThatCouldNotBeReadBackAreRefused) {
  EXPECT_ERROR(CheckRule(FaultRule{.path = "a b"}), kInvalid, HasSubstr("write ? in its place"));
  EXPECT_ERROR(CheckRule(FaultRule{.label = "a;b"}), kInvalid, HasSubstr("write ? in its place"));
}

}  // namespace
}  // namespace permafrost::faults
