// rocksdb/concurrent: the same seed gives the same run with RocksDB's own threads in it, and a
// broken promise is found.
#include <memory>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/fault_plan.h"
#include "sim/campaign/thread_load.h"
#include "sim/explore/explorer.h"
#include "sim/sched/threads.h"
#include "tests/sim/sched/thread_modes.h"
#include "tests/status_matchers.h"

namespace permafrost::sim {
namespace {

std::unique_ptr<Scenario> Concurrent() { return MakeScenario("rocksdb/concurrent", {}); }

ExploreOptions OptionsFor(std::uint64_t seed, std::string_view strategy, ThreadMode mode) {
  ExploreOptions options;
  options.seed = seed;
  options.rules.threading.mode = mode;
  options.rules.threading.strategy = StrategyOf(strategy);
  options.script = Concurrent()->FixedScript(ScriptSize::kFull);
  options.repro.scenario = "rocksdb/concurrent";
  return options;
}

class RocksDbThreads : public ::testing::TestWithParam<ThreadMode> {};
INSTANTIATE_TEST_SUITE_P(Modes, RocksDbThreads, ::testing::ValuesIn(Modes()), NameOfMode);

TEST_P(RocksDbThreads, EqualSeedsGiveEqualTracesAndOthersDiffer) {
  const auto scenario = Concurrent();
  std::set<std::string> traces;
  for (const char* strategy : {"random-walk 3/10", "uniform", "pct 3 10000"}) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
      const ExploreOptions options = OptionsFor(seed, strategy, GetParam());
      const Workload one = RunWorkload(*scenario, options);
      const Workload two = RunWorkload(*scenario, options);

      ASSERT_EQ(one.trace_hash, two.trace_hash) << strategy << " seed " << seed;
      ASSERT_EQ(one.threads.hash, two.threads.hash);
      ASSERT_EQ(one.points.size(), two.points.size());
      traces.insert(one.trace_hash.Hex());
    }
  }
  EXPECT_EQ(traces.size(), 15U);
}

TEST_P(RocksDbThreads, TwoHundredSeedsGiveTwoHundredSchedules) {
  const auto scenario = Concurrent();
  std::set<std::string> schedules;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    ExploreOptions options = OptionsFor(seed, "random-walk 3/10", GetParam());
    options.script = scenario->FixedScript(ScriptSize::kShort);
    schedules.insert(ToString(RunWorkload(*scenario, options).threads.schedule));
  }

  EXPECT_EQ(schedules.size(), 200U);
}

TEST_P(RocksDbThreads, AnIdleDayTakesLessThanASecond) {
  const IdleDay day = MeasureIdleDay(GetParam());

  EXPECT_GE(day.threads.virtual_nanos, 86'400'000'000'000U);
  EXPECT_GT(day.threads.steps, 86'400U + 8'640U);
  // A sanitizer, and a machine with other work, take longer.
  const double seconds_max = CanUseFibers() ? 1.0 : 20.0;
  EXPECT_LT(day.seconds, seconds_max);
}

TEST_P(RocksDbThreads, WhatRanBeforeDoesNotMatter) {
  const auto scenario = Concurrent();
  const ExploreOptions options = OptionsFor(11, "random-walk 3/10", GetParam());
  const Workload first = RunWorkload(*scenario, options);
  for (std::uint64_t seed = 0; seed < 12; ++seed)
    RunWorkload(*scenario, OptionsFor(seed, "uniform", GetParam()));

  const Workload later = RunWorkload(*scenario, options);

  EXPECT_EQ(later.trace_hash, first.trace_hash);
}

TEST_P(RocksDbThreads, ARecordedScheduleReplaysTheTrace) {
  const auto scenario = Concurrent();
  ExploreOptions options = OptionsFor(7, "random-walk 3/10", GetParam());
  const Workload recorded = RunWorkload(*scenario, options);
  options.schedule = recorded.threads.schedule;

  const Workload replayed = RunWorkload(*scenario, options);

  EXPECT_EQ(replayed.trace_hash, recorded.trace_hash);
}

// The first violation of a sweep with what the plan says in force; none: empty.
std::string Found(const Script& script, const faults::FaultPlan& plan, ThreadMode mode) {
  const auto scenario = Concurrent();
  ExploreOptions options = OptionsFor(1, "pct 3 5000", mode);
  options.script = script;
  options.rules.plan = plan;
  options.rules.workload_budget.images_max = 8;
  options.death_share = 0;
  options.stop_after = 1;
  RecoveryCache cache;
  Certificate certificate;
  EXPECT_OK(Explore(*scenario, options, cache, certificate));
  return certificate.violations.empty() ? "" : certificate.violations.begin()->second.text;
}

TEST_P(RocksDbThreads, AnAcknowledgementWithoutItsSyncIsFound) {
  ASSERT_OK_AND_ASSIGN(const auto plan, faults::ParseMutation("drop rocksdb.wal.sync"));

  EXPECT_NE(Found(Concurrent()->FixedScript(ScriptSize::kShort), plan, GetParam()), "");
}

const Script kCheckpointAfterWrites{"write 0 3", "join", "checkpoint 1"};

TEST_P(RocksDbThreads, ACheckpointHoldsWhatItAcknowledged) {
  EXPECT_EQ(Found(kCheckpointAfterWrites, {}, GetParam()), "");
}

TEST_P(RocksDbThreads, AnAcknowledgedCheckpointThatACutTakesOrDamagesIsFound) {
  for (const char* lost : {
           "when sync label=rocksdb.settle.checkpoint then drop",     // its name
           "when sync_dir path=data/checkpoint-1* then drop",         // names in it
           "when sync path=data/checkpoint-1.tmp/CURRENT then drop",  // what makes it open
           "when sync path=data/checkpoint-1.tmp/*.log then drop",    // rows
       }) {
    ASSERT_OK_AND_ASSIGN(const auto plan, faults::ParsePlan(lost));
    EXPECT_EQ(Found(kCheckpointAfterWrites, plan, GetParam()),
              "checkpoint-1: served absent, promised there")
        << lost;
  }
}

}  // namespace
}  // namespace permafrost::sim
