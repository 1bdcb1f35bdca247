// Shrinking tiny programs, each wrong in one way: what is left is what the mistake needs, and it
// replays.
#include "sim/repro/shrink.h"

#include <cstdlib>
#include <thread>

#include <gmock/gmock.h>

#include "sim/oracle/expectation.h"
#include "sim/repro/replay.h"
#include "tests/sim/explore/tiny_scenario.h"
#include "tests/status_matchers.h"
#include "vfs/base/mutex.h"
#include "vfs/base/step.h"

namespace permafrost::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kLost[] = "26-acknowledged-is-present";

// The files "1" to "9"; each that is there and whole is served, and read or not settled.
constexpr int kFiles = 9;

void ServeAll(World& world, History& history) {
  vfs::FileSystem& fs = *world.env().fs;
  static_cast<void>(fs.SyncDir(""));
  for (int i = 1; i <= kFiles; ++i) {
    const std::string name = std::to_string(i);
    if (auto file = fs.Open(name, vfs::OpenMode::kReadWrite); file.ok())
      static_cast<void>((*file)->Sync());
    history.Serve(name, Content(fs, name) == "hello" ? "hello" : std::string(kAbsent));
  }
}

std::string ReadAll(const vfs::FileSystem& fs) {
  std::string text;
  for (int i = 1; i <= kFiles; ++i) text += Content(fs, std::to_string(i)) + ";";
  return text;
}

// "put N" makes file N durable and acknowledges it; "careless N" forgets the sync of its name.
bool Put(vfs::FileSystem& fs, History& history, const std::string& op) {
  const vfs::Step step("tiny.write");
  const std::string name = op.substr(op.find(' ') + 1);
  if (fs.Exists(name).value_or(true)) return true;
  history.Attempt(name, "hello");
  auto file = fs.Create(name);
  if (!file.ok() || !(*file)->Append("hello").ok() || !(*file)->Sync().ok()) return false;
  if (!op.starts_with("careless") && !fs.SyncDir("").ok()) return false;
  history.Acknowledge(name);
  return true;
}

TinyScenario Files(Script fixed) {
  return TinyScenario({.work =
                           [](World& world, History& history, const Script& script) {
                             for (const std::string& op : script) {
                               if (!Put(*world.env().fs, history, op)) return;
                             }
                           },
                       .recover = ServeAll,
                       .read = ReadAll,
                       .script = std::move(fixed)});
}

// The finding of the invariant with the largest repro: there is something to do.
Repro Found(const Scenario& scenario, const ExploreOptions& options, std::string_view invariant) {
  const Certificate certificate = Explored(scenario, options);
  for (const auto& [place, found] : certificate.violations) {
    if (found.invariant == invariant) return found.repro;
  }
  ADD_FAILURE() << "no finding of " << invariant;
  return {};
}

Shrunk ShrunkOrFailed(const Scenario& scenario,
                      const ExploreOptions& options,
                      const Repro& repro,
                      double seconds_max = 20) {
  const auto shrunk = Shrink(scenario, options, repro, {.seconds_max = seconds_max});
  EXPECT_OK(shrunk.status());
  if (!shrunk.ok()) return {};
  const auto replayed = Replay(scenario, options, shrunk->repro, ShowEvents::kNo);
  EXPECT_OK(replayed.status());
  EXPECT_TRUE(replayed.ok() && replayed->Shows(repro.expect)) << ToString(shrunk->repro);
  return *shrunk;
}

TEST(Shrink, KeepsTheOneOperationAndTheOneUnitThatMatter) {
  const TinyScenario scenario =
      Files({"put 1", "put 2", "put 3", "careless 4", "put 5", "put 6", "put 7"});
  const ExploreOptions options = TinyOptions(scenario);
  const Repro repro = Found(scenario, options, kLost);

  const Shrunk shrunk = ShrunkOrFailed(scenario, options, repro);

  ASSERT_THAT(shrunk.repro.cuts, SizeIs(1));
  EXPECT_EQ(StepOf(shrunk.repro.cuts[0]), StepOf(repro.cuts[0]));
  EXPECT_EQ(shrunk.before.ops, 7U);
  // The cut falls in the first call of the step after it.
  EXPECT_THAT(shrunk.repro.ops, ElementsAre("careless 1", "put 0"));
  EXPECT_EQ(shrunk.after.lost_units, 1U);
  EXPECT_EQ(shrunk.repro.cuts[0].lost, "create");
  EXPECT_FALSE(shrunk.is_cut_short);
}

// Everything is lost in the repro as it is found by hand; one name of it is needed.
TEST(Shrink, LostUnitsThatDoNotMatterAreKept) {
  const TinyScenario scenario = Files({"careless 1", "careless 2", "careless 3"});
  const ExploreOptions options = TinyOptions(scenario);
  Repro repro = options.repro;
  repro.cuts = {
      *ParseCut("power point=9 label=outside any step choice=strict keep=none fill=zero")};
  repro.expect = kLost;

  const Shrunk shrunk = ShrunkOrFailed(scenario, options, repro);

  EXPECT_EQ(shrunk.before, (ReproSize{.ops = 3, .cuts = 1, .lost_units = 3}));
  EXPECT_EQ(shrunk.after, (ReproSize{.ops = 1, .cuts = 1, .lost_units = 1}));
  // Files are numbered from 0 if that shows the same; this program knows no file 0.
  EXPECT_THAT(shrunk.repro.ops, ElementsAre("careless 1"));
  EXPECT_THAT(Replayed(
                  scenario,
                  [&] {
                    ExploreOptions smaller = options;
                    smaller.script = shrunk.repro.ops;
                    return smaller;
                  }(),
                  shrunk.repro),
              SizeIs(1));
}

TEST(Shrink, EqualInputGivesAnEqualResult) {
  const TinyScenario scenario = Files({"put 1", "careless 2", "put 3", "careless 4"});
  const ExploreOptions options = TinyOptions(scenario);
  const Repro repro = Found(scenario, options, kLost);

  const Shrunk one = ShrunkOrFailed(scenario, options, repro);
  const Shrunk two = ShrunkOrFailed(scenario, options, repro);

  EXPECT_EQ(ToString(one.repro), ToString(two.repro));
  EXPECT_EQ(one.replays, two.replays);
}

TEST(Shrink, CutsThatDoNotMatterGoWithTheirOperations) {
  const TinyScenario scenario = Files({"careless 1"});
  const ExploreOptions options = TinyOptions(scenario);
  Repro repro = options.repro;
  repro.ops = {"put 2", "put 3"};
  repro.cuts = {
      *ParseCut("power point=4 label=tiny.write choice=strict keep=none fill=zero"),
      *ParseCut("death point=2 label=tiny.write"),
      *ParseCut("power point=9 label=outside any step choice=strict keep=none fill=zero")};
  repro.cuts[1].ops = {"put 4", "careless 5"};
  repro.expect = kLost;
  const auto shows = Replay(scenario, options, repro, ShowEvents::kNo);
  ASSERT_OK(shows.status());
  ASSERT_TRUE(shows->Shows(kLost)) << ToString(repro);

  const Shrunk shrunk = ShrunkOrFailed(scenario, options, repro);

  EXPECT_LT(shrunk.after.cuts, 3U);
  EXPECT_LE(shrunk.after.ops, 3U);
  EXPECT_EQ(shrunk.after.lost_units, 1U);
}

// A failed sync of the name is taken for a good one: the fault's number counts calls, which are
// fewer when operations go.
TEST(Shrink, TheNumberOfAFaultFollowsTheCall) {
  const auto work = [](World& world, History& history, const Script& script) {
    for (const std::string& op : script) {
      const vfs::Step step("tiny.write");
      vfs::FileSystem& fs = *world.env().fs;
      const std::string name = op.substr(op.find(' ') + 1);
      history.Attempt(name, "hello");
      auto file = fs.Create(name);
      if (!file.ok() || !(*file)->Append("hello").ok() || !(*file)->Sync().ok()) return;
      static_cast<void>(fs.SyncDir(""));
      history.Acknowledge(name);
    }
  };
  const TinyScenario scenario({.work = work,
                               .recover = ServeAll,
                               .read = ReadAll,
                               .script = {"put 1", "put 2", "put 3", "put 4"}});
  ExploreOptions options = TinyOptions(scenario);
  ASSERT_OK_AND_ASSIGN(options.faults,
                       faults::ParsePlan("when any nth=12 then eio; when sync path=x then eio"));
  options.repro.faults = faults::ToString(options.faults);
  const Repro repro = Found(scenario, options, kLost);

  const Shrunk shrunk = ShrunkOrFailed(scenario, options, repro);

  EXPECT_EQ(shrunk.before.faults, 2U);
  EXPECT_LE(shrunk.repro.ops.size(), 2U);
  EXPECT_EQ(shrunk.after.faults, 1U);
  EXPECT_EQ(shrunk.repro.faults, "when any nth=4 then eio");
}

// An abort of the recovery: the worker's end is what a candidate must show.
TEST(Shrink, ADeathOfTheRecoveryIsKept) {
  const auto recover = [](World& world, History& history) {
    if (world.env().fs->Exists("7").value_or(false)) std::abort();
    ServeAll(world, history);
  };
  const TinyScenario scenario({.work =
                                   [](World& world, History& history, const Script& script) {
                                     for (const std::string& op : script)
                                       Put(*world.env().fs, history, op);
                                   },
                               .recover = recover,
                               .read = ReadAll,
                               .script = {"put 1", "put 2", "put 7", "put 3", "put 4"}});
  const ExploreOptions options = TinyOptions(scenario);
  const Repro repro = Found(scenario, options, "0-no-crash-no-hang");

  const auto shrunk = Shrink(scenario, options, repro, {});

  ASSERT_OK(shrunk.status());
  EXPECT_THAT(shrunk->repro.ops, ElementsAre("put 7"));
  EXPECT_THAT(shrunk->repro.text, HasSubstr("killed by signal 6 (Aborted)"));
  ASSERT_OK_AND_ASSIGN(const ReplayOutcome replayed,
                       ReplayInWorker(scenario, options, shrunk->repro, ShowEvents::kNo));
  EXPECT_TRUE(replayed.Shows("0-no-crash-no-hang"));
}

// ---- Threads.

// "add N" starts N threads that each add one to a counter, forgetting that others do; the count is
// written down, settled and served.
class Counter final : public Scenario {
 public:
  std::string_view name() const override { return "test/counter"; }
  std::string_view description() const override { return "a counter without a lock"; }
  bool has_threads() const override { return true; }
  Script FixedScript(ScriptSize) const override { return {"add 2"}; }
  Script RandomScript(vfs::Prng&) const override { return {"add 2"}; }

  void Work(World& world, History& history, const Script& script) const override {
    const vfs::Step step("tiny.write");
    for (const std::string& op : script) {
      const int count = op.back() - '0';
      int value = 0;
      std::vector<std::thread> threads;
      for (int i = 0; i < count; ++i) {
        threads.emplace_back([&value] {
          const int seen = value;
          SchedulingPoint();
          value = seen + 1;
          for (int pause = 0; pause < 20; ++pause) SchedulingPoint();
        });
      }
      for (std::thread& thread : threads) thread.join();
      auto file = world.env().fs->Create("count");
      if (file.ok()) static_cast<void>((*file)->Sync());
      if (value != count) history.Violate("28-reads-are-current", std::to_string(value));
    }
  }
  void Recover(World&, History&) const override {}
  std::string LogicalState(World&) const override { return ""; }
  std::uint64_t OpenDatabases(World&) const override { return 0; }
  std::vector<std::string> RequiredLabels() const override { return {}; }
  std::vector<std::string> RequiredProbes(const Personality&, ScriptSize) const override {
    return {};
  }
};

TEST(Shrink, OfAScheduleTheOnePreemptionIsLeftThatMatters) {
  const Counter scenario;
  ExploreOptions options;
  options.death_share = 0;
  options.script = {"add 2", "add 4", "add 3"};
  options.rules.threading.strategy = {.kind = StrategySpec::Kind::kUniform};
  options.rules.threading.mode = CanUseFibers() ? ThreadMode::kFiber : ThreadMode::kFutex;
  options.repro.scenario = std::string(scenario.name());
  options.repro.has_threads = true;
  options.repro.thread_mode = options.rules.threading.mode;
  options.repro.strategy = options.rules.threading.strategy;
  options.repro.ops = options.script;
  const Repro repro = Found(scenario, options, "28-reads-are-current");

  const auto shrunk = Shrink(scenario, options, repro, {});

  ASSERT_OK(shrunk.status());
  EXPECT_GT(shrunk->before.choices, 10U);
  EXPECT_EQ(shrunk->after.choices, 1U) << ToString(shrunk->repro);
  EXPECT_THAT(shrunk->repro.ops, SizeIs(1));
  EXPECT_EQ(shrunk->repro.strategy, StrategySpec());
  ASSERT_OK_AND_ASSIGN(const ReplayOutcome replayed,
                       ReplayInWorker(scenario, options, shrunk->repro, ShowEvents::kNo));
  EXPECT_TRUE(replayed.Shows("28-reads-are-current"));
}

// Two locks in two orders: the run that shows it dies, so no schedule is ever recorded.
class Locks final : public Scenario {
 public:
  std::string_view name() const override { return "test/locks"; }
  std::string_view description() const override { return "two locks in two orders"; }
  bool has_threads() const override { return true; }
  Script FixedScript(ScriptSize) const override { return {"idle"}; }
  Script RandomScript(vfs::Prng&) const override { return {"idle"}; }

  void Work(World&, History&, const Script& script) const override {
    for (const std::string& op : script) {
      if (op != "lock") continue;
      vfs::Mutex a;
      vfs::Mutex b;
      std::thread one([&] { LockBoth(a, b); });
      std::thread two([&] { LockBoth(b, a); });
      one.join();
      two.join();
    }
  }
  void Recover(World&, History&) const override {}
  std::string LogicalState(World&) const override { return ""; }
  std::uint64_t OpenDatabases(World&) const override { return 0; }
  std::vector<std::string> RequiredLabels() const override { return {}; }
  std::vector<std::string> RequiredProbes(const Personality&, ScriptSize) const override {
    return {};
  }

 private:
  static void LockBoth(vfs::Mutex& first, vfs::Mutex& second) {
    for (int i = 0; i < 8; ++i) {
      const vfs::MutexLock outer(&first);
      const vfs::MutexLock inner(&second);
    }
  }
};

TEST(Shrink, ADeadlockKeepsTheStrategyThatFindsIt) {
  const Locks scenario;
  ExploreOptions options;
  options.death_share = 0;
  options.script = {"idle", "lock", "idle", "lock", "idle"};
  options.rules.threading.strategy = {.kind = StrategySpec::Kind::kUniform};
  options.rules.threading.mode = CanUseFibers() ? ThreadMode::kFiber : ThreadMode::kFutex;
  options.repro.scenario = std::string(scenario.name());
  options.repro.has_threads = true;
  options.repro.thread_mode = options.rules.threading.mode;
  options.repro.strategy = options.rules.threading.strategy;
  options.repro.ops = options.script;
  const Repro repro = Found(scenario, options, "0-no-crash-no-hang");

  const auto shrunk = Shrink(scenario, options, repro, {});

  ASSERT_OK(shrunk.status());
  EXPECT_THAT(shrunk->repro.ops, ElementsAre("lock"));
  EXPECT_EQ(shrunk->repro.strategy, options.repro.strategy);
  EXPECT_THAT(shrunk->repro.text, HasSubstr("deadlock"));
}

// ---- What cannot be made smaller.

TEST(Shrink, ACleanReproIsRefused) {
  const TinyScenario scenario = Files({"put 1"});
  const ExploreOptions options = TinyOptions(scenario);

  EXPECT_ERROR(Shrink(scenario, options, options.repro, {}), absl::StatusCode::kInvalidArgument,
               Eq("minimize: the repro expects 'clean', there is no violation to keep; name the "
                  "broken invariant in its 'expect:' line"));
}

TEST(Shrink, AReproThatShowsNothingOrSomethingElseIsRefused) {
  const TinyScenario right = Files({"put 1"});
  ExploreOptions options = TinyOptions(right);
  options.repro.expect = kLost;

  EXPECT_ERROR(Shrink(right, options, options.repro, {}), absl::StatusCode::kInvalidArgument,
               Eq("minimize: the repro does not show 26-acknowledged-is-present, its replay shows "
                  "none; find the violation again with this build, or correct its 'expect:' line"));

  const TinyScenario wrong = Files({"careless 1"});
  options = TinyOptions(wrong);
  Repro repro = Found(wrong, options, kLost);
  repro.expect = "12-database-opens";
  EXPECT_ERROR(Shrink(wrong, options, repro, {}), absl::StatusCode::kInvalidArgument,
               HasSubstr("its replay shows 26-acknowledged-is-present;"));
}

TEST(Shrink, ACutThatDoesNotFitIsRefusedWithItsPlace) {
  const TinyScenario scenario = Files({"put 1"});
  const ExploreOptions options = TinyOptions(scenario);
  Repro repro = options.repro;
  repro.expect = kLost;
  repro.cuts = {*ParseCut("power point=99 label=x choice=strict keep=none fill=zero")};

  EXPECT_ERROR(Shrink(scenario, options, repro, {}), absl::StatusCode::kInvalidArgument,
               Eq("replay cut point=99: the run has 5 points; it is not the run that the repro was "
                  "made from"));
}

TEST(Shrink, WithoutTimeItSaysSo) {
  const TinyScenario scenario = Files({"careless 1"});
  const ExploreOptions options = TinyOptions(scenario);
  const Repro repro = Found(scenario, options, kLost);

  EXPECT_ERROR(Shrink(scenario, options, repro, {.seconds_max = 0}),
               absl::StatusCode::kInvalidArgument,
               Eq("minimize: the time was over before anything was tried; give it more"));
}

TEST(Shrink, SizesAreComparedWithoutWhatTheReproNeverHad) {
  EXPECT_EQ(Compared({.ops = 9, .faults = 0, .cuts = 1, .lost_units = 5, .choices = 0},
                     {.ops = 2, .faults = 0, .cuts = 1, .lost_units = 1, .choices = 0}),
            "9 -> 2 operations, 1 -> 1 cuts, 5 -> 1 lost units");
}

}  // namespace
}  // namespace permafrost::sim
