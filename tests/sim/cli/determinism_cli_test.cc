// `powercut check-determinism`: what is not tied down is found, hashes of two builds are compared.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/sim/cli/powercut_process.h"
#include "tests/vfs/temp_dir.h"

namespace permafrost::sim {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class DeterminismCli : public ::testing::Test {
 protected:
  static ProcessResult Check(const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"check-determinism", "rocksdb/concurrent"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunPowercut(arguments);
  }

  TempDir scratch_;
};

TEST_F(DeterminismCli, AClockThatIsNotTiedDownIsFoundWithTheFirstLineThatDiffers) {
  const ProcessResult ran =
      RunPlantedPowercut({"check-determinism", "planted/real-clock", "--seeds", "2"});

  EXPECT_EQ(ran.code, 4) << ran.err;
  EXPECT_THAT(ran.out, AllOf(StartsWith("seed 1: trace "),
                             ContainsRegex("seed 1: the first line that differs is 2:\n"
                                           "  2 create at-[0-9]+ .*\n"
                                           "  2 create at-[0-9]+ .*\n"),
                             HasSubstr("SUMMARY: powercut: planted/real-clock 2 seeds twice, 2 "
                                       "mismatches\n")));
}

TEST_F(DeterminismCli, SeedsOfThreadsGiveAScheduleEach) {
  const ProcessResult ran = Check({"--seeds", "8", "--json", "-q"});

  EXPECT_EQ(ran.code, 0) << ran.err;
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json["mismatches"], 0);
  EXPECT_EQ(json["distinct_schedules"], 8);
}

TEST_F(DeterminismCli, HashesAreComparedWithThoseOfAFile) {
  const std::string file = scratch_.Join("hashes");
  ASSERT_EQ(Check({"--seeds", "3", "--hashes", file, "-q"}).code, 0);
  const std::string hashes = ReadText(file);
  ASSERT_EQ(LinesOf(hashes).size(), 4U);
  EXPECT_THAT(hashes, StartsWith("# rocksdb/concurrent --personality strict --mode "));

  const ProcessResult equal = Check({"--seeds", "3", "--compare", file});

  EXPECT_EQ(equal.code, 0) << equal.err;
  EXPECT_EQ(equal.out, fmt::format("SUMMARY: powercut: rocksdb/concurrent 3 seeds against {}, 0 "
                                   "mismatches, 3 schedules\n",
                                   file));
}

TEST_F(DeterminismCli, TheFirstSeedThatDiffersFromAFileIsNamed) {
  const std::string file = scratch_.Join("hashes");
  ASSERT_EQ(Check({"--seeds", "2", "--hashes", file, "-q"}).code, 0);
  std::string hashes = ReadText(file);
  hashes.replace(hashes.find("\n2 ") + 3, 4, "beef");
  scratch_.Write("hashes", hashes);

  const ProcessResult ran = Check({"--seeds", "2", "--compare", file});

  EXPECT_EQ(ran.code, 4) << ran.err;
  EXPECT_THAT(ran.out, AllOf(StartsWith("seed 2: trace "),
                             HasSubstr("seed 2: for the first line that differs compare what both "
                                       "builds print: powercut trace-hashes rocksdb/concurrent "
                                       "--personality strict --base-seed 2 --seeds 1 --lines\n"),
                             HasSubstr(", 1 mismatches, 2 schedules\n")));
}

TEST_F(DeterminismCli, AFileThatIsNotAboutTheseRunsIsRefused) {
  const std::string file = scratch_.Write("hashes", "# rocksdb/basic --mode fiber\n1 a -\n");
  EXPECT_THAT(Check({"--seeds", "1", "--mode", "futex", "--compare", file}).err,
              fmt::format("powercut: --compare {}: it is about 'rocksdb/basic --mode fiber', and "
                          "this is 'rocksdb/concurrent --personality strict --mode futex'\n",
                          file));
  scratch_.Write("hashes", "# x\n1 a\n");
  EXPECT_THAT(Check({"--seeds", "1", "--compare", file}).err,
              fmt::format("powercut: parse {} line 2: found '1 a', expected 'SEED TRACE "
                          "SCHEDULE'\n",
                          file));
  const ProcessResult nowhere = Check({"--seeds", "1", "--compare", scratch_.Join("nowhere")});
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_THAT(nowhere.err, StartsWith("powercut: --compare: open hashes "));
  const ProcessResult no_place = Check({"--seeds", "1", "--hashes", scratch_.Join("a/b")});
  EXPECT_EQ(no_place.code, 2);
  EXPECT_THAT(no_place.err, StartsWith("powercut: --hashes: "));
}

TEST_F(DeterminismCli, LinesShowEveryDiskCallWithItsThread) {
  const ProcessResult ran =
      RunPowercut({"trace-hashes", "rocksdb/concurrent", "--seeds", "1", "--lines"});

  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_GT(LinesOf(ran.out).size(), 100U);
  EXPECT_THAT(ran.out, ContainsRegex("[0-9]+ thread [1-9]+ append data/db/.*offset=.* "
                                     "schedule=[0-9a-f]{16}\n"));
}

}  // namespace
}  // namespace permafrost::sim
