// What of a plan goes to libfiu, what is refused, and that nothing is left behind.
#include "faults/fiu_bridge.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "tests/status_matchers.h"
#include "tests/vfs/posix_world.h"
#include "vfs/base/fault_point.h"
#include "vfs/base/status.h"
#include "vfs/base/step.h"

namespace permafrost::faults {
namespace {

using ::testing::ElementsAre;
using ::testing::Eq;

constexpr auto kInvalid = absl::StatusCode::kInvalidArgument;

absl::StatusOr<std::unique_ptr<InstalledPlan>> Install(std::string_view rules) {
  auto plan = ParsePlan(rules);
  EXPECT_OK(plan);
  return InstalledPlan::Install(*std::move(plan));
}

absl::StatusOr<std::vector<std::string>> Commands(std::string_view rules) {
  const auto plan = ParsePlan(rules);
  EXPECT_OK(plan);
  return FiuCommands(*plan);
}

TEST(InstalledPlan, FailsTheCallsThatItsRulesMatchAndRecordsThem) {
  PosixWorld world;
  ASSERT_OK(world.fs().MakeDir("wal"));
  ASSERT_OK_AND_ASSIGN(const auto plan,
                       Install("when create path=wal/* label=test.step nth=2 then enospc"));
  const vfs::Step step("test.step");

  ASSERT_OK(world.fs().Create("outside"));
  ASSERT_OK(world.fs().Create("wal/1"));
  EXPECT_ERROR(world.fs().Create("wal/2").status(), absl::StatusCode::kResourceExhausted,
               Eq("create wal/2: No space left on device (errno 28); free space on this volume, "
                  "then restart"));
  EXPECT_OK(world.fs().Create("wal/2"));

  EXPECT_THAT(plan->injector().Injected(),
              ElementsAre(Injection{0, vfs::CallKind::kCreate, "wal/2", "test.step"}));
}

TEST(InstalledPlan, CountsTheCallsOfAllThreads) {
  constexpr int kThreads = 4;
  constexpr int kCalls = 200;
  PosixWorld world;
  ASSERT_OK_AND_ASSIGN(const auto plan, Install("when stat nth=500 then eio"));
  std::atomic<int> failures{0};

  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int call = 0; call < kCalls; ++call) failures += world.fs().Stat("").ok() ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(failures, 1);
  EXPECT_EQ(plan->injector().FallibleCalls(), static_cast<std::uint64_t>(kThreads * kCalls));
}

TEST(InstalledPlan, IsTheOnlyOneOfItsProcess) {
  ASSERT_OK_AND_ASSIGN(const auto first, Install("when read then eio"));

  EXPECT_ERROR(Install("when write then eio").status(), absl::StatusCode::kFailedPrecondition,
               Eq("install fault plan 'when write then eio': this process is under the plan 'when "
                  "read then eio'; destroy that one first"));
}

TEST(InstalledPlan, LeavesNothingBehind) {
  PosixWorld world;
  ASSERT_OK(Install("when any then eio"));

  EXPECT_FALSE(vfs::FaultPointsAreArmed());
  vfs::ArmFaultPoints();
  EXPECT_OK(world.fs().Create("a"));
  vfs::DisarmFaultPoints();
  EXPECT_OK(Install("when any then eio"));
}

TEST(InstalledPlan, RefusesWhatIsNoErrorBeforeTheCall) {
  for (const char* rule :
       {"when append then short", "when sync then drop", "when sync then unsynced",
        "when rename then eio after", "when unlink then ignore-error",
        "when sync then fail:read-only", "when append then fail", "when write then lose",
        "when any then stall:1s"}) {
    EXPECT_ERROR(Install(rule).status(), kInvalid,
                 Eq("install fault plan '" + std::string(rule) +
                    "': a fault point makes a call fail before it begins, and does nothing else; "
                    "use a FaultyFileSystem"));
  }
  EXPECT_FALSE(vfs::FaultPointsAreArmed());
}

TEST(FiuCommands, NameEachPointWithItsErrno) {
  EXPECT_THAT(*Commands("when sync_file then fail once; when append nth=1 then enospc"),
              ElementsAre("enable name=vfs/sync,failinfo=5,onetime",
                          "enable name=vfs/append,failinfo=28,onetime"));
  EXPECT_THAT(*Commands("when sync then eio"),
              ElementsAre("enable name=vfs/sync,failinfo=5", "enable name=vfs/sync_data,failinfo=5",
                          "enable name=vfs/sync_dir,failinfo=5"));
  EXPECT_THAT(*Commands("when open nth=1 then emfile sticky"),
              ElementsAre("enable name=vfs/open,failinfo=24"));
}

TEST(FiuCommands, RefuseWhatLibfiuCannotSay) {
  for (const auto& [rule, reason] : std::initializer_list<std::pair<std::string, std::string>>{
           {"when read path=wal/* then eio", "libfiu does not know paths"},
           {"when read label=a.b then eio", "libfiu does not know step labels"},
           {"when append budget=9 then enospc", "libfiu does not count bytes"},
           {"when read range=1-9 then eio", "libfiu does not know ranges of bytes"},
           {"when read nth=3 then eio", "libfiu does not count calls up to 3"},
           {"when sync then eio once", "libfiu counts each of the 3 points by itself"},
       }) {
    EXPECT_ERROR(Commands(rule).status(), kInvalid,
                 Eq("fiu commands for '" + rule + "': " + reason +
                    "; use a FaultyFileSystem or an InstalledPlan"));
  }
  EXPECT_ERROR(Commands("when append then short").status(), kInvalid,
               Eq("fiu commands for 'when append then short': a fault point makes a call fail "
                  "before it begins, and does nothing else; use a FaultyFileSystem"));
}

TEST(FiuCommands, RefuseASecondRuleForAPoint) {
  EXPECT_ERROR(Commands("when sync_dir then eio once; when sync then enospc").status(), kInvalid,
               Eq("fiu commands for 'when sync then enospc': an earlier rule names vfs/sync_dir, "
                  "and libfiu keeps one; leave one out"));
}

}  // namespace
}  // namespace permafrost::faults
