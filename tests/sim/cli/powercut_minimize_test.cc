// `powercut minimize`, and what sweeps and random lives make of their findings: sizes of planted
// bugs, texts, exit codes.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <map>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "sim/repro/repro.h"
#include "tests/sim/cli/powercut_process.h"
#include "tests/status_matchers.h"
#include "tests/vfs/temp_dir.h"

namespace permafrost::sim {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class PowercutMinimize : public ::testing::Test {
 protected:
  // The repros below a directory by name, as text.
  std::map<std::string, std::string> ReprosIn(std::string_view name) const {
    std::map<std::string, std::string> repros;
    DIR* const dir = opendir(scratch_.Join(name).c_str());
    if (dir == nullptr) return repros;
    while (const dirent* const entry = readdir(dir)) {
      const std::string file = entry->d_name;
      if (file.ends_with(".repro"))
        repros[file] = ReadText(scratch_.Join(fmt::format("{}/{}", name, file)));
    }
    closedir(dir);
    return repros;
  }

  ProcessResult SweepInto(std::string_view name, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "sweep");
    arguments.insert(arguments.end(), {"--deaths", "0", "--stop-after", "1", "--json", "--out",
                                       scratch_.Join(name)});
    return RunPowercut(arguments);
  }
  // One of a second, that finds violations.
  ProcessResult StockSweepInto(std::string_view name, std::vector<std::string> more) {
    more.insert(more.begin(), {"rocksdb/basic", "--short", "--images", "2", "--stock"});
    return SweepInto(name, more);
  }

  // The first repro of a sweep that made none of them smaller.
  std::string LargeRepro() {
    StockSweepInto("large", {"--minimize-time", "0"});
    const auto repros = ReprosIn("large");
    EXPECT_FALSE(repros.empty());
    return repros.empty() ? "" : scratch_.Join("large/" + repros.begin()->first);
  }

  TempDir scratch_;
};

Repro Parsed(const std::string& file) {
  const auto repro = ParseRepro(file, "repro");
  EXPECT_OK(repro.status());
  return repro.ok() ? *repro : Repro();
}

void ExpectReplaysThreeTimes(const std::string& path) {
  for (int time = 1; time <= 3; ++time) {
    const ProcessResult replayed = RunPowercut({"replay", "--json", "-q", path});
    EXPECT_EQ(replayed.code, 1) << replayed.err;
    EXPECT_EQ(nlohmann::json::parse(replayed.out)["reproduced"], true) << path;
  }
}

TEST_F(PowercutMinimize, FindingsOfASweepAreSmallAndReplay) {
  const ProcessResult ran = SweepInto("small", {"catalog/lifecycle", "--short", "--images", "24",
                                                "--mutate", "drop freeze.sync.parent"});

  EXPECT_EQ(ran.code, 1) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  ASSERT_GT(json["violation_list"].size(), 0U);
  for (const auto& found : json["violation_list"]) {
    EXPECT_LE(found["operations"], 8);
    EXPECT_THAT(found["minimized"].get<std::string>(),
                AllOf(StartsWith("minimized: 9 -> "), HasSubstr(" operations, 1 -> 1 cuts, ")));
  }
  EXPECT_THAT(ran.err, HasSubstr("verdicts under strict; minimized: 9 -> "));
  for (const auto& [name, text] : ReprosIn("small")) {
    EXPECT_THAT(Parsed(text).ops, SizeIs(Le(8U))) << text;
    ExpectReplaysThreeTimes(scratch_.Join("small/" + name));
  }
}

TEST_F(PowercutMinimize, TheNumberOfWorkersDoesNotMatter) {
  StockSweepInto("one", {"--jobs", "1"});
  StockSweepInto("two", {"--jobs", "2"});

  EXPECT_THAT(ReprosIn("one"), Not(IsEmpty()));
  EXPECT_EQ(ReprosIn("one"), ReprosIn("two"));
}

TEST_F(PowercutMinimize, WithoutTimeForItASweepKeepsItsFindingsAsTheyAre) {
  const ProcessResult ran = StockSweepInto("large", {"--minimize-time", "0"});

  EXPECT_EQ(ran.code, 1);
  const auto json = nlohmann::json::parse(ran.out);
  for (const auto& found : json["violation_list"]) {
    EXPECT_EQ(found["operations"], 8);
    EXPECT_EQ(found["minimized"], "");
  }
}

TEST_F(PowercutMinimize, FindingsOfRandomLivesAreSmallAndReplay) {
  const ProcessResult ran =
      RunPowercut({"run", "rocksdb/basic", "--runs", "8", "--base-seed", "1", "--stock",
                   "--stop-after", "1", "--json", "--out", scratch_.Join("lives")});

  EXPECT_EQ(ran.code, 1) << ran.err;
  const auto repros = ReprosIn("lives");
  ASSERT_THAT(repros, Not(IsEmpty()));
  for (const auto& [name, text] : repros) {
    EXPECT_THAT(Parsed(text).ops, SizeIs(Le(8U))) << text;
    ExpectReplaysThreeTimes(scratch_.Join("lives/" + name));
  }
}

TEST_F(PowercutMinimize, TheSmallerReproStandsBesideTheOther) {
  const std::string large = LargeRepro();
  const std::string small = large.substr(0, large.size() - 6) + ".min.repro";

  const ProcessResult ran = RunPowercut({"minimize", "--json", large});

  EXPECT_EQ(ran.code, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_THAT(ran.err,
              AllOf(StartsWith("  8 -> 2 operations, 1 -> 1 cuts, 2 -> 1 lost units\n"),
                    HasSubstr("Reproduce:   powercut replay " + small + "\n"),
                    EndsWith("SUMMARY: powercut: minimized " + large +
                             " (26-acknowledged-is-present; 2 operations, 1 lost units)\n")));
  EXPECT_EQ(json["out"], small);
  EXPECT_EQ(json["invariant"], "26-acknowledged-is-present");
  EXPECT_EQ(json["before"]["operations"], 8);
  EXPECT_EQ(json["after"]["operations"], 2);
  EXPECT_EQ(json["after"]["choices"], 0);
  EXPECT_EQ(json["cut_short"], false);
  EXPECT_LT(json["seconds"], 20);
  EXPECT_THAT(Parsed(ReadText(small)).ops, SizeIs(2));
  ExpectReplaysThreeTimes(small);
}

TEST_F(PowercutMinimize, AnotherTimeGivesTheSameFile) {
  const std::string large = LargeRepro();
  const std::string one = scratch_.Join("one.repro");
  const std::string two = scratch_.Join("two.repro");

  EXPECT_EQ(RunPowercut({"minimize", "-q", large, "--out", one}).code, 0);
  EXPECT_EQ(RunPowercut({"minimize", "-q", large, "-o", two}).code, 0);

  EXPECT_EQ(ReadText(one), ReadText(two));
  // What is minimal stays as it is.
  EXPECT_EQ(RunPowercut({"minimize", "-q", one, "-o", two}).code, 0);
  EXPECT_EQ(ReadText(one), ReadText(two));
}

// The finding does not hang on the threads: of more than a thousand choices none is needed.
TEST_F(PowercutMinimize, AScheduleLosesTheChoicesThatDoNotMatter) {
  SweepInto("threads", {"rocksdb/concurrent", "--mutate", "drop client.write", "--strategy",
                        "random-walk 3/10", "--images", "8", "--minimize-time", "0"});
  const auto repros = ReprosIn("threads");
  const auto lost = repros.lower_bound("26-acknowledged-is-present");
  ASSERT_NE(lost, repros.end());

  const ProcessResult ran =
      RunPowercut({"minimize", "--json", "-q", scratch_.Join("threads/" + lost->first)});

  EXPECT_EQ(ran.code, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_GT(json["before"]["choices"], 100);
  EXPECT_LE(json["after"]["choices"], 2);
  EXPECT_LE(json["after"]["operations"], 8);
  EXPECT_LE(json["after"]["lost_units"], 2);
  ExpectReplaysThreeTimes(json["out"]);
}

// ---- What is refused: exit code 2, nothing on stdout, nothing written.

TEST_F(PowercutMinimize, AReproWithoutAViolationIsRefusedWithARemedy) {
  const std::string head = "powercut-repro 1\nscenario: rocksdb/basic\nop: put k v\n";
  const std::string clean = scratch_.Write("clean.repro", head + "expect: clean\n");
  const std::string gone = scratch_.Write("gone.repro", head + "expect: 12-database-opens\n");
  const std::string far = scratch_.Write(
      "far.repro", head + "expect: 12-database-opens\ncut: death point=9999 label=x\n");
  const std::string bad = scratch_.Write("bad.repro", "not a repro\n");
  const std::string none = scratch_.Join("none.repro");
  for (const auto& [file, text] : {
           std::pair{clean, std::string("minimize: the repro expects 'clean', there is no "
                                        "violation to keep; name the broken invariant in its "
                                        "'expect:' line\n")},
           std::pair{gone, std::string("minimize: the repro does not show 12-database-opens, its "
                                       "replay shows none; find the violation again with this "
                                       "build, or correct its 'expect:' line\n")},
           std::pair{far, std::string("it is not the run that the repro was made from\n")},
           std::pair{bad, fmt::format("parse {} line 1: found 'not a repro', expected "
                                      "'powercut-repro 1'\n",
                                      bad)},
           std::pair{none,
                     fmt::format("open repro {}: No such file or directory (errno 2)\n", none)},
       }) {
    const ProcessResult ran = RunPowercut({"minimize", file});

    EXPECT_EQ(ran.code, 2) << file;
    EXPECT_THAT(ran.out, IsEmpty());
    EXPECT_THAT(ran.err, AllOf(StartsWith("powercut: "), EndsWith(text)));
  }
  EXPECT_EQ(access(scratch_.Join("clean.min.repro").c_str(), F_OK), -1);
}

TEST_F(PowercutMinimize, AFileThatCannotBeWrittenIsRefusedBeforeAnyWork) {
  const std::string gone = scratch_.Write(
      "gone.repro",
      "powercut-repro 1\nscenario: rocksdb/basic\nop: put k v\nexpect: 12-database-opens\n");

  const ProcessResult at_directory = RunPowercut({"minimize", gone, "--out", scratch_.Join("")});
  const ProcessResult nowhere = RunPowercut({"minimize", gone, "--out", gone + "/below/x"});

  EXPECT_EQ(at_directory.code, 2);
  EXPECT_THAT(at_directory.err, EndsWith("': is a directory; name a file\n"));
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_EQ(nowhere.err, fmt::format("powercut: --out '{}/below': '{}' is not a directory; name a "
                                     "directory that can be written\n",
                                     gone, gone));
}

TEST_F(PowercutMinimize, WrongFlagsAreNamed) {
  const std::map<std::vector<std::string>, std::string> cases = {
      {{"minimize"}, "'file' is missing"},
      {{"minimize", "a", "b"}, "'b' is one word too many"},
      {{"minimize", "a", "--max-tyme", "3"}, "no flag '--max-tyme'; did you mean '--max-time'?"},
      {{"minimize", "a", "--max-time", "soon"},
       "--max-time: 'soon' is not a time; give a number of seconds, or with s, m or h"},
  };
  for (const auto& [arguments, text] : cases) {
    const ProcessResult ran = RunPowercut(arguments);

    EXPECT_EQ(ran.code, 2);
    EXPECT_EQ(ran.err, "powercut: " + text + "; see powercut minimize --help\n");
  }
  const ProcessResult sweep = RunPowercut({"sweep", "rocksdb/basic", "--minimize-time", "-1"});
  EXPECT_EQ(sweep.code, 2);
  EXPECT_EQ(sweep.err,
            "powercut: --minimize-time: '-1' is not a time; give a number of seconds, or with s, m "
            "or h; see powercut sweep --help\n");
}

}  // namespace
}  // namespace permafrost::sim
