// permafrost ingest stopped by signals and killed at random: the next start goes on, and what is
// made in the end is what an undisturbed run makes.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
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
    return {BinaryPath(),
            "ingest",
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
  // The process, writing to these files.
  pid_t Start(const std::string& data, std::uint32_t ledgers) const {
    std::vector<std::string> arguments = Arguments(data, ledgers);
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const std::string out = scratch_.Join("out");
    const std::string err = scratch_.Join("err");
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
    ::dup2(::open(out.c_str(), kFlags, 0600), STDOUT_FILENO);
    ::dup2(::open(err.c_str(), kFlags, 0600), STDERR_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  Ran Wait(pid_t pid) const {
    int status = 0;
    EXPECT_EQ(::waitpid(pid, &status, 0), pid);
    return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
            .out = ReadText(scratch_.Join("out")),
            .err = ReadText(scratch_.Join("err"))};
  }
  void Finish(const std::string& data, std::uint32_t ledgers) const {
    const Ran ran = Wait(Start(data, ledgers));
    ASSERT_EQ(ran.code, 0) << ran.err;
    ASSERT_EQ(Json::parse(ran.out)["last"], ledgers + 1);
  }
  // Cold files by their path below the data directory.
  static std::map<std::string, std::string> ColdFiles(const std::string& data) {
    std::map<std::string, std::string> files;
    for (const char* const root : {"ledgers", "events", "txhash"}) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(data + "/" + root)) {
        if (entry.is_regular_file() && entry.path().filename() != "permafrost.lock")
          files[entry.path().string().substr(data.size())] = ReadText(entry.path());
      }
    }
    return files;
  }
  // Not the files themselves: they would be printed.
  static void ExpectSameFiles(const std::string& data, const std::string& whole) {
    const auto found = ColdFiles(data);
    const auto wanted = ColdFiles(whole);
    EXPECT_GT(wanted.size(), 10U);
    EXPECT_EQ(found.size(), wanted.size());
    for (const auto& [path, bytes] : wanted) {
      const auto other = found.find(path);
      EXPECT_TRUE(other != found.end() && other->second == bytes) << path;
    }
  }

  TempDir scratch_;
  const std::string data_ = scratch_.Join("data");
  const std::string whole_ = scratch_.Join("whole");
};

TEST_F(PermafrostStop, ASignalEndsItCleanlyAndTheNextStartGoesOn) {
  constexpr std::uint32_t kEndless = 1'000'000;
  std::uint32_t last = 1;
  for (const int signal : {SIGINT, SIGTERM}) {
    const pid_t pid = Start(data_, kEndless);
    vfs::SystemClock().SleepNanos(700'000'000);
    ASSERT_EQ(::kill(pid, signal), 0);

    const Ran ran = Wait(pid);

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
  ExpectSameFiles(data_, whole_);
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
    const pid_t pid = Start(data_, kLedgers);
    // Several kills on the way through, whatever a run takes.
    const auto wait = prng.Below(static_cast<std::uint64_t>(longest.count()) / 5 + 1);
    vfs::SystemClock().SleepNanos(wait * 1'000);
    ::kill(pid, SIGKILL);
    const Ran ran = Wait(pid);
    if (ran.code == -SIGKILL) {
      ++killed;
    } else {
      EXPECT_EQ(ran.code, 0) << ran.err;
    }
  }

  EXPECT_GT(killed, kills / 2);
  ASSERT_NO_FATAL_FAILURE(Finish(data_, kLedgers));
  ExpectSameFiles(data_, whole_);
  const Ran audit = RunBinary(scratch_, "audit --data " + data_);
  EXPECT_EQ(audit.code, 0) << audit.out << audit.err;
}

}  // namespace
}  // namespace permafrost::engine
