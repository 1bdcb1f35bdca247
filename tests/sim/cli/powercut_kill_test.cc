// `powercut kill`: clean lives, what is planted and found, and what is refused.
#include <sys/stat.h>
#include <unistd.h>

#include <iterator>
#include <sstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/sim/cli/powercut_process.h"
#include "tests/vfs/temp_dir.h"

namespace permafrost::sim {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::Ge;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class PowercutKill : public ::testing::Test {
 protected:
  PowercutKill() { EXPECT_EQ(mkdir(dir_.c_str(), 0700), 0); }

  std::vector<std::string> Arguments(std::string scenario, std::vector<std::string> more) const {
    std::vector<std::string> arguments{"kill",  std::move(scenario),   "--dir", dir_,
                                       "--out", scratch_.Join("found")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  ProcessResult Planted(std::string scenario, std::vector<std::string> more) const {
    return RunPlantedPowercut(Arguments(std::move(scenario), std::move(more)));
  }
  // Whether nothing was left behind on the real disk.
  bool IsEmptyDir() const { return rmdir(dir_.c_str()) == 0; }

  TempDir scratch_;
  const std::string dir_ = scratch_.Join("disk");
};

TEST_F(PowercutKill, EachKillIsCheckedThereAndInTheSimulator) {
  const ProcessResult ran =
      RunPowercut(Arguments("catalog/lifecycle", {"--kills", "10", "--seed", "1", "--json"}));

  EXPECT_EQ(ran.code, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json["kills"], 10);
  EXPECT_EQ(json["violations"], 0);
  EXPECT_THAT(json["restarts_checked"], Ge(10));
  EXPECT_THAT(json["simulated_deaths"], Ge(10));
  EXPECT_THAT(json["simulated_power_cuts"], Ge(60));
  EXPECT_THAT(json["kills_of_a_restarted_process"], Gt(0));
  EXPECT_THAT(json["calls_equal"], Gt(1000));
  EXPECT_TRUE(IsEmptyDir());
}

TEST_F(PowercutKill, WhatWasIngestedEqualsTheModelAfterEachKill) {
  const ProcessResult ran =
      RunPowercut(Arguments("journal/ingest", {"--kills", "10", "--seed", "1", "--json"}));

  EXPECT_EQ(ran.code, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json["kills"], 10);
  EXPECT_EQ(json["violations"], 0);
  EXPECT_THAT(json["restarts_checked"], Ge(10));
  EXPECT_THAT(json["kills_inside_a_call"], Gt(0));
  EXPECT_TRUE(IsEmptyDir());
}

TEST_F(PowercutKill, AnAcknowledgementBeforeTheWriteIsFoundAndShownAgain) {
  const ProcessResult ran =
      Planted("planted/too-early", {"--kills", "100", "--seed", "7", "--stop-after", "1"});

  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("FAIL 26-acknowledged-is-present scenario=planted/too-early"),
                    ContainsRegex("  files: served [0-9]+ files, promised [0-9]+ files"),
                    ContainsRegex("SUMMARY: powercut: NOT CLEAN planted/too-early")));
  EXPECT_FALSE(IsEmptyDir()) << "what the kill left was to be kept";
  const std::string left = ran.out.substr(ran.out.find("left by the kill: ") + 18);
  struct stat info = {};
  EXPECT_EQ(stat(left.substr(0, left.find('\n')).c_str(), &info), 0);

  const std::string again = ran.out.substr(ran.out.find("powercut kill planted/too-early ") + 32);
  std::istringstream words(again.substr(0, again.find('\n')));
  const ProcessResult shown =
      Planted("planted/too-early",
              {std::istream_iterator<std::string>(words), std::istream_iterator<std::string>()});
  EXPECT_EQ(shown.code, 1) << again;
}

TEST_F(PowercutKill, WhatARestartWouldTidyUpIsFoundAtRest) {
  const ProcessResult ran =
      Planted("planted/no-key", {"--kills", "100", "--seed", "1", "--stop-after", "1"});

  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_THAT(ran.out, ContainsRegex("FAIL 10-every-file-has-a-key .*\n"
                                     "  [abc]\n"
                                     "  left by the kill: "));
}

TEST_F(PowercutKill, ACallThatTheSimulatorDoesNotMakeIsNamed) {
  const ProcessResult ran =
      Planted("planted/real-clock", {"--kills", "10", "--seed", "1", "--stop-after", "1"});

  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_THAT(ran.out, ContainsRegex("FAIL real-disk-same-calls .*\n"
                                     "  call 2: real '2 create at-[0-9]+ .*', simulated '2 create "
                                     "at-[0-9]+ .*'\n"));
}

TEST_F(PowercutKill, ADroppedSyncIsFoundByThePowerCutsBehindTheKill) {
  const ProcessResult ran = RunPowercut(
      Arguments("rocksdb/basic", {"--kills", "40", "--seed", "1", "--stop-after", "1",
                                  "--minimize-time", "0", "--mutate", "drop client.write"}));

  EXPECT_EQ(ran.code, 1) << ran.err;
  const std::string repro = ran.out.substr(ran.out.find("powercut replay ") + 16);
  const ProcessResult replayed = RunPowercut({"replay", repro.substr(0, repro.find('\n'))});
  EXPECT_EQ(replayed.code, 1) << replayed.out;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("FAIL 26-acknowledged-is-present"),
                             HasSubstr("Reproduce:   powercut replay "),
                             Not(HasSubstr("left by the kill"))));
  EXPECT_TRUE(IsEmptyDir());  // kill -9 alone shows nothing of it
}

TEST_F(PowercutKill, WhatCannotBeDoneIsRefused) {
  const std::string file = scratch_.Write("file", "x");
  const auto refusal_of = [&](const std::string& dir) {
    const ProcessResult ran = RunPowercut({"kill", "rocksdb/basic", "--dir", dir});
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.out, IsEmpty());
    return ran.err;
  };
  EXPECT_EQ(refusal_of(file),
            fmt::format("powercut: --dir '{}': it is not a directory; name a directory that can be "
                        "written\n",
                        file));
  EXPECT_EQ(refusal_of(file + "x"),
            fmt::format("powercut: --dir '{}x': No such file or directory; name a directory that "
                        "can be written\n",
                        file));
  EXPECT_EQ(refusal_of("/proc"),
            "powercut: --dir '/proc': cannot make anything in it: No such file or directory; name "
            "a directory that can be written\n");

  const ProcessResult ran = RunPowercut(Arguments("rocksdb/concurrent", {}));
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err,
            "powercut: kill rocksdb/concurrent: the calls of threads come in another order on a "
            "real disk; name a scenario without threads\n");
  EXPECT_TRUE(IsEmptyDir());
}

}  // namespace
}  // namespace permafrost::sim
