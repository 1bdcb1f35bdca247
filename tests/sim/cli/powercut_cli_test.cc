// The powercut command as a shell sees it: output, the error line, exit codes, JSON.
#include <fcntl.h>
#include <unistd.h>

#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/sim/cli/powercut_process.h"
#include "tests/status_matchers.h"
#include "tests/vfs/temp_dir.h"

namespace permafrost::sim {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// A sweep of a second or two.
const std::vector<std::string> kSmallSweep{"sweep", "rocksdb/basic", "--short", "--images",
                                           "2",     "--deaths",      "0"};

class PowercutCli : public ::testing::Test {
 protected:
  ProcessResult SmallSweep(std::vector<std::string> more) {
    std::vector<std::string> arguments = kSmallSweep;
    arguments.insert(arguments.end(), {"--out", scratch_.Join("found")});
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunPowercut(arguments);
  }

  TempDir scratch_;
};

// Refused before anything ran: exit code 2, nothing on stdout, this on stderr.
template <typename Matcher>
void ExpectUsageError(const std::vector<std::string>& arguments, const Matcher& text) {
  const ProcessResult ran = RunPowercut(arguments);

  EXPECT_EQ(ran.code, 2) << ran.err;
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err, text);
}

TEST_F(PowercutCli, HelpNamesEveryCommandAndExitCode) {
  const ProcessResult ran = RunPowercut({"--help"});

  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.err, IsEmpty());
  for (const char* word :
       {"list", "sweep", "run", "kill", "replay", "minimize", "syncs", "check-determinism", "bench",
        "0 held", "1 violated", "2 usage", "3 indeterminate"}) {
    EXPECT_THAT(ran.out, HasSubstr(word));
  }
}

TEST_F(PowercutCli, EveryCommandHasItsHelp) {
  for (const char* command : {"list", "sweep", "run", "kill", "replay", "minimize", "syncs",
                              "check-determinism", "bench"}) {
    const ProcessResult ran = RunPowercut({command, "--help"});

    EXPECT_EQ(ran.code, 0) << command;
    EXPECT_THAT(ran.out, HasSubstr("--json")) << command;
  }
}

TEST_F(PowercutCli, VersionNamesTheLibraryThatItWasMeasuredWith) {
  const ProcessResult ran = RunPowercut({"--version"});

  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, AllOf(StartsWith("powercut 0.1.0 ("), HasSubstr("RocksDB 7.8.3"),
                             EndsWith("trace format 1\n")));
}

TEST_F(PowercutCli, ListNamesScenariosAndLabels) {
  const ProcessResult ran = RunPowercut({"list", "--json"});

  EXPECT_EQ(ran.code, 0);
  const auto json = nlohmann::json::parse(LinesOf(ran.out).back());
  std::set<std::string> names;
  for (const auto& scenario : json["scenarios"]) names.insert(scenario["name"]);
  EXPECT_THAT(names, ::testing::IsSupersetOf({"catalog/lifecycle", "rocksdb/basic"}));
  EXPECT_GT(json["labels"].size(), 20U);
}

// ---- Bad input.

TEST_F(PowercutCli, LivesDrawFaultsOrTakeAPlan) {
  for (const char* command : {"run", "check-determinism"}) {
    ExpectUsageError({command, "rocksdb/basic", "--base-seed", "1", "--faults", "each-call"},
                     "powercut: --faults each-call is for sweep; lives take a fault plan, or "
                     "'drawn'\n");
  }
  EXPECT_EQ(RunPowercut({"check-determinism", "rocksdb/basic", "--faults", "drawn"}).code, 0);
}

TEST_F(PowercutCli, AnUnknownScenarioIsNamedWithTheNearest) {
  const std::string text =
      "powercut: no scenario 'rocksdb/basik'; did you mean 'rocksdb/basic'?; known: "
      "catalog/concurrent catalog/lifecycle engine/journal engine/lifecycle engine/real "
      "journal/append journal/ingest journal/rotate-truncate rocksdb/basic rocksdb/concurrent\n";
  for (const char* command : {"sweep", "run", "kill", "syncs", "check-determinism"})
    ExpectUsageError({command, "rocksdb/basik"}, text);
}

TEST_F(PowercutCli, ABadSeedIsNamed) {
  for (const char* text : {"many", "0xgg", "-1", "99999999999999999999", "0x", "1 "}) {
    for (const auto& [command, flag] :
         {std::pair{"sweep", "--seed"}, std::pair{"run", "--seed"}, std::pair{"run", "--base-seed"},
          std::pair{"check-determinism", "--base-seed"}}) {
      ExpectUsageError({command, "rocksdb/basic", flag, text},
                       fmt::format("powercut: {}: '{}' is not a number; give 0 to 2^64-1, decimal "
                                   "or 0x hexadecimal\n",
                                   flag, text));
    }
  }
}

TEST_F(PowercutCli, AnUnknownPersonalityIsNamedWithTheKnownOnes) {
  ExpectUsageError({"sweep", "rocksdb/basic", "--personality", "mild"},
                   "powercut: personality 'mild': unknown word 'mild'; known: strict ordered "
                   "writeback treelog prefix all none, then +da_alloc +nopsow +tear_bytes\n");
  ExpectUsageError({"sweep", "rocksdb/basic", "--personality", "strict,ordered+soft"},
                   HasSubstr("personality 'ordered+soft': unknown word 'soft'"));
}

TEST_F(PowercutCli, AnUnknownHardeningIsNamedWithTheKnownOnes) {
  ExpectUsageError({"sweep", "rocksdb/basic", "--without", "magic"},
                   "powercut: --without magic: no such hardening; known: settle_names "
                   "settle_db_dir poison_on_error scan_logs settle_recovered\n");
}

TEST_F(PowercutCli, AnUnknownLabelInAMutationIsNamedWithTheNearest) {
  ExpectUsageError({"sweep", "rocksdb/basic", "--mutate", "drop freeze.sync.fil"},
                   AllOf(StartsWith("powercut: "), HasSubstr("no step has the label "
                                                             "'freeze.sync.fil'; did you mean "
                                                             "'freeze.sync.file'?\n")));
  ExpectUsageError({"sweep", "rocksdb/basic", "--mutate", "lose freeze.write"},
                   "powercut: parse mutation 'lose freeze.write': word 1 is 'lose', expected drop, "
                   "unsynced or ignore-error\n");
}

TEST_F(PowercutCli, AMalformedFaultPlanIsNamed) {
  ExpectUsageError({"sweep", "rocksdb/basic", "--faults", "whenn sync then eio"},
                   "powercut: parse rule 'whenn sync then eio': word 1 is 'whenn', expected "
                   "'when'; did you mean 'when'?\n");
}

constexpr char kKnownCommands[] =
    "known: list sweep run kill replay minimize syncs rot check-determinism trace-hashes bench "
    "fiu; see powercut --help\n";

TEST_F(PowercutCli, AnUnknownCommandIsNamedWithTheNearest) {
  ExpectUsageError(
      {"sweeep", "rocksdb/basic"},
      fmt::format("powercut: no command 'sweeep'; did you mean 'sweep'?; {}", kKnownCommands));
  ExpectUsageError({"frobnicate"},
                   fmt::format("powercut: no command 'frobnicate'; {}", kKnownCommands));
  ExpectUsageError({"help", "frobnicate"},
                   fmt::format("powercut: no command 'frobnicate'; {}", kKnownCommands));
  ExpectUsageError({}, fmt::format("powercut: a command is missing; {}", kKnownCommands));
}

TEST_F(PowercutCli, AnUnknownFlagIsNamedWithTheNearest) {
  ExpectUsageError({"sweep", "rocksdb/basic", "--fluff"},
                   "powercut: no flag '--fluff'; see powercut sweep --help\n");
  ExpectUsageError({"sweep", "rocksdb/basic", "--depht", "2"},
                   "powercut: no flag '--depht'; did you mean '--depth'?; see powercut sweep "
                   "--help\n");
  ExpectUsageError({"run", "rocksdb/basic", "--run=2"},
                   "powercut: no flag '--run'; did you mean '--runs'?; see powercut run --help\n");
  // Flags that would do nothing do not exist.
  ExpectUsageError({"syncs", "rocksdb/basic", "--out", "x"}, HasSubstr("no flag '--out'"));
  ExpectUsageError({"--fluff"}, "powercut: no flag '--fluff'; see powercut --help\n");
}

TEST_F(PowercutCli, AMissingOrSuperfluousWordIsNamed) {
  ExpectUsageError({"sweep"}, "powercut: 'scenario' is missing; see powercut sweep --help\n");
  ExpectUsageError({"replay"}, "powercut: 'files' is missing; see powercut replay --help\n");
  ExpectUsageError({"sweep", "rocksdb/basic", "--seed"},
                   "powercut: --seed: its value is missing; see powercut sweep --help\n");
  ExpectUsageError({"sweep", "rocksdb/basic", "--seed", "1", "--seed", "2"},
                   "powercut: --seed: stands there more than once; see powercut sweep --help\n");
  ExpectUsageError({"sweep", "rocksdb/basic", "again"},
                   "powercut: 'again' is one word too many; see powercut sweep --help\n");
}

TEST_F(PowercutCli, HelpIsAlsoACommand) {
  EXPECT_EQ(RunPowercut({"help"}).out, RunPowercut({"--help"}).out);
  EXPECT_EQ(RunPowercut({"help", "sweep"}).out, RunPowercut({"sweep", "--help"}).out);
  EXPECT_EQ(RunPowercut({"help", "sweep"}).code, 0);
}

TEST_F(PowercutCli, ANumberThatIsNotAllowedIsShownAsWrittenWithWhatIs) {
  struct Case {
    const char* command;
    const char* flag;
    const char* text;
    const char* allowed;
  };
  for (const Case& bad :
       {Case{"sweep", "--depth", "9", "from 1 to 4"}, Case{"sweep", "--jobs", "0", "from 1 to 256"},
        Case{"sweep", "--jobs", "two", "from 1 to 256"},
        Case{"sweep", "--images", "x", "from 1 to 2^64-1"},
        Case{"sweep", "--images", "0", "from 1 to 2^64-1"},
        Case{"sweep", "--deaths", "-1", "from 0 to 4294967295"},
        Case{"sweep", "--stop-after", "1e3", "from 0 to 2^64-1"},
        Case{"run", "--runs", "-3", "from 1 to 2^64-1"},
        Case{"run", "--runs", "99999999999999999999", "from 1 to 2^64-1"},
        Case{"check-determinism", "--seeds", "0xg", "from 1 to 2^64-1"}}) {
    ExpectUsageError({bad.command, "rocksdb/basic", bad.flag, bad.text},
                     fmt::format("powercut: {}: '{}' is not a whole number {}; see powercut {} "
                                 "--help\n",
                                 bad.flag, bad.text, bad.allowed, bad.command));
  }
}

TEST_F(PowercutCli, ATimeThatIsNotOneIsNamed) {
  for (const char* text : {"3x", "soon", "-1", "1e999", "nan", "s"}) {
    ExpectUsageError({"run", "rocksdb/basic", "--max-total-time", text},
                     fmt::format("powercut: --max-total-time: '{}' is not a time; give a number of "
                                 "seconds, or with s, m or h; see powercut run --help\n",
                                 text));
  }
}

TEST_F(PowercutCli, AMissingReproIsNamed) {
  const std::string path = scratch_.Join("nowhere.repro");

  ExpectUsageError(
      {"replay", path},
      fmt::format("powercut: open repro {}: No such file or directory (errno 2)\n", path));
}

TEST_F(PowercutCli, ACorruptReproIsNamedWithFileAndLine) {
  const std::string head = "powercut-repro 1\nscenario: rocksdb/basic\n";
  const std::string not_one = scratch_.Write("a.repro", "hello\n");
  const std::string bad_key = scratch_.Write("b.repro", head + "scanario: x\n");
  const std::string bad_cut = scratch_.Write("c.repro", head + "cut: power point=x\n");
  const std::string empty = scratch_.Write("d.repro", "");
  const std::string binary = scratch_.Write("e.repro", std::string("\x7f"
                                                                   "ELF\0\0\xff",
                                                                   7));

  ExpectUsageError({"replay", not_one},
                   fmt::format("powercut: parse {} line 1: found 'hello', expected "
                               "'powercut-repro 1'\n",
                               not_one));
  ExpectUsageError({"replay", bad_key},
                   HasSubstr(fmt::format("parse {} line 3: unknown key 'scanario'", bad_key)));
  ExpectUsageError({"replay", bad_cut}, HasSubstr(fmt::format("parse {} line 3: ", bad_cut)));
  ExpectUsageError({"replay", empty}, HasSubstr("empty file, expected 'powercut-repro 1'"));
  ExpectUsageError({"replay", binary},
                   fmt::format("powercut: parse {} line 1: found '\\x7fELF\\x00\\x00\\xff', "
                               "expected 'powercut-repro 1'\n",
                               binary));
}

TEST_F(PowercutCli, AReproThatDoesNotFitItsRunIsRefused) {
  const std::string head =
      "powercut-repro 1\nscenario: rocksdb/basic\nexpect: clean\nop: put k v\n";
  const std::string far =
      scratch_.Write("far.repro", head + "cut: power point=9999 label=x choice=y\n");
  const std::string odd =
      scratch_.Write("odd.repro", head + "cut: power point=3 label=x choice=y\n");
  const std::string who =
      scratch_.Write("who.repro", "powercut-repro 1\nscenario: nobody\nexpect: clean\n");

  ExpectUsageError({"replay", "-q", far},
                   AllOf(HasSubstr("replay cut point=9999: the run has"),
                         HasSubstr("it is not the run that the repro was made from\n")));
  ExpectUsageError({"replay", "-q", odd}, StartsWith("powercut: "));
  ExpectUsageError({"replay", "-q", who}, HasSubstr("no scenario 'nobody'"));
}

TEST_F(PowercutCli, AnUnwritableDirectoryForFindingsIsRefusedBeforeAnyWork) {
  const std::string file = scratch_.Write("file", "");
  for (const auto& [out, finding] : {
           std::pair{file, fmt::format("'{}' is not a directory", file)},
           std::pair{file + "/below", fmt::format("'{}' is not a directory", file)},
           std::pair{std::string("/proc/no/place"),
                     std::string("cannot make anything in '/proc': No such file or directory")},
           std::pair{std::string(), std::string("the name is empty")},
       }) {
    for (const char* command : {"sweep", "run"}) {
      const ProcessResult ran = RunPowercut({command, "rocksdb/basic", "--out", out});

      EXPECT_EQ(ran.code, 2);
      EXPECT_THAT(ran.out, IsEmpty());  // `run` would print its seed first
      EXPECT_EQ(ran.err, fmt::format("powercut: --out '{}': {}; name a directory that can be "
                                     "written\n",
                                     out, finding));
    }
  }
}

TEST_F(PowercutCli, ADirectoryForFindingsIsMadeOnlyForFindings) {
  EXPECT_EQ(SmallSweep({"-q"}).err, "");

  EXPECT_EQ(access(scratch_.Join("found").c_str(), F_OK), -1);
}

// ---- Output.

TEST_F(PowercutCli, JsonIsOneLineAtTheEndWithEveryNamedKey) {
  const ProcessResult ran = SmallSweep({"--json"});

  ASSERT_EQ(LinesOf(ran.out).size(), 1U) << ran.out;
  const auto json = nlohmann::json::parse(ran.out);
  for (const char* key :
       {"scenario", "personality", "depth", "crash_points", "exhausted", "exhaustive_share",
        "candidates", "distinct", "recoveries", "judgements", "violations", "labels_uncut",
        "probes_missed", "images_per_core_second", "opens", "raw_share", "trace_hash", "seconds"}) {
    EXPECT_TRUE(json.contains(key)) << key;
  }
  EXPECT_EQ(json["scenario"], "rocksdb/basic");
  EXPECT_EQ(json["personality"], "strict");
  EXPECT_EQ(json["depth"], 1);
  EXPECT_TRUE(json["labels_uncut"].is_array());
  EXPECT_TRUE(json["probes_missed"].is_array());
  EXPECT_EQ(json["trace_hash"].get<std::string>().size(), 32U);
  EXPECT_GT(json["crash_points"], 50);
  EXPECT_GE(json["candidates"], json["crash_points"]);
  EXPECT_NEAR(json["exhaustive_share"].get<double>() * json["crash_points"].get<double>(),
              json["exhausted"].get<double>(), 1e-6);
}

TEST_F(PowercutCli, TextGoesToStdoutAndWithJsonToStderr) {
  const ProcessResult text = SmallSweep({});
  const ProcessResult json = SmallSweep({"--json"});

  EXPECT_THAT(text.out, AllOf(StartsWith("certificate rocksdb/basic personality=strict"),
                              HasSubstr("SUMMARY: powercut: ")));
  EXPECT_THAT(text.err, IsEmpty());
  EXPECT_THAT(json.out, StartsWith("{"));
  EXPECT_THAT(json.err, HasSubstr("SUMMARY: powercut: "));
}

TEST_F(PowercutCli, QuietSaysNothingButJson) {
  const ProcessResult ran = SmallSweep({"--json", "--quiet"});

  EXPECT_EQ(LinesOf(ran.out).size(), 1U);
  EXPECT_THAT(ran.err, IsEmpty());
}

TEST_F(PowercutCli, APipeGetsNoEscapeBytes) {
  const ProcessResult ran = SmallSweep({"--stock"});

  EXPECT_THAT(ran.out, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\r"))));
  EXPECT_THAT(ran.err, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\r"))));
}

TEST_F(PowercutCli, SeveralPersonalitiesAreOneObjectWithASweepEach) {
  const ProcessResult ran = SmallSweep({"--json", "-q", "--personality", "all,none"});

  ASSERT_EQ(LinesOf(ran.out).size(), 1U);
  const auto json = nlohmann::json::parse(ran.out);
  ASSERT_EQ(json["sweeps"].size(), 2U);
  EXPECT_EQ(json["sweeps"][0]["personality"], "all");
  EXPECT_EQ(json["sweeps"][1]["personality"], "none");
}

TEST_F(PowercutCli, AFindingIsAFailureBlockAndAReproThatReplaysInFreshProcesses) {
  const ProcessResult found = SmallSweep({"--stock", "--json"});

  EXPECT_EQ(found.code, 1);
  const auto json = nlohmann::json::parse(found.out);
  ASSERT_GT(json["violations"], 0);
  EXPECT_EQ(json["violation_list"].size(), json["violations"]);
  const std::string marker = "Reproduce:   powercut replay ";
  const std::size_t at = found.err.find(marker);
  ASSERT_NE(at, std::string::npos) << found.err;
  const std::size_t begin = at + marker.size();
  const std::string repro = found.err.substr(begin, found.err.find('\n', begin) - begin);
  EXPECT_THAT(found.err, HasSubstr("FAIL "));
  for (int time = 1; time <= 3; ++time) {
    const ProcessResult replayed = RunPowercut({"replay", "--json", "-q", repro});
    EXPECT_EQ(replayed.code, 1) << replayed.err;
    EXPECT_EQ(nlohmann::json::parse(replayed.out)["reproduced"], true);
  }
}

TEST_F(PowercutCli, AFindingAmongThreadsReplaysFromItsSchedule) {
  const std::string out = scratch_.Join("threads");
  const ProcessResult found = RunPowercut({"sweep",
                                           "rocksdb/concurrent",
                                           "--short",
                                           "--mutate",
                                           "drop rocksdb.wal.sync",
                                           "--strategy",
                                           "pct 3 3000",
                                           "--seed",
                                           "4",
                                           "--images",
                                           "8",
                                           "--deaths",
                                           "0",
                                           "--stop-after",
                                           "1",
                                           "--minimize-time",
                                           "0.5s",
                                           "--json",
                                           "--out",
                                           out});

  EXPECT_EQ(found.code, 1) << found.err;
  const auto json = nlohmann::json::parse(found.out);
  EXPECT_THAT(json["threads"].get<std::string>(), ::testing::EndsWith(", pct 3 3000"));
  const std::string marker = "Reproduce:   powercut replay ";
  const std::size_t begin = found.err.find(marker) + marker.size();
  ASSERT_GT(begin, marker.size()) << found.err;
  const std::string repro = found.err.substr(begin, found.err.find('\n', begin) - begin);
  for (int time = 1; time <= 3; ++time) {
    const ProcessResult replayed = RunPowercut({"replay", "--json", "-q", repro});
    EXPECT_EQ(replayed.code, 1) << replayed.err;
    EXPECT_EQ(nlohmann::json::parse(replayed.out)["reproduced"], true);
  }
}

TEST_F(PowercutCli, AFindingAmongSyncPointsReplays) {
  const ProcessResult found =
      RunPowercut({"sweep", "rocksdb/concurrent", "--short", "--sync-points", "--strategy",
                   "pct 3 2000", "--seed", "3", "--mutate", "drop client.write", "--images", "8",
                   "--deaths", "0", "--stop-after", "1", "--out", scratch_.Join("points")});
  ASSERT_EQ(found.code, 1) << found.err;
  const std::string marker = "Reproduce:   powercut replay ";
  const std::size_t begin = found.out.find(marker) + marker.size();
  ASSERT_GT(begin, marker.size()) << found.out;
  const std::string repro = found.out.substr(begin, found.out.find('\n', begin) - begin);

  const ProcessResult replayed = RunPowercut({"replay", "--json", "-q", repro});

  EXPECT_EQ(replayed.code, 1) << replayed.err;
  EXPECT_EQ(nlohmann::json::parse(replayed.out)["reproduced"], true);
}

TEST_F(PowercutCli, AScriptOfTheUsersOwnIsSwept) {
  const ProcessResult ran =
      RunPowercut({"sweep", "rocksdb/concurrent", "--ops", "write 0 2; flush 1; join", "--images",
                   "2", "--deaths", "0", "--json", "-q"});

  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_GT(nlohmann::json::parse(ran.out)["crash_points"], 10);
  ExpectUsageError({"sweep", "rocksdb/concurrent", "--ops", "write 0 2; scrub 1"},
                   "powercut: --ops: rocksdb/concurrent has no operation 'scrub'; it has: write, "
                   "read, flush, compact, checkpoint, join, reopen\n");
  ExpectUsageError({"sweep", "rocksdb/basic", "--ops", " ; "},
                   "powercut: --ops: no operation in ' ; '\n");
}

TEST_F(PowercutCli, EachCallOfAShortScriptFailsOnce) {
  const ProcessResult ran = SmallSweep({"--faults", "each-call", "--json", "-q"});

  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_GT(nlohmann::json::parse(ran.out)["runs"], 50);
}

TEST_F(PowercutCli, AnUnknownStrategyOrModeIsNamedWithTheKnownOnes) {
  ExpectUsageError({"sweep", "rocksdb/concurrent", "--strategy", "fair"},
                   "powercut: strategy 'fair': 'fair' is none; known: run-to-block, random-walk "
                   "N/M, uniform, pct DEPTH LENGTH, replay SCHEDULE\n");
  ExpectUsageError({"sweep", "rocksdb/concurrent", "--mode", "native"},
                   "powercut: thread mode 'native': known: futex, fiber\n");
}

TEST_F(PowercutCli, RunPrintsTheDrawnSeedFirst) {
  const ProcessResult ran = RunPowercut(
      {"run", "rocksdb/basic", "--runs", "1", "--json", "--out", scratch_.Join("found")});

  ASSERT_FALSE(LinesOf(ran.err).empty());
  EXPECT_THAT(LinesOf(ran.err)[0],
              ::testing::MatchesRegex("base seed 0x[0-9a-f]{16}, 1 lives, personality strict"));
  EXPECT_EQ(nlohmann::json::parse(LinesOf(ran.out).back())["runs"], 1);
}

TEST_F(PowercutCli, DeterminismCheckCountsMismatches) {
  const ProcessResult ran =
      RunPowercut({"check-determinism", "rocksdb/basic", "--seeds", "2", "--json", "-q"});

  EXPECT_EQ(ran.code, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json["seeds"], 2);
  EXPECT_EQ(json["mismatches"], 0);
}

}  // namespace
}  // namespace permafrost::sim
