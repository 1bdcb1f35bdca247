// permafrost ingest of a lake of 30,000 ledgers, killed at random moments and started again: in the
// end the files of a run that nobody killed.
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/engine/ledger/made_lake.h"
#include "tests/engine/permafrost_process.h"
#include "vfs/base/prng.h"
#include "vfs/posix/system_clock.h"

namespace permafrost::engine {
namespace {

using Json = nlohmann::json;

class PermafrostLakeKills : public ::testing::TestWithParam<std::string> {
 protected:
  std::vector<std::string> Arguments(const std::string& data) const {
    return {"ingest", "--json", "--source",   "lake:" + MadeLake(GetParam()),
            "--data", data,     "--store-id", std::string(32, '7')};
  }
  void Finish(const std::string& data) const {
    const Ran ran = RunningBinary(scratch_, Arguments(data)).Wait();
    ASSERT_EQ(ran.code, 0) << ran.err;
    ASSERT_GE(Json::parse(ran.out)["last"], 30'001);
  }

  TempDir scratch_;
  const std::string data_ = scratch_.Join("data");
  const std::string whole_ = scratch_.Join("whole");
};

// As often as PERMAFROST_KILLS says, or twenty times.
TEST_P(PermafrostLakeKills, MakesTheSameFiles) {
  const char* const wish = std::getenv("PERMAFROST_KILLS");
  const int kills = wish == nullptr ? 20 : std::atoi(wish);
  vfs::SystemClock clock;
  const std::uint64_t begin = clock.MonotonicNanos();
  ASSERT_NO_FATAL_FAILURE(Finish(whole_));
  const std::uint64_t whole_run = clock.MonotonicNanos() - begin;
  vfs::Prng prng(static_cast<std::uint64_t>(kills));

  int killed = 0;
  for (int i = 0; i < kills; ++i) {
    RunningBinary running(scratch_, Arguments(data_));
    // A chunk is a third of the run; most kills fall into one.
    clock.SleepNanos(prng.Below(whole_run / 2));
    running.Signal(SIGKILL);
    const Ran ran = running.Wait();
    killed += ran.code == -SIGKILL ? 1 : 0;
    ASSERT_TRUE(ran.code == -SIGKILL || ran.code == 0) << ran.err;
    ASSERT_EQ(AlwaysViolated(scratch_, data_), "") << i;
  }

  EXPECT_GT(killed, kills / 4);
  ASSERT_NO_FATAL_FAILURE(Finish(data_));
  ExpectSameColdFiles(data_, whole_);
  const Ran audit = RunBinary(scratch_, "audit --deep --data " + data_);
  EXPECT_EQ(audit.code, 0) << audit.out << audit.err;
}

INSTANTIATE_TEST_SUITE_P(Lakes,
                         PermafrostLakeKills,
                         ::testing::Values("lake-30000", "lake-64"),
                         [](const auto& lake) {
                           return lake.param == "lake-64" ? "BatchesOf64" : "SingleLedgers";
                         });

}  // namespace
}  // namespace permafrost::engine
