// The plans of the axis, and what it finds in programs that answer a failure wrongly.
#include "sim/campaign/fault_axis.h"

#include <cerrno>
#include <cstdlib>
#include <set>

#include <gmock/gmock.h>

#include "sim/campaign/draw_faults.h"
#include "tests/sim/explore/tiny_scenario.h"
#include "tests/status_matchers.h"
#include "vfs/base/status.h"

namespace permafrost::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using vfs::CallKind;

std::vector<std::string> Texts(const std::vector<faults::FaultPlan>& plans) {
  std::vector<std::string> texts;
  for (const faults::FaultPlan& plan : plans) texts.push_back(faults::ToString(plan));
  return texts;
}

std::vector<SyncPersonality> Personalities(std::string_view words) {
  auto parsed = ParseSyncPersonalities(words);
  EXPECT_OK(parsed);
  return *std::move(parsed);
}

TEST(FaultAxis, EachCallFailsInEveryWayThatItCan) {
  const auto plans =
      EachCall({CallKind::kOpen, CallKind::kAppend, CallKind::kSync, CallKind::kSyncDir},
               Personalities("reverted;late,clean"));

  EXPECT_THAT(Texts(plans), ElementsAre("when any nth=1 then eio",             //
                                        "when any nth=1 then emfile",          //
                                        "when append nth=1 then fail:clean",   //
                                        "when any nth=2 then eio",             //
                                        "when any nth=2 then eio after",       //
                                        "when append nth=1 then short",        //
                                        "when any nth=2 then enospc",          //
                                        "when any nth=2 then edquot",          //
                                        "when sync nth=1 then fail:reverted",  //
                                        "when any nth=3 then eio after",       //
                                        "when sync nth=2 then fail:reverted",  //
                                        "when any nth=4 then eio after"));
}

TEST(FaultAxis, EverySyncPersonalityIsADifferentOneAndPrintsAsItParses) {
  std::set<std::string> texts;
  for (const SyncPersonality& each : Personalities("every")) {
    const std::string text = ToString(each);
    texts.insert(text);
    EXPECT_EQ(ToString(Personalities(text).front()), text);
  }
  EXPECT_EQ(texts.size(), 18U);
  EXPECT_TRUE(texts.contains("late,clean,read-only"));
}

TEST(FaultAxis, AnUnknownSyncFailureIsNamed) {
  EXPECT_ERROR(ParseSyncPersonalities("kept;lost"), absl::StatusCode::kInvalidArgument,
               HasSubstr("sync failure 'lost': expected 'every', or late, one of kept"));
}

// Appends, syncs, and says so; `on_error` is what it does about an error.
TinyScenario Writer(std::function<bool(const absl::Status&)> on_error) {
  const auto content = [](const vfs::FileSystem& fs) { return Content(fs, "a"); };
  const auto work = [on_error](World& world, History& history, const Script&) {
    vfs::FileSystem& fs = *world.env().fs;
    history.Attempt("a", "");
    history.Attempt("a", "hello");
    auto file = fs.Create("a");
    if (!file.ok()) return;
    if (const auto status = (*file)->Append("hello"); !status.ok() && !on_error(status)) return;
    if (const auto status = (*file)->Sync(); !status.ok() && !on_error(status)) return;
    if (!fs.SyncDir("").ok()) return;
    history.Acknowledge("a");
  };
  const auto recover = [content](World& world, History& history) {
    auto file = world.env().fs->Open("a", vfs::OpenMode::kReadWrite);
    if (file.ok() && !(*file)->Sync().ok()) return;
    if (!world.env().fs->SyncDir("").ok()) return;
    const std::string found = content(*world.env().fs);
    history.Serve("a", found == "hello" || found == kAbsent ? found : "");
  };
  return TinyScenario({.work = work, .recover = recover, .read = content});
}

Certificate OnTheAxis(const Scenario& scenario, std::string_view sync_failures) {
  const ExploreOptions options = TinyOptions(scenario);
  Certificate certificate;
  EXPECT_OK(ExploreFaultAxis(scenario, options, {.sync_failures = Personalities(sync_failures)},
                             RecoveryCache(), certificate));
  EXPECT_GT(certificate.runs, 8U);
  return certificate;
}

TEST(FaultAxis, AProgramThatStopsAtAnErrorIsClean) {
  const TinyScenario scenario = Writer([](const absl::Status&) { return false; });

  EXPECT_THAT(Invariants(OnTheAxis(scenario, "every")), IsEmpty());
}

TEST(FaultAxis, AFailureThatIsBelievedIsFoundWithItsPlan) {
  const TinyScenario scenario = Writer([](const absl::Status&) { return true; });

  const Certificate certificate = OnTheAxis(scenario, "late,kept");

  EXPECT_THAT(Invariants(certificate), ElementsAre("26-acknowledged-is-present"));
  EXPECT_THAT(certificate.violations.begin()->second.repro.faults, HasSubstr("then "));
}

TEST(FaultAxis, WhatEndsTheProcessIsAFindingWithItsPlan) {
  const TinyScenario scenario = Writer([](const absl::Status& status) {
    if (vfs::ErrnoOf(status) == EDQUOT) std::abort();
    return false;
  });

  const Certificate certificate = OnTheAxis(scenario, "kept");

  ASSERT_THAT(Invariants(certificate), ElementsAre(kNoCrash));
  EXPECT_EQ(certificate.violations.begin()->second.repro.faults, "when any nth=2 then edquot");
}

TEST(DrawFaults, EveryKindIsDrawnAndRotOnlyWhereItMayBe) {
  std::set<std::string> effects;
  bool has_rot = false;
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    for (const DrawRot rot : {DrawRot::kNo, DrawRot::kYes}) {
      vfs::Prng prng(seed);
      for (const faults::FaultRule& rule : DrawFaults(prng, rot).rules) {
        if (rot == DrawRot::kNo) has_rot = has_rot || faults::IsRot(rule.effect);
        effects.insert(std::string(faults::ToString(rule.effect)));
      }
    }
  }
  EXPECT_FALSE(has_rot);
  EXPECT_THAT(effects, ElementsAre("edquot", "eio", "emfile", "enospc", "fail", "flip", "lose",
                                   "misdirect", "short", "stale", "stall", "zero"));
}

}  // namespace
}  // namespace permafrost::sim
