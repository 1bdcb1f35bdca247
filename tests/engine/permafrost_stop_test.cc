// permafrost ingest stopped by signals and killed at random: the next start goes on, and what is
// made in the end is what an undisturbed run makes.
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/engine/permafrost_process.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/prng.h"
#include "vfs/posix/system_clock.h"

namespace permafrost::engine {
namespace {

using Json = nlohmann::json;

class PermafrostStop : public ::testing::Test {
 protected:
  std::vector<std::string> Arguments(const std::string& data, std::uint32_t ledgers) const {
    return {"ingest",
            "--json",
            "--data",
            data,
            "--source",
            "synthetic:7," + std::to_string(ledgers),
            "--ledgers-per-chunk",
            "8",
            "--chunks-per-window",
            "3",
            "--chunks-per-bucket",
            "2",
            "--store-id",
            std::string(32, '7')};
  }
  void Finish(const std::string& data, std::uint32_t ledgers) const {
    const Ran ran = RunningBinary(scratch_, Arguments(data, ledgers)).Wait();
    ASSERT_EQ(ran.code, 0) << ran.err;
    ASSERT_EQ(Json::parse(ran.out)["last"], ledgers + 1);
  }

  TempDir scratch_;
  const std::string data_ = scratch_.Join("data");
  const std::string whole_ = scratch_.Join("whole");
};

TEST_F(PermafrostStop, ASignalEndsItCleanlyAndTheNextStartGoesOn) {
  constexpr std::uint32_t kEndless = 1'000'000;
  std::uint32_t last = 1;
  for (const int signal : {SIGINT, SIGTERM}) {
    RunningBinary running(scratch_, Arguments(data_, kEndless));
    vfs::SystemClock().SleepNanos(700'000'000);
    running.Signal(signal);

    const Ran ran = running.Wait();

    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_EQ(ran.err, "");
    const Json report = Json::parse(ran.out);
    EXPECT_EQ(report["stopped"], true);
    if (!report["last"].is_null()) {
      EXPECT_GE(report["last"], last);
      last = report["last"];
    }
  }
  ASSERT_NO_FATAL_FAILURE(Finish(data_, last + 20));
  ASSERT_NO_FATAL_FAILURE(Finish(whole_, last + 20));
  ExpectSameColdFiles(data_, whole_);
}

// As often as PERMAFROST_KILLS says, or five times.
TEST_F(PermafrostStop, KilledAtRandomItMakesTheSameFiles) {
  constexpr std::uint32_t kLedgers = 400;
  const char* const wish = std::getenv("PERMAFROST_KILLS");
  const int kills = wish == nullptr ? 5 : std::atoi(wish);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_NO_FATAL_FAILURE(Finish(whole_, kLedgers));
  const auto whole_run = std::chrono::steady_clock::now() - begin;
  vfs::Prng prng(static_cast<std::uint64_t>(kills));
  const auto longest = std::chrono::duration_cast<std::chrono::microseconds>(whole_run);

  int killed = 0;
  for (int i = 0; i < kills; ++i) {
    RunningBinary running(scratch_, Arguments(data_, kLedgers));
    // Several kills on the way through, whatever a run takes.
    const auto wait = prng.Below(static_cast<std::uint64_t>(longest.count()) / 5 + 1);
    vfs::SystemClock().SleepNanos(wait * 1'000);
    running.Signal(SIGKILL);
    const Ran ran = running.Wait();
    if (ran.code == -SIGKILL) {
      ++killed;
    } else {
      EXPECT_EQ(ran.code, 0) << ran.err;
    }
  }

  EXPECT_GT(killed, kills / 2);
  ASSERT_NO_FATAL_FAILURE(Finish(data_, kLedgers));
  ExpectSameColdFiles(data_, whole_);
  const Ran audit = RunBinary(scratch_, "audit --data " + data_);
  EXPECT_EQ(audit.code, 0) << audit.out << audit.err;
}

}  // namespace
}  // namespace permafrost::engine
