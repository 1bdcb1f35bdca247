// One plan text gives one sequence of results: on the simulated disk and on the real one, and on
// the real one also by way of libfiu.
#include <cstdlib>
#include <optional>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include <fiu-control.h>
#include <gmock/gmock.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include "faults/faulty_file_system.h"
#include "faults/fiu_bridge.h"
#include "sim/disk/sim_file_system.h"
#include "tests/faults/disk_script.h"
#include "tests/faults/rule_generator.h"
#include "tests/status_matchers.h"
#include "tests/vfs/posix_world.h"
#include "vfs/base/fault_point.h"

namespace permafrost::faults {

// In the namespace of the type: RapidCheck prints plans with it.
void showValue(const FaultPlan& plan, std::ostream& out) { out << ToString(plan); }

namespace {

// What a run shows of a plan.
struct Outcome {
  std::vector<std::string> results;
  std::vector<Injection> injected;
  std::vector<std::string> unfired;
  std::uint64_t calls = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

void PrintTo(const Outcome& outcome, std::ostream* out) {
  for (const std::string& line : outcome.results) *out << "\n  " << line;
  for (const Injection& injection : outcome.injected) {
    *out << "\n  rule " << injection.rule << ": " << vfs::ToString(injection.kind) << " "
         << injection.path << " under '" << injection.labels << "'";
  }
  for (const std::string& rule : outcome.unfired) *out << "\n  unfired: " << rule;
  *out << "\n  " << outcome.calls << " calls";
}

Outcome OutcomeOf(std::vector<std::string> results, const FaultInjector& injector) {
  return {std::move(results), injector.Injected(), injector.Unfired(), injector.FallibleCalls()};
}

Outcome RunFaulty(vfs::FileSystem& disk, const FaultPlan& plan) {
  FaultyFileSystem fs(&disk, plan);
  std::vector<std::string> results = RunDiskScript(fs);
  return OutcomeOf(std::move(results), fs.injector());
}

Outcome OnSimulatedDisk(const FaultPlan& plan) {
  sim::SimFileSystem disk;
  return RunFaulty(disk, plan);
}

Outcome OnRealDisk(const FaultPlan& plan) {
  PosixWorld world;
  return RunFaulty(world.fs(), plan);
}

// Nothing if a fault point cannot express the plan.
std::optional<Outcome> OnRealDiskThroughLibfiu(const FaultPlan& plan) {
  PosixWorld world;
  const auto installed = InstalledPlan::Install(plan);
  if (!installed.ok()) return std::nullopt;
  std::vector<std::string> results = RunDiskScript(world.fs());
  return OutcomeOf(std::move(results), (*installed)->injector());
}

// What `fiu-run -c` would do with the plan's commands; nothing if libfiu alone cannot express it.
std::optional<std::vector<std::string>> ResultsOfFiuCommands(const FaultPlan& plan) {
  const auto commands = FiuCommands(plan);
  if (!commands.ok()) return std::nullopt;
  PosixWorld world;
  vfs::ArmFaultPoints();
  std::vector<std::string> enabled;
  for (const std::string& command : *commands) {
    char* error = nullptr;
    EXPECT_EQ(fiu_rc_string(command.c_str(), &error), 0) << command;
    const std::size_t name = command.find('=') + 1;
    enabled.push_back(command.substr(name, command.find(',') - name));
  }
  std::vector<std::string> results = RunDiskScript(world.fs());
  for (const std::string& point : enabled) fiu_disable(point.c_str());
  vfs::DisarmFaultPoints();
  return results;
}

FaultPlan Parsed(std::string_view text) {
  auto plan = ParsePlan(text);
  VFS_CHECK(plan.ok(), "{}", vfs::Message(plan.status()));
  return *std::move(plan);
}

TEST(BothDisks, AnEmptyPlanInjectsNothingOnAnyWay) {
  const Outcome simulated = OnSimulatedDisk({});
  const Outcome real = OnRealDisk({});

  EXPECT_EQ(simulated, real);
  EXPECT_EQ(OnRealDiskThroughLibfiu({}), real);
  EXPECT_THAT(simulated.injected, ::testing::IsEmpty());
}

TEST(BothDisks, EachCallThatFailsOnceFailsAlikeOnAllWays) {
  std::set<vfs::CallKind> injected;
  const std::uint64_t calls = OnSimulatedDisk({}).calls;
  for (std::uint64_t nth = 1; nth <= calls; ++nth) {
    const FaultPlan plan = FailCall(nth);
    const Outcome simulated = OnSimulatedDisk(plan);

    ASSERT_EQ(OnRealDisk(plan), simulated) << ToString(plan);
    ASSERT_EQ(OnRealDiskThroughLibfiu(plan), simulated) << ToString(plan);
    ASSERT_EQ(simulated.injected.size(), 1U) << ToString(plan);
    injected.insert(simulated.injected[0].kind);
  }

  EXPECT_EQ(injected.size(), static_cast<std::size_t>(vfs::kCallKindCount));
}

TEST(BothDisks, PlansOfAFaultPointGiveTheSameResultsOnAllWays) {
  for (const char* text : {
           "when sync path=one/* nth=2 then fail",
           "when sync_dir path=one then enospc once",
           "when any label=script.names then edquot",
           "when any-write nth=3 then enospc sticky; when read then eio once",
           "when rename path=two/c then eio; when link path=one/d.log then emfile",
           "when open path=**.log then emfile; when any nth=40 then eio",
           "when any-write budget=40 then enospc; when read range=1-2 nth=3 then eio",
           "when write range=12-13 then edquot; when read range=60-200 then eio",
           "when create path=?ne/** label=script.files nth=2 then emfile",
       }) {
    const FaultPlan plan = Parsed(text);
    const Outcome simulated = OnSimulatedDisk(plan);

    EXPECT_EQ(OnRealDisk(plan), simulated) << text;
    EXPECT_EQ(OnRealDiskThroughLibfiu(plan), simulated) << text;
    EXPECT_THAT(simulated.unfired, ::testing::IsEmpty()) << text;
  }
}

TEST(BothDisks, PlansBeyondAFaultPointGiveTheSameResultsThroughAFaultyFileSystem) {
  for (const char* text : {
           "when append path=**.log then short; when write then misdirect",
           "when append nth=2 then fail:every-handle; when read nth=2 then flip",
           "when sync nth=3 then fail:read-only",
           "when sync label=script.files nth=1 then drop; when sync_dir then unsynced",
           "when rename then eio after; when create nth=2 then enospc after",
           "when unlink then eio; when any label=script.names then ignore-error",
       }) {
    const FaultPlan plan = Parsed(text);
    const Outcome simulated = OnSimulatedDisk(plan);

    EXPECT_EQ(OnRealDisk(plan), simulated) << text;
    EXPECT_THAT(simulated.unfired, ::testing::IsEmpty()) << text;
    EXPECT_EQ(OnRealDiskThroughLibfiu(plan), std::nullopt) << text;
  }
}

TEST(BothDisks, PlansThatLibfiuSpeaksGiveTheSameResultsAsItsCommands) {
  for (const char* text : {
           "when sync then fail",
           "when sync_dir then enospc once; when read then eio",
           "when any-name then eio",
           "when append nth=1 then edquot; when open then emfile",
           "when any then eio",
       }) {
    const FaultPlan plan = Parsed(text);

    EXPECT_EQ(ResultsOfFiuCommands(plan), OnSimulatedDisk(plan).results) << text;
  }
}

// Rules that have a chance to match the script.
rc::Gen<FaultPlan> AnyPlan() {
  const auto rule = rc::gen::apply(
      [](FaultRule drawn, std::string path, std::string label, std::uint64_t nth) {
        drawn.path = std::move(path);
        drawn.label = std::move(label);
        if (drawn.budget_bytes == 0) drawn.nth = nth;
        // What a read shows is durable on the simulated disk only: a plain one does not know it.
        drawn.how.content.reset();
        if (drawn.effect == Effect::kStale) drawn.effect = Effect::kFlip;
        // The script writes tens of bytes.
        drawn.budget_bytes %= 64;
        drawn.range_first %= 16;
        if (drawn.range_end != 0) drawn.range_end = drawn.range_first + 1 + drawn.range_end % 16;
        return drawn;
      },
      AnyRule(),
      rc::gen::element<std::string>("", "", "", "", "one/**", "two", "**.log", "*/a", "?ne/*"),
      rc::gen::element<std::string>("", "", "", "script.files", "script.names"),
      rc::gen::element<std::uint64_t>(0, 0, 0, 0, 1, 2, 3, 5, 8));
  return rc::gen::map(rc::gen::resize(4, rc::gen::container<std::vector<FaultRule>>(rule)),
                      [](std::vector<FaultRule> rules) { return FaultPlan{std::move(rules)}; });
}

RC_GTEST_PROP(BothDisksProperty, AnyPlanGivesTheSameResultsOnAllWays, ()) {
  const FaultPlan plan = *AnyPlan();
  const Outcome simulated = OnSimulatedDisk(plan);
  RC_CLASSIFY(!simulated.injected.empty(), "injects");

  RC_ASSERT(::testing::PrintToString(OnRealDisk(plan)) == ::testing::PrintToString(simulated));
  if (const auto installed = OnRealDiskThroughLibfiu(plan)) {
    RC_TAG("takes a fault point");
    RC_ASSERT(::testing::PrintToString(*installed) == ::testing::PrintToString(simulated));
  }
  if (const auto results = ResultsOfFiuCommands(plan)) {
    RC_TAG("libfiu speaks it");
    RC_ASSERT(*results == simulated.results);
  }
}

}  // namespace
}  // namespace permafrost::faults
