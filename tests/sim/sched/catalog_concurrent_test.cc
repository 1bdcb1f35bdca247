// catalog/concurrent: the engine's own threads replay from a seed, and readers hold it to its word.
#include <memory>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/fault_plan.h"
#include "sim/explore/explorer.h"
#include "tests/sim/sched/thread_modes.h"
#include "tests/status_matchers.h"

namespace permafrost::sim {
namespace {

ExploreOptions OptionsFor(std::uint64_t seed, std::string_view strategy, ThreadMode mode) {
  ExploreOptions options;
  options.seed = seed;
  options.rules.threading.mode = mode;
  options.rules.threading.strategy = StrategyOf(strategy);
  options.repro.scenario = "catalog/concurrent";
  return options;
}

class CatalogThreads : public ::testing::TestWithParam<ThreadMode> {
 protected:
  const std::unique_ptr<Scenario> scenario_ = MakeScenario("catalog/concurrent", {});
};
INSTANTIATE_TEST_SUITE_P(Modes, CatalogThreads, ::testing::ValuesIn(Modes()), NameOfMode);

TEST_P(CatalogThreads, EqualSeedsGiveEqualTracesWhateverRanBefore) {
  std::set<std::string> traces;
  for (const char* strategy : {"random-walk 3/10", "pct 3 10000"}) {
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
      ExploreOptions options = OptionsFor(seed, strategy, GetParam());
      options.script = scenario_->FixedScript(ScriptSize::kFull);
      const Workload one = RunWorkload(*scenario_, options);
      // Several databases, closed in another order than before.
      ExploreOptions other = OptionsFor(seed + 100, "uniform", GetParam());
      other.script = scenario_->FixedScript(ScriptSize::kShort);
      RunWorkload(*scenario_, other);
      const Workload two = RunWorkload(*scenario_, options);

      ASSERT_EQ(one.trace_hash, two.trace_hash) << strategy << " seed " << seed;
      ASSERT_EQ(one.threads.hash, two.threads.hash);
      traces.insert(one.trace_hash.Hex());
    }
  }
  EXPECT_EQ(traces.size(), 6U);
}

TEST_P(CatalogThreads, ARecordedScheduleReplaysTheTrace) {
  ExploreOptions options = OptionsFor(5, "random-walk 3/10", GetParam());
  options.script = scenario_->FixedScript(ScriptSize::kShort);
  const Workload recorded = RunWorkload(*scenario_, options);
  options.schedule = recorded.threads.schedule;

  const Workload replayed = RunWorkload(*scenario_, options);

  EXPECT_EQ(replayed.trace_hash, recorded.trace_hash);
}

// Lives run workloads without keeping crash points, and a replay of what they found keeps them.
TEST_P(CatalogThreads, KeepingCrashPointsChangesNoSchedule) {
  CutRules rules;
  rules.threading.mode = GetParam();
  rules.threading.strategy = StrategyOf("random-walk 3/10");
  std::set<std::string> traces;
  for (const KeepPoints keep : {KeepPoints::kNo, KeepPoints::kYes}) {
    History history(scenario_->FirstConfig());
    const WorldOptions options{.seed = 8, .plan = {}, .disk = {}, .keep_points = keep};
    InWorldOf(*scenario_, rules, DiskState(), options, &history, [&](World& world) {
      scenario_->Work(world, history, scenario_->FixedScript(ScriptSize::kShort));
      traces.insert(world.trace().hash().Hex());
    });
  }

  EXPECT_EQ(traces.size(), 1U);
}

TEST_P(CatalogThreads, AFlipBeforeItsDirectoryIsDurableIsFound) {
  ExploreOptions options = OptionsFor(2, "pct 3 10000", GetParam());
  options.script = scenario_->FixedScript(ScriptSize::kShort);
  options.rules.workload_budget.images_max = 6;
  options.death_share = 0;
  options.stop_after = 1;
  ASSERT_OK_AND_ASSIGN(options.rules.plan, faults::ParseMutation("drop freeze.sync.grandparent"));
  RecoveryCache cache;
  Certificate certificate;

  ASSERT_OK(Explore(*scenario_, options, cache, certificate));

  EXPECT_FALSE(certificate.violations.empty());
}

TEST_P(CatalogThreads, ReadersAndPrunerAgreeUnderManySchedules) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    ExploreOptions options = OptionsFor(seed, "pct 3 10000", GetParam());
    options.script = scenario_->FixedScript(ScriptSize::kShort);
    const Workload workload = RunWorkload(*scenario_, options);

    for (const Event& event : workload.history.events()) {
      EXPECT_NE(event.kind, EventKind::kViolation)
          << "seed " << seed << ": " << event.domain << ": " << event.text;
    }
  }
}

}  // namespace
}  // namespace permafrost::sim
