// The powercut command when something goes against it on the way: a signal, a reader that leaves, a
// full disk.
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <set>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "tests/sim/cli/powercut_process.h"
#include "tests/vfs/temp_dir.h"

namespace permafrost::sim {
namespace {

using ::testing::AllOf;
using ::testing::AnyOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr char kPartial[] = "(interrupted: a partial result)";
constexpr int kPatienceMillis = 5000;  // far above what is asked for, on a machine with other work

// Signals the process once, when its `workers`-th child is at work, and measures what follows.
class InTheMiddle {
 public:
  InTheMiddle(int signal_number, std::size_t workers)
      : signal_number_(signal_number), workers_(workers) {}
  ~InTheMiddle() {
    for (const int handle : handles_) close(handle);
  }
  InTheMiddle(const InTheMiddle&) = delete;
  InTheMiddle& operator=(const InTheMiddle&) = delete;

  ProcessResult Run(const std::vector<std::string>& arguments) {
    const ProcessResult ran =
        RunPowercut(arguments, [this](int pid, const std::string&) { Watch(pid); });
    EXPECT_TRUE(was_sent_) << "it ended before it had so many workers";
    EXPECT_LT(std::chrono::steady_clock::now() - sent_, std::chrono::milliseconds(kPatienceMillis));
    for (const int handle : handles_) {
      // A handle can be read once its process is gone.
      pollfd ended{.fd = handle, .events = POLLIN, .revents = 0};
      EXPECT_EQ(poll(&ended, 1, kPatienceMillis), 1) << "a worker was left behind";
    }
    return ran;
  }

 private:
  void Watch(int pid) {
    if (was_sent_) return;
    for (const int child : ChildrenOf(pid)) {
      if (!seen_.insert(child).second) continue;
      const auto handle = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
      if (handle >= 0) handles_.push_back(handle);  // else it has ended already
    }
    if (seen_.size() < workers_) return;
    was_sent_ = true;
    sent_ = std::chrono::steady_clock::now();
    kill(pid, signal_number_);
  }

  const int signal_number_;
  const std::size_t workers_;
  bool was_sent_ = false;
  std::chrono::steady_clock::time_point sent_;
  std::set<int> seen_;
  std::vector<int> handles_;
};

class PowercutInterrupt : public ::testing::Test {
 protected:
  // A sweep of a quarter of a minute.
  std::vector<std::string> LongSweep() const {
    return {"sweep", "rocksdb/basic", "--deaths", "0", "--out", scratch_.Join("found")};
  }
  // One of a second, that finds violations.
  std::vector<std::string> StockSweep() const {
    return {"sweep", "rocksdb/basic",       "--short", "--images", "2", "--deaths", "0", "--stock",
            "--out", scratch_.Join("found")};
  }
  std::set<std::string> Found() const {
    std::set<std::string> names;
    DIR* const dir = opendir(scratch_.Join("found").c_str());
    if (dir == nullptr) return names;
    while (const dirent* const entry = readdir(dir)) names.insert(entry->d_name);
    closedir(dir);
    names.erase(".");
    names.erase("..");
    return names;
  }
  void ExpectPartialSweep(int signal_number) {
    std::vector<std::string> arguments = LongSweep();
    arguments.emplace_back("--json");
    // The first worker repeats the workload, the others recover images.
    const ProcessResult ran = InTheMiddle(signal_number, 3).Run(arguments);

    EXPECT_EQ(ran.signal, 0);
    ASSERT_THAT(LinesOf(ran.out), SizeIs(1));
    const auto json = nlohmann::json::parse(ran.out);
    EXPECT_EQ(json["interrupted"], true);
    EXPECT_GT(json["crash_points"], 0);
    EXPECT_EQ(ran.code, 128 + signal_number);
    EXPECT_THAT(ran.err, AllOf(HasSubstr(kPartial), HasSubstr("SUMMARY: powercut: interrupted ")));
  }

  TempDir scratch_;
};

TEST_F(PowercutInterrupt, CtrlCInASweepGivesAValidPartialResult) { ExpectPartialSweep(SIGINT); }

TEST_F(PowercutInterrupt, TerminationOfASweepGivesAValidPartialResult) {
  ExpectPartialSweep(SIGTERM);
}

TEST_F(PowercutInterrupt, CtrlCInAMinimizationWritesNothing) {
  std::vector<std::string> sweep = StockSweep();
  sweep.insert(sweep.end(), {"--minimize-time", "0"});
  RunPowercut(sweep);
  const std::set<std::string> found = Found();
  ASSERT_FALSE(found.empty());

  // The first worker replays the repro, the others try smaller ones.
  const ProcessResult ran = InTheMiddle(SIGINT, 4).Run(
      {"minimize", "-q", "--json", scratch_.Join("found/" + *found.begin())});

  EXPECT_EQ(ran.code, 130);
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_EQ(ran.err, "powercut: minimize: interrupted before it ended\n");
  EXPECT_EQ(Found(), found);
}

TEST_F(PowercutInterrupt, CtrlCAmongRandomLivesCountsThoseThatWereLived) {
  const ProcessResult ran =
      InTheMiddle(SIGINT, 2).Run({"run", "rocksdb/basic", "--runs", "100000", "--base-seed", "1",
                                  "--json", "--out", scratch_.Join("found")});

  EXPECT_EQ(ran.code, 130);
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json["interrupted"], true);
  EXPECT_THAT(json["runs"], AllOf(::testing::Ge(8), ::testing::Lt(64)));  // whole lives only
}

TEST_F(PowercutInterrupt, CtrlCInTheSyncAuditClaimsNothingAboutTheUnfinishedRow) {
  const ProcessResult ran = InTheMiddle(SIGINT, 3).Run({"syncs", "rocksdb/basic", "--json"});

  EXPECT_EQ(ran.code, 130);
  EXPECT_THAT(ran.err, HasSubstr(kPartial));
  for (const auto& row : nlohmann::json::parse(ran.out)) EXPECT_NE(row["verdict"], "not shown");
}

TEST_F(PowercutInterrupt, CtrlCInTheBenchPrintsTheFiguresSoFar) {
  const ProcessResult ran = InTheMiddle(SIGINT, 2).Run({"bench"});

  EXPECT_EQ(ran.code, 130);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("snapshot + image"), HasSubstr(kPartial)));
}

TEST_F(PowercutInterrupt, CtrlCInTheDeterminismCheckComparesWhatBothHave) {
  for (const int signal_number : {SIGINT, SIGTERM}) {
    const ProcessResult ran =
        InTheMiddle(signal_number, 2)
            .Run({"check-determinism", "rocksdb/basic", "--seeds", "5000", "--json"});

    EXPECT_EQ(ran.code, 128 + signal_number);
    const auto json = nlohmann::json::parse(ran.out);
    EXPECT_EQ(json["interrupted"], true);
    EXPECT_LT(json["seeds"], 5000);
    EXPECT_EQ(json["mismatches"], 0);
    EXPECT_THAT(ran.err, EndsWith(fmt::format("0 mismatches {}\n", kPartial)));
  }
}

TEST_F(PowercutInterrupt, CtrlCAmongKillsLeavesNothingOnTheRealDisk) {
  const std::string dir = scratch_.Join("disk");
  ASSERT_EQ(mkdir(dir.c_str(), 0700), 0);

  const ProcessResult ran =
      InTheMiddle(SIGINT, 2).Run({"kill", "catalog/lifecycle", "--dir", dir, "--base-seed", "1",
                                  "--json", "--out", scratch_.Join("found")});

  EXPECT_EQ(ran.code, 130);
  const auto json = nlohmann::json::parse(ran.out);
  EXPECT_EQ(json["interrupted"], true);
  EXPECT_EQ(json["lives"], 1);  // whole lives only
  EXPECT_EQ(rmdir(dir.c_str()), 0) << "something was left behind";
}

TEST_F(PowercutInterrupt, AKilledCommandLeavesNoWorkerBehind) {
  EXPECT_EQ(InTheMiddle(SIGKILL, 3).Run(LongSweep()).signal, SIGKILL);
  EXPECT_EQ(
      InTheMiddle(SIGKILL, 2).Run({"check-determinism", "rocksdb/basic", "--seeds", "5000"}).signal,
      SIGKILL);
}

// ---- Output that goes nowhere.

TEST_F(PowercutInterrupt, AReaderThatLeftIsNoError) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"list"},
           {"--help"},
           {"--version"},
           {"run", "rocksdb/basic", "--runs", "1", "--out", scratch_.Join("found")}}) {
    const ProcessResult ran = RunPowercutInto(PipeWithoutReader(), arguments);

    EXPECT_EQ(ran.code, 141) << arguments[0];
    EXPECT_THAT(ran.err, IsEmpty()) << arguments[0];
  }
}

TEST_F(PowercutInterrupt, AViolationIsKeptThoughNobodyReadsOfIt) {
  const ProcessResult ran = RunPowercutInto(PipeWithoutReader(), StockSweep());

  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, IsEmpty());
  EXPECT_FALSE(Found().empty());
}

TEST_F(PowercutInterrupt, AFullStandardOutputIsAnError) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"list"}, {"--help"}}) {
    const ProcessResult ran = RunPowercutInto(open("/dev/full", O_WRONLY | O_CLOEXEC), arguments);

    EXPECT_EQ(ran.code, 5) << arguments[0];
    EXPECT_THAT(ran.err, AllOf(StartsWith("powercut: write standard output: No space left on "
                                          "device (errno 28)"),
                               EndsWith("\n")));
    EXPECT_THAT(LinesOf(ran.err), SizeIs(1));
  }
}

TEST_F(PowercutInterrupt, AReproThatCannotBeWrittenIsReportedAndLeavesNoPart) {
  RunPowercut(StockSweep());
  const std::set<std::string> names = Found();
  ASSERT_FALSE(names.empty());
  const std::string blocked = scratch_.Join("found/" + *names.begin());
  ASSERT_EQ(unlink(blocked.c_str()), 0);
  ASSERT_EQ(mkdir(blocked.c_str(), 0700), 0);  // a file cannot take a directory's name

  const ProcessResult ran = RunPowercut(StockSweep());

  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err, fmt::format("powercut: write {}: Is a directory (errno 21)\n", blocked));
  EXPECT_THAT(ran.out, AllOf(HasSubstr(blocked + " (could not be written)"),
                             HasSubstr("SUMMARY: powercut: NOT CLEAN")));
  EXPECT_EQ(Found(), names);
}

}  // namespace
}  // namespace permafrost::sim
