// The explorer finds what is wrong with tiny programs, at the depth and on the axis where it shows,
// and stays silent about the right ones.
#include "sim/explore/explorer.h"

#include <cstdio>
#include <cstdlib>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/sim/explore/tiny_scenario.h"
#include "tests/status_matchers.h"
#include "vfs/base/step.h"

namespace permafrost::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kLost[] = "26-acknowledged-is-present";

// Serves the file after settling everything that it stands on (D8).
void RecoverSettled(World& world, History& history) {
  vfs::FileSystem& fs = *world.env().fs;
  if (auto file = fs.Open("a", vfs::OpenMode::kReadWrite); file.ok()) {
    if (!(*file)->Sync().ok()) return;
  }
  if (!fs.SyncDir("").ok()) return;
  const std::string content = Content(fs, "a");
  // A file that was never promised may be there in part: it counts as absent.
  history.Serve("a", content == "hello" ? content : std::string(kAbsent));
}

std::string ReadA(const vfs::FileSystem& fs) {
  const std::string content = Content(fs, "a");
  return content == "hello" ? content : std::string(kAbsent);
}

enum class Ack { kAtTheEnd, kBeforeSync };
enum class NameSync { kYes, kNo };

// Creates, writes, syncs, settles the name, acknowledges: with one step at the wrong place or left
// out.
TinyScenario OneFile(Ack ack, NameSync name_sync) {
  return TinyScenario({.work =
                           [ack, name_sync](World& world, History& history, const Script&) {
                             const vfs::Step step("tiny.write");
                             vfs::FileSystem& fs = *world.env().fs;
                             history.Attempt("a", "hello");
                             auto file = fs.Create("a");
                             if (!file.ok()) return;
                             if (!(*file)->Append("hello").ok()) return;
                             if (ack == Ack::kBeforeSync) history.Acknowledge("a");
                             if (!(*file)->Sync().ok()) return;
                             if (name_sync == NameSync::kYes && !fs.SyncDir("").ok()) return;
                             if (ack == Ack::kAtTheEnd) history.Acknowledge("a");
                           },
                       .recover = RecoverSettled,
                       .read = ReadA});
}

TEST(Explorer, ARightProgramIsCleanAndExhausted) {
  const TinyScenario scenario = OneFile(Ack::kAtTheEnd, NameSync::kYes);

  const Certificate certificate = Explored(scenario, TinyOptions(scenario));

  EXPECT_THAT(Invariants(certificate), IsEmpty());
  EXPECT_EQ(certificate.ExitCode(), 0);
  EXPECT_EQ(certificate.crash_points, 5U);  // create, append, sync, sync_dir, end
  EXPECT_EQ(certificate.exhausted, 5U);
  EXPECT_EQ(certificate.exhaustive_share(), 1.0);
  EXPECT_EQ(certificate.deaths, 0U);
  EXPECT_GE(certificate.candidates, certificate.distinct);
  EXPECT_GT(certificate.distinct, 3U);
}

TEST(Explorer, ARightProgramStaysCleanOnEveryAxis) {
  const TinyScenario scenario = OneFile(Ack::kAtTheEnd, NameSync::kYes);
  ExploreOptions options = TinyOptions(scenario);
  options.death_share = 1;
  options.depth = 3;
  for (const auto kind :
       {Personality::Kind::kStrict, Personality::Kind::kOrdered, Personality::Kind::kWriteback,
        Personality::Kind::kTreelog, Personality::Kind::kPrefix, Personality::Kind::kAll,
        Personality::Kind::kNone}) {
    options.rules.personality.kind = kind;

    const Certificate certificate = Explored(scenario, options);

    EXPECT_THAT(Invariants(certificate), IsEmpty()) << ToString(options.rules.personality);
    EXPECT_EQ(certificate.deaths, 5U);
    EXPECT_GT(certificate.nested_points, 0U);
  }
}

TEST(Explorer, AcknowledgingBeforeTheSyncIsFoundAlthoughTheDurableStatesAreEqual) {
  const TinyScenario scenario = OneFile(Ack::kBeforeSync, NameSync::kYes);

  const Certificate certificate = Explored(scenario, TinyOptions(scenario));

  EXPECT_THAT(Invariants(certificate), ElementsAre(kLost));
  // The empty disk was recovered once, and judged with and without the promise.
  EXPECT_GT(certificate.judgements, certificate.recoveries);
  EXPECT_EQ(certificate.ExitCode(), 1);
}

TEST(Explorer, AMissingSyncOfTheNameIsFound) {
  const TinyScenario scenario = OneFile(Ack::kAtTheEnd, NameSync::kNo);

  const Certificate certificate = Explored(scenario, TinyOptions(scenario));

  EXPECT_THAT(Invariants(certificate), ElementsAre(kLost));
  const FoundViolation& found = certificate.violations.begin()->second;
  EXPECT_THAT(found.fingerprint, StartsWith("26-acknowledged-is-present/outside any step/create"));
  EXPECT_EQ(found.text, "a: served absent, promised hello");
}

TEST(Explorer, TheFoundReproReplaysAndParsesBack) {
  const TinyScenario scenario = OneFile(Ack::kAtTheEnd, NameSync::kNo);
  const ExploreOptions options = TinyOptions(scenario);
  const Certificate certificate = Explored(scenario, options);
  ASSERT_THAT(certificate.violations, Not(IsEmpty()));
  const FoundViolation& found = certificate.violations.begin()->second;

  ASSERT_OK_AND_ASSIGN(const Repro repro, ParseRepro(ToString(found.repro), "found"));

  for (int time = 1; time <= 3; ++time) {
    EXPECT_THAT(Replayed(scenario, options, repro),
                ElementsAre(Violation{found.invariant, found.text}));
  }
}

TEST(Explorer, AReproOfAnotherRunIsRefused) {
  const TinyScenario scenario = OneFile(Ack::kAtTheEnd, NameSync::kNo);
  const ExploreOptions options = TinyOptions(scenario);
  const Workload workload = RunWorkload(scenario, options);

  EXPECT_ERROR(StartAt(options.rules, workload.points, {.point = 77, .choice = "x"}, 0),
               absl::StatusCode::kInvalidArgument,
               "replay cut point=77: the run has 4 points; it is not the run that the repro was "
               "made from");
  EXPECT_ERROR(StartAt(options.rules, workload.points, {.point = 1, .choice = "nonsense"}, 0),
               absl::StatusCode::kInvalidArgument, HasSubstr("nonsense"));
}

TEST(Explorer, AnAbortInRecoveryIsAViolationWithARepro) {
  TinyScenario::Program program{
      .work =
          [](World& world, History&, const Script&) {
            vfs::FileSystem& fs = *world.env().fs;
            auto first = fs.Create("first");
            auto second = fs.Create("second");
            if (first.ok() && second.ok() && fs.SyncDir("").ok()) return;
          },
      .recover =
          [](World& world, History& history) {
            const vfs::FileSystem& fs = *world.env().fs;
            if (*fs.Exists("second") && !*fs.Exists("first")) {
              std::fputs("second without first\n", stderr);
              std::fflush(stderr);
              std::abort();
            }
            history.Serve("files", kAbsent);
          },
      .read = [](const vfs::FileSystem&) { return std::string("nothing"); }};
  const TinyScenario scenario(std::move(program));

  const Certificate certificate = Explored(scenario, TinyOptions(scenario));

  EXPECT_THAT(Invariants(certificate), ElementsAre("0-no-crash-no-hang"));
  const FoundViolation& found = certificate.violations.begin()->second;
  EXPECT_EQ(found.text,
            "the code under test ended its process: killed by signal 6 (Aborted): second without "
            "first");
  ASSERT_EQ(found.repro.cuts.size(), 1U);
  EXPECT_EQ(found.repro.cuts[0].point, 2U);
  EXPECT_EQ(found.repro.cuts[0].kind, CutKind::kPowerCut);
  EXPECT_GT(certificate.recoveries, 2U);  // the other images were recovered all the same
}

enum class Order { kSyncFirst, kUnlinkFirst };

// Recovery moves the content of `old` to `new`.
TinyScenario Migration(Order order) {
  const auto read = [](const vfs::FileSystem& fs) {
    const std::string fresh = Content(fs, "new");
    return *fs.Exists("old") ? Content(fs, "old") : fresh;
  };
  return TinyScenario(
      {.work =
           [](World& world, History& history, const Script&) {
             vfs::FileSystem& fs = *world.env().fs;
             history.Attempt("data", "hello");
             auto file = fs.Create("tmp");
             if (!file.ok() || !(*file)->Append("hello").ok() || !(*file)->Sync().ok()) return;
             if (fs.Rename("tmp", "old").ok() && fs.SyncDir("").ok()) history.Acknowledge("data");
           },
       .recover =
           [order, read](World& world, History& history) {
             vfs::FileSystem& fs = *world.env().fs;
             if (!fs.SyncDir("").ok()) return;
             history.Serve("data", read(fs));
             if (!*fs.Exists("old")) return;
             const std::string content = Content(fs, "old");
             if (*fs.Exists("new") && !fs.Unlink("new").ok()) return;
             auto file = fs.Create("new");
             if (!file.ok() || !(*file)->Append(content).ok()) return;
             if (order == Order::kSyncFirst && (!(*file)->Sync().ok() || !fs.SyncDir("").ok()))
               return;
             if (!fs.Unlink("old").ok() || !fs.SyncDir("").ok() || !(*file)->Sync().ok()) return;
             history.Serve("data", read(fs));
           },
       .read = read});
}

TEST(Explorer, ARecoveryThatDeletesBeforeItsOutputIsDurableIsFoundAtDepthTwoOnly) {
  const TinyScenario scenario = Migration(Order::kUnlinkFirst);
  ExploreOptions options = TinyOptions(scenario);

  EXPECT_THAT(Invariants(Explored(scenario, options)), IsEmpty());

  options.depth = 2;
  const Certificate certificate = Explored(scenario, options);
  EXPECT_THAT(Invariants(certificate), ElementsAre(kLost));
  const FoundViolation& found = certificate.violations.begin()->second;
  EXPECT_EQ(found.repro.cuts.size(), 2U);
  EXPECT_THAT(Replayed(scenario, options, found.repro),
              ElementsAre(Violation{found.invariant, found.text}));
}

TEST(Explorer, ARecoveryThatSyncsFirstIsCleanAtDepthThree) {
  const TinyScenario scenario = Migration(Order::kSyncFirst);
  ExploreOptions options = TinyOptions(scenario);
  options.depth = 3;

  const Certificate certificate = Explored(scenario, options);

  EXPECT_THAT(Invariants(certificate), IsEmpty());
  EXPECT_GT(certificate.nested_points, 0U);
}

enum class Settle { kYes, kNo };

// Appends to a log; recovery serves what it reads, after settling it or not.
TinyScenario Log(Settle settle) {
  const auto read = [](const vfs::FileSystem& fs) {
    const std::string content = Content(fs, "log");
    return content == "entry" ? content : std::string(kAbsent);
  };
  return TinyScenario({.work =
                           [](World& world, History& history, const Script&) {
                             vfs::FileSystem& fs = *world.env().fs;
                             auto file = fs.Create("log");
                             if (!file.ok() || !(*file)->Sync().ok() || !fs.SyncDir("").ok())
                               return;
                             history.Attempt("log", "entry");
                             if (!(*file)->Append("entry").ok() || !(*file)->Sync().ok()) return;
                             history.Acknowledge("log");
                           },
                       .recover =
                           [settle, read](World& world, History& history) {
                             vfs::FileSystem& fs = *world.env().fs;
                             if (settle == Settle::kYes) {
                               auto file = fs.Open("log", vfs::OpenMode::kReadWrite);
                               if (file.ok() && !(*file)->Sync().ok()) return;
                               if (!fs.SyncDir("").ok()) return;
                             }
                             history.Serve("log", read(fs));
                             // Something is built on the answer.
                             if (*fs.Exists("mark")) return;
                             if (fs.Create("mark").ok()) static_cast<void>(fs.SyncDir(""));
                           },
                       .read = read});
}

TEST(Explorer, AnswersFromUnsettledStateAreFoundByTheDeathAxisOnly) {
  const TinyScenario scenario = Log(Settle::kNo);
  ExploreOptions options = TinyOptions(scenario);
  options.depth = 2;

  EXPECT_THAT(Invariants(Explored(scenario, options)), IsEmpty());

  options.depth = 1;
  options.death_share = 1;
  const Certificate certificate = Explored(scenario, options);
  EXPECT_THAT(Invariants(certificate), ElementsAre(kLost));
  const FoundViolation& found = certificate.violations.begin()->second;
  ASSERT_EQ(found.repro.cuts.size(), 2U);
  EXPECT_EQ(found.repro.cuts[0].kind, CutKind::kProcessDeath);
  EXPECT_EQ(found.repro.cuts[1].kind, CutKind::kPowerCut);
  EXPECT_THAT(Replayed(scenario, options, found.repro),
              ElementsAre(Violation{found.invariant, found.text}));
}

TEST(Explorer, ARecoveryThatSettlesWhatItReadsSurvivesDeaths) {
  const TinyScenario scenario = Log(Settle::kYes);
  ExploreOptions options = TinyOptions(scenario);
  options.death_share = 1;
  options.depth = 2;

  const Certificate certificate = Explored(scenario, options);

  EXPECT_THAT(Invariants(certificate), IsEmpty());
  EXPECT_GT(certificate.deaths, 0U);
}

// Counts its starts in a file.
TinyScenario StartCounter(Settle settle) {
  return TinyScenario({.work = [](World&, History&, const Script&) {},
                       .recover =
                           [settle](World& world, History&) {
                             vfs::FileSystem& fs = *world.env().fs;
                             auto file = *fs.Exists("count")
                                             ? fs.Open("count", vfs::OpenMode::kReadWrite)
                                             : fs.Create("count");
                             if (!file.ok() || !(*file)->Append("x").ok()) return;
                             if (settle == Settle::kNo) return;
                             static_cast<void>((*file)->Sync());
                             static_cast<void>(fs.SyncDir(""));
                           },
                       .read = [](const vfs::FileSystem& fs) { return Content(fs, "count"); }});
}

TEST(Explorer, SettledStatesThatDependOnTheKindOfRestartAreFound) {
  const TinyScenario loses = StartCounter(Settle::kNo);
  const TinyScenario keeps = StartCounter(Settle::kYes);

  const Certificate certificate = Explored(loses, TinyOptions(loses));

  EXPECT_THAT(Invariants(certificate), ElementsAre("34-convergence"));
  EXPECT_EQ(certificate.violations.begin()->second.text,
            "settled store restarted from a cut that keeps none differs from a clean restart: "
            "-xx +x");
  EXPECT_THAT(Invariants(Explored(keeps, TinyOptions(keeps))), IsEmpty());
}

TEST(Explorer, TheAtRestCheckSeesTheImageBeforeAnyRecovery) {
  TinyScenario::Program program{
      .work =
          [](World& world, History&, const Script&) {
            vfs::FileSystem& fs = *world.env().fs;
            if (fs.Create("a").ok()) static_cast<void>(fs.SyncDir(""));
          },
      .recover =
          [](World& world, History&) {
            static_cast<void>(world.env().fs->Unlink("a"));
            static_cast<void>(world.env().fs->SyncDir(""));
          },
      .read = [](const vfs::FileSystem&) { return std::string("nothing"); },
      .check_at_rest =
          [](World& clone, History& history) {
            if (*clone.disk().Exists("a")) history.Violate("10-every-file-has-a-key", "a");
          }};
  const TinyScenario scenario(std::move(program));

  const Certificate certificate = Explored(scenario, TinyOptions(scenario));

  EXPECT_THAT(Invariants(certificate), ElementsAre("10-every-file-has-a-key"));
}

TEST(Explorer, StopAfterEndsTheExplorationEarly) {
  const TinyScenario scenario = OneFile(Ack::kBeforeSync, NameSync::kNo);
  ExploreOptions options = TinyOptions(scenario);
  const Certificate all = Explored(scenario, options);
  options.stop_after = 1;
  options.round_starts = 1;

  const Certificate some = Explored(scenario, options);

  EXPECT_LT(some.crash_points, all.crash_points);
  EXPECT_GE(some.violation_count(), 1U);
}

TEST(Explorer, AFaultInTheWorkloadIsNoViolationByItself) {
  const TinyScenario scenario = OneFile(Ack::kAtTheEnd, NameSync::kYes);
  ExploreOptions options = TinyOptions(scenario);
  const std::uint64_t calls = RunWorkload(scenario, options).calls.size();
  ASSERT_THAT(calls, Gt(3U));
  for (std::uint64_t n = 1; n <= calls; ++n) {
    options.faults = faults::FailCall(n);

    EXPECT_THAT(RunWorkload(scenario, options).unfired, IsEmpty()) << n;
    EXPECT_THAT(Invariants(Explored(scenario, options)), IsEmpty()) << n;
  }
}

TEST(Explorer, AMutationIsInForceInRecoveryToo) {
  const TinyScenario scenario = OneFile(Ack::kAtTheEnd, NameSync::kYes);
  ExploreOptions options = TinyOptions(scenario);
  ASSERT_OK_AND_ASSIGN(options.rules.plan, faults::ParseMutation("drop tiny.write"));

  EXPECT_THAT(Invariants(Explored(scenario, options)), ElementsAre(kLost));
}

nlohmann::ordered_json WithoutTimes(const Certificate& certificate) {
  nlohmann::ordered_json json = ToJson(certificate);
  for (const char* key : {"seconds", "images_per_core_second", "raw_share", "raw_open_us"})
    EXPECT_EQ(json.erase(key), 1U) << key;
  return json;
}

TEST(Explorer, ResultsDoNotDependOnTheNumberOfWorkers) {
  const TinyScenario scenario = Log(Settle::kNo);
  ExploreOptions options = TinyOptions(scenario);
  options.depth = 3;
  options.death_share = 2;
  const Certificate one = Explored(scenario, options);
  options.workers.jobs = 2;
  const Certificate two = Explored(scenario, options);
  options.workers.jobs = 5;
  options.round_starts = 3;
  const Certificate small_rounds = Explored(scenario, options);

  EXPECT_EQ(WithoutTimes(one), WithoutTimes(two));
  ASSERT_FALSE(one.violations.empty());
  EXPECT_EQ(ToString(one.violations.begin()->second.repro),
            ToString(two.violations.begin()->second.repro));
  EXPECT_EQ(Invariants(one), Invariants(small_rounds));
  EXPECT_EQ(one.distinct, small_rounds.distinct);
}

TEST(Explorer, ASecondExplorationWithTheSameCacheRecoversNothingAgain) {
  const TinyScenario scenario = OneFile(Ack::kAtTheEnd, NameSync::kYes);
  const ExploreOptions options = TinyOptions(scenario);
  RecoveryCache cache;
  Certificate first;
  Certificate second;

  ASSERT_OK(Explore(scenario, options, cache, first));
  ASSERT_OK(Explore(scenario, options, cache, second));

  EXPECT_EQ(first.recoveries, cache.size());
  EXPECT_EQ(second.recoveries, 0U);
  EXPECT_EQ(second.judgements, first.judgements);
}

TEST(Explorer, LabelsAreCountedBeforeInsideAndAfterTheirSteps) {
  const TinyScenario scenario = OneFile(Ack::kAtTheEnd, NameSync::kYes);

  const Certificate certificate = Explored(scenario, TinyOptions(scenario));

  ASSERT_TRUE(certificate.labels.contains("tiny.write"));
  const LabelCoverage& coverage = certificate.labels.at("tiny.write");
  EXPECT_GT(coverage.before, 0U);
  EXPECT_GT(coverage.inside, 0U);
  EXPECT_GT(coverage.after, 0U);
  EXPECT_GT(coverage.distinct, 1U);
  EXPECT_THAT(certificate.labels_uncut, IsEmpty());
}

TEST(Explorer, AnEmptyScriptIsIndeterminateWhenNothingRan) {
  Certificate nothing;

  EXPECT_EQ(nothing.ExitCode(), 3);
  EXPECT_EQ(nothing.exhaustive_share(), 0.0);
  EXPECT_EQ(nothing.images_per_core_second(), 0.0);
}

TEST(Explorer, AWorkloadThatIsNotDeterministicIsRefused) {
  int run = 0;
  TinyScenario::Program program{.work =
                                    [&run](World& world, History&, const Script&) {
                                      if (world.env().fs->Create(++run == 1 ? "one" : "two").ok())
                                        return;
                                    },
                                .recover = [](World&, History&) {},
                                .read = [](const vfs::FileSystem&) { return std::string(); }};
  const TinyScenario scenario(std::move(program));
  Certificate certificate;
  RecoveryCache cache;

  const absl::Status status = Explore(scenario, TinyOptions(scenario), cache, certificate);

  EXPECT_ERROR(status, absl::StatusCode::kAborted,
               testing::AllOf(StartsWith("repeat workload seed=0x0000000000000001: trace hash "),
                              HasSubstr(" in a second process, "),
                              HasSubstr("see powercut check-determinism")));
}

}  // namespace
}  // namespace permafrost::sim
