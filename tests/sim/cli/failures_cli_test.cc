// Failures on the command line of powercut: plans, the axis, drawn faults, damage at rest.
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/sim/cli/powercut_process.h"
#include "tests/vfs/temp_dir.h"

namespace permafrost::sim {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

ProcessResult Sweep(const std::vector<std::string>& more) {
  std::vector<std::string> arguments{
      "sweep", "catalog/lifecycle", "--ops", "lake 1; freeze 0", "--images", "2", "--deaths", "0",
      "-q"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return RunPowercut(arguments);
}

ProcessResult Rot(const std::vector<std::string>& more) {
  std::vector<std::string> arguments{"rot", "catalog/lifecycle"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return RunPowercut(arguments);
}

TEST(FailuresCli, TheAxisTriesAPlanForEachWay) {
  const ProcessResult some =
      Sweep({"--faults", "each-call", "--fault-limit", "6", "--cuts-after", "1", "--json"});

  EXPECT_EQ(some.code, 0) << some.err;
  EXPECT_EQ(nlohmann::json::parse(some.out)["runs"], 7);  // the healthy one too
}

TEST(FailuresCli, AFailedSyncThatIsBelievedIsFoundWithItsPlan) {
  const TempDir scratch;
  const ProcessResult ran =
      Sweep({"--faults", "when sync label=freeze.sync.file nth=1 then fail:clean", "--mutate",
             "ignore-error freeze.sync.file", "--fault-limit", "1", "--cuts-after", "1",
             "--minimize-time", "0", "--out", scratch.Join("found"), "--json"});

  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("\"18-frozen-is-durable\""));
}

TEST(FailuresCli, WrongWordsAreNamed) {
  EXPECT_THAT(Sweep({"--faults", "each-call", "--sync-failures", "lost"}).err,
              HasSubstr("powercut: sync failure 'lost': expected 'every', or late, one of kept"));
  EXPECT_THAT(Sweep({"--faults", "when sync then explode"}).err,
              HasSubstr("word 4 is 'explode', expected an effect"));
  const ProcessResult rot =
      RunPowercut({"sweep", "rocksdb/basic", "--faults", "when append nth=1 then flip", "-q"});
  EXPECT_EQ(rot.code, 2);
  EXPECT_THAT(rot.err, HasSubstr("rocksdb/basic cannot tell damaged data from a bug; leave out "
                                 "flip, zero, misdirect, lose and stale"));
}

TEST(FailuresCli, APlanBeyondLibfiuIsRefused) {
  const ProcessResult ran = RunPowercut({"fiu", "when read nth=3 then eio"});

  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err,
            "powercut: fiu commands for 'when read nth=3 then eio': libfiu does not count calls up "
            "to 3; use a FaultyFileSystem or an InstalledPlan\n");
}

TEST(FailuresCli, DrawnLivesMeetRotAndStayClean) {
  const ProcessResult ran = RunPowercut({"run", "catalog/lifecycle", "--faults", "drawn", "--runs",
                                         "24", "--base-seed", "9", "-q", "--json"});

  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(nlohmann::json::parse(ran.out)["runs"], 24);
}

TEST(FailuresCli, DamageIsTriedAndCountedByKindOfFile) {
  const ProcessResult ran = Rot({"--every", "311", "--json", "-q"});

  EXPECT_EQ(ran.code, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_GT(json["total"]["named"], 100);
  EXPECT_TRUE(json["kinds"].contains("ledgers .pack"));
  EXPECT_TRUE(json["kinds"].contains("hot .sst"));
}

TEST(FailuresCli, OneDamageCanBeTriedAlone) {
  const ProcessResult ran = Rot({"--only", "flip catalog/rocksdb/CURRENT 3"});

  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(ContainsRegex("catalog CURRENT +1 +0 +1 +0 +0\n"),
                             HasSubstr("SUMMARY: powercut: clean catalog/lifecycle rot (0 "
                                       "violations, 1 files, ")));
}

TEST(FailuresCli, DamageThatCannotBeDoneIsRefused) {
  const ProcessResult text = Rot({"--only", "flip catalog"});
  EXPECT_EQ(text.code, 2);
  EXPECT_THAT(text.out, IsEmpty());
  EXPECT_EQ(text.err,
            "powercut: damage 'flip catalog': expected 'flip PATH BYTE', 'zero PATH SECTOR' or "
            "'misdirect PATH SECTOR'\n");
  EXPECT_THAT(Rot({"--files", "nothing/**"}).err,
              HasSubstr("rot: no file of catalog/lifecycle matches 'nothing/**'"));
  EXPECT_THAT(RunPowercut({"rot", "rocksdb/basic"}).err,
              HasSubstr("rot: rocksdb/basic offers no answers to compare"));
}

}  // namespace
}  // namespace permafrost::sim
