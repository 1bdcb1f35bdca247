// Worlds: traces that depend on the seed only, crash points, deaths, the queue and its pump.
#include "sim/world/world.h"

#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "sim/explore/explorer.h"
#include "tests/sim/cli/powercut_process.h"
#include "tests/status_matchers.h"
#include "vfs/base/step.h"

namespace permafrost::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

vfs::Hash128 TraceOf(const Scenario& scenario, std::uint64_t seed) {
  ExploreOptions options;
  options.seed = seed;
  options.script = scenario.FixedScript(ScriptSize::kShort);
  return RunWorkload(scenario, options).trace_hash;
}

TEST(World, OneSeedHasOneTraceInOneProcess) {
  for (const std::string& name : ScenarioNames()) {
    const auto scenario = MakeScenario(name, {.rocks = {.queued_jobs = true}});
    ASSERT_OK(scenario->Prepare()) << name;
    const vfs::Hash128 first = TraceOf(*scenario, 5);

    EXPECT_EQ(TraceOf(*scenario, 5), first) << name;
    EXPECT_NE(TraceOf(*scenario, 6), first) << name;
  }
}

TEST(World, OneSeedHasOneTraceInTwoProcesses) {
  const std::vector<std::string> arguments{
      "trace-hashes", "rocksdb/basic", "--seeds", "4", "--base-seed", "11"};

  const ProcessResult one = RunPowercut(arguments);
  const ProcessResult two = RunPowercut(arguments);

  ASSERT_EQ(one.code, 0) << one.err;
  EXPECT_EQ(one.out, two.out);
  const std::vector<std::string> lines = LinesOf(one.out);
  ASSERT_EQ(lines.size(), 4U);
  std::set<std::string> hashes;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_THAT(lines[i], StartsWith(fmt::format("{} ", 11 + i)));
    hashes.insert(lines[i].substr(lines[i].find(' ') + 1));
  }
  EXPECT_EQ(hashes.size(), 4U);
}

TEST(World, ASeedMeansTheSameWhateverRanBeforeIt) {
  const auto alone =
      RunPowercut({"trace-hashes", "rocksdb/basic", "--seeds", "1", "--base-seed", "14"});
  const auto after_others =
      RunPowercut({"trace-hashes", "rocksdb/basic", "--seeds", "4", "--base-seed", "11"});

  EXPECT_EQ(LinesOf(alone.out).back(), LinesOf(after_others.out).back());
}

// Makes a file under a step, then a directory outside every step.
void TouchDisk(World& world) {
  vfs::FileSystem& fs = *world.env().fs;
  {
    const vfs::Step outer("outer.step");
    const vfs::Step inner("inner.step");
    ASSERT_OK_AND_ASSIGN(auto file, fs.Create("a"));
    ASSERT_OK(file->Append("hello"));
    ASSERT_OK(file->Sync());
  }
  ASSERT_OK(fs.List("").status());
  ASSERT_OK(fs.MakeDir("d"));
}

TEST(World, APointStandsBeforeEveryMutatingCallAndOneAtTheEnd) {
  History history("config");
  World world(DiskState(), {.seed = 1, .keep_points = KeepPoints::kYes}, &history);

  TouchDisk(world);
  const std::vector<CrashPoint> points = world.TakePoints();

  std::vector<std::string> calls;
  for (const CrashPoint& point : points) calls.push_back(point.call);
  EXPECT_THAT(calls, ElementsAre("create a", "append a", "sync a", "make_dir d", "end"));
  for (std::size_t i = 0; i < points.size(); ++i) EXPECT_EQ(points[i].index, i);
  EXPECT_FALSE(points[0].snapshot.HasPending());
  EXPECT_TRUE(points[2].snapshot.HasPending());
  EXPECT_TRUE(points[2].is_sync);
  EXPECT_FALSE(points[1].is_sync);
}

TEST(World, APointKnowsItsStepsAndWhereTheyWereEntered) {
  History history;
  World world(DiskState(), {.seed = 1, .keep_points = KeepPoints::kYes}, &history);

  TouchDisk(world);
  const std::vector<CrashPoint> points = world.TakePoints();

  EXPECT_THAT(points[0].labels, ElementsAre("outer.step", "inner.step"));
  EXPECT_EQ(points[0].instances.size(), 2U);
  EXPECT_EQ(points[0].instances, points[2].instances);
  EXPECT_THAT(points[0].site, HasSubstr("world_test.cc:"));
  EXPECT_THAT(points[3].labels, IsEmpty());
  EXPECT_EQ(points[3].site, "");
}

TEST(World, APointKnowsHowMuchHadHappenedAndTheConfigurationThen) {
  History history("first");
  World world(DiskState(), {.seed = 1, .keep_points = KeepPoints::kYes}, &history);
  ASSERT_OK(world.env().fs->MakeDir("one"));
  history.Attempt("domain", "value");
  history.Configure("second");
  ASSERT_OK(world.env().fs->MakeDir("two"));

  const std::vector<CrashPoint> points = world.TakePoints();

  EXPECT_EQ(points[0].event_count, 0U);
  EXPECT_EQ(points[0].config, "first");
  EXPECT_EQ(points[1].event_count, 2U);
  EXPECT_EQ(points[1].config, "second");
}

TEST(World, WithoutPointsNothingIsKept) {
  History history;
  World world(DiskState(), {.seed = 1}, &history);

  TouchDisk(world);

  EXPECT_EQ(world.TakePoints().size(), 1U);  // the end
}

TEST(World, TraceLinesAreStableAndReadable) {
  World world(DiskState(), {.seed = 1, .keep_lines = KeepLines::kYes}, nullptr);

  TouchDisk(world);
  world.KillProcess();

  EXPECT_EQ(world.trace().call_count(), 5U);  // create, append, sync, list, make_dir
  EXPECT_THAT(world.trace().lines()[0], StartsWith("1 create a "));
  EXPECT_THAT(world.trace().lines()[0], HasSubstr("-> ok [outer.step/inner.step]"));
  EXPECT_EQ(world.trace().lines().back(), "- process death");
}

TEST(World, TheTraceHashDependsOnEveryByteWritten) {
  const auto hash_of = [](std::string_view bytes) {
    World world(DiskState(), {.seed = 1}, nullptr);
    auto file = world.env().fs->Create("a");
    EXPECT_OK((*file)->Append(bytes));
    return world.trace().hash();
  };

  EXPECT_EQ(hash_of("hello"), hash_of("hello"));
  EXPECT_NE(hash_of("hello"), hash_of("hellp"));
}

TEST(World, ADeathKeepsWhatIsUnsettledAndEndsHandles) {
  World world(DiskState(), {.seed = 1}, nullptr);
  ASSERT_OK_AND_ASSIGN(auto file, world.env().fs->Create("a"));
  ASSERT_OK(file->Append("hello"));

  world.KillProcess();

  EXPECT_ERROR(file->Append("more"), absl::StatusCode::kFailedPrecondition, HasSubstr("a"));
  EXPECT_TRUE(*world.env().fs->Exists("a"));
  EXPECT_TRUE(world.disk().state().HasPending());
}

TEST(World, TheFirstFaultIsRememberedAsAPoint) {
  ASSERT_OK_AND_ASSIGN(const auto plan, faults::ParsePlan("when sync nth=1 then eio"));
  History history;
  World world(DiskState(), {.seed = 1, .plan = plan, .keep_points = KeepPoints::kYes}, &history);
  ASSERT_OK_AND_ASSIGN(auto file, world.env().fs->Create("a"));
  ASSERT_OK(file->Append("hello"));
  EXPECT_EQ(world.first_fault_point(), 0U);

  EXPECT_FALSE(file->Sync().ok());

  EXPECT_EQ(world.first_fault_point(), 3U);  // the first point after create, append, sync
}

// Which of ten queued jobs have run after one pump.
std::string RanAfterOnePump(std::uint64_t seed) {
  World world(DiskState(), {.seed = seed}, nullptr);
  std::string ran;
  for (int i = 0; i < 10; ++i) {
    world.env().executor->Schedule({.name = "job",
                                    .priority = vfs::Priority::kLow,
                                    .run = [&ran, i] { ran += std::to_string(i); }});
  }
  EXPECT_EQ(ran, "");  // nothing runs by itself
  world.PumpSome();
  return ran;
}

TEST(World, ThePumpIsChosenByTheSeed) {
  std::set<std::string> outcomes;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    outcomes.insert(RanAfterOnePump(seed));
    EXPECT_EQ(RanAfterOnePump(seed), RanAfterOnePump(seed));
  }

  EXPECT_GT(outcomes.size(), 3U);
}

TEST(World, PumpAllRunsEverything) {
  World world(DiskState(), {.seed = 1}, nullptr);
  int count = 0;
  for (int i = 0; i < 10; ++i)
    world.env().executor->Schedule({.name = "job", .run = [&count] { ++count; }});

  world.PumpAll();

  EXPECT_EQ(count, 10);
}

}  // namespace
}  // namespace permafrost::sim
