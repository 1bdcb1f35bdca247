// A script of every protocol, cut before each call that changes the disk and failed at each call
// once: always converges.
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>

#include "engine/store/store.h"
#include "faults/faulty_file_system.h"
#include "sim/disk/crash_images.h"
#include "tests/engine/store_world.h"
#include "tests/status_matchers.h"
#include "vfs/base/step.h"
#include "vfs/recording_file_system.h"

namespace permafrost::engine {
namespace {

using testing::Disagreement;
using testing::StoreWorld;
using testing::TestSource;

// Everything once: first start, two buckets out of order, a growing and a finished window, hot
// create and discard, prune.
absl::Status RunScript(const vfs::Env& env, TestSource& source) {
  VFS_ASSIGN_OR_RETURN(auto store, Store::Open(env, StoreWorld::SmallOptions()));
  VFS_RETURN_IF_ERROR(store->CreateHot(ChunkId{0}));
  source.complete = {ChunkId{3}};
  VFS_RETURN_IF_ERROR(store->FreezeChunk(ChunkId{3}, kAllArtifactKinds, source));
  source.complete.insert({ChunkId{0}, ChunkId{1}});
  VFS_RETURN_IF_ERROR(store->RunLifecycle(source).status());
  source.complete.insert(ChunkId{2});
  VFS_RETURN_IF_ERROR(store->RunLifecycle(source).status());
  store->SetRetention(1);
  VFS_RETURN_IF_ERROR(store->RunLifecycle(source).status());
  return store->Close();
}

// One start, checks, the first run, checks again; nothing left to do after it.
std::string Recover(StoreWorld& world, const TestSource& complete) {
  TestSource source;
  source.complete = complete.complete;
  auto store = world.Open();
  if (!store.ok()) return "open: " + store.status().ToString();
  if (std::string wrong = Disagreement(**store, world.disk()); !wrong.empty()) {
    return "at start: " + wrong;
  }
  const auto report = (*store)->RunLifecycle(source);
  if (!report.ok()) return "lifecycle: " + report.status().ToString();
  if (std::string wrong = Disagreement(**store, world.disk()); !wrong.empty()) {
    return "settled: " + wrong;
  }
  const auto plan = (*store)->PlanNow(source);
  if (!plan.ok() || !plan->empty()) return "not settled";
  const absl::Status closed = (*store)->Close();
  return closed.ok() ? "" : "close: " + closed.ToString();
}

// Keeps the disk as it was before each call that changes something.
class SnapshotEachCall final : public vfs::CallObserver {
 public:
  explicit SnapshotEachCall(const sim::SimFileSystem* disk) : disk_(disk) {}
  void OnBegin(const vfs::Call& call) override {
    if (vfs::IsMutating(call.kind)) {
      points.push_back({disk_->state(), vfs::Step::Path() + " " + std::string(call.path)});
    }
  }
  void OnEnd(const vfs::Call&, const absl::Status&) override {}

  struct Point {
    sim::DiskState state;
    std::string where;
  };
  std::vector<Point> points;

 private:
  const sim::SimFileSystem* const disk_;
};

struct Explored {
  std::uint64_t points = 0;
  std::uint64_t images = 0;
  std::string violation;  // the first one, with where the cut fell
};

// Runs the script with what the plan says going wrong, cuts before each mutating call and recovers
// on a sound disk.
Explored Explore(const faults::FaultPlan& plan, const sim::ImageBudget& budget) {
  StoreWorld world;
  faults::FaultyFileSystem faulty(&world.disk(), plan);
  SnapshotEachCall snapshots(&world.disk());
  vfs::RecordingFileSystem recording(&faulty, &snapshots);
  TestSource source;
  Explored explored;
  const absl::Status ran = RunScript(world.Env(&recording), source);
  if (!ran.ok()) explored.violation = "the script itself: " + ran.ToString();
  for (const SnapshotEachCall::Point& point : snapshots.points) {
    if (!explored.violation.empty()) break;
    sim::ImageBudget here = budget;
    here.seed = explored.points++;
    const sim::CrashImages cut(point.state, sim::Personality{}, here);
    cut.ForEach([&](const sim::CrashImage& image) {
      ++explored.images;
      StoreWorld after(image.state);
      const std::string wrong = Recover(after, source);
      if (wrong.empty()) return true;
      explored.violation = "cut before " + point.where + ", image " + image.choice + ": " + wrong;
      return false;
    });
  }
  return explored;
}

TEST(StoreCrash, EveryCutOfTheScriptConverges) {
  const Explored explored = Explore({}, {.images_max = 4, .random_images = 2});

  EXPECT_EQ(explored.violation, "");
  EXPECT_GT(explored.points, 200U);
  EXPECT_GT(explored.images, explored.points);
}

// The harness above is worth its silence only if it speaks when a barrier is left out.
class StoreCrashMutant : public ::testing::TestWithParam<const char*> {};

TEST_P(StoreCrashMutant, AMissingBarrierIsFound) {
  const auto plan = faults::ParseMutation(GetParam());
  ASSERT_OK(plan);

  // Losing all of the roots or nothing looks like a first start: only a part of them tells.
  const std::uint64_t images = std::string_view(GetParam()) == "drop roots.sync" ? 12 : 2;
  const Explored explored = Explore(*plan, {.images_max = images, .random_images = 0});

  EXPECT_NE(explored.violation, "") << explored.images << " images";
}

INSTANTIATE_TEST_SUITE_P(Barriers,
                         StoreCrashMutant,
                         ::testing::Values("drop freeze.sync.file",
                                           "drop freeze.sync.parent",
                                           "drop freeze.sync.grandparent",
                                           "drop freeze.mark",
                                           "drop index.sync.file",
                                           "drop index.sync.parent",
                                           "drop index.sync.grandparent",
                                           "drop delete.sync.parent",
                                           "drop hot.sync.parent",
                                           "drop roots.sync"));

TEST(StoreCrash, EveryCallFailedOnceThenCutConverges) {
  std::uint64_t injected = 0;
  TestSource all;
  all.complete = {ChunkId{0}, ChunkId{1}, ChunkId{2}, ChunkId{3}};
  for (std::uint64_t nth = 1;; ++nth) {
    StoreWorld world;
    faults::FaultyFileSystem faulty(&world.disk(), faults::FailCall(nth));
    TestSource source;
    const absl::Status first = RunScript(world.Env(&faulty), source);
    if (faulty.Injected().empty()) {
      EXPECT_OK(first);
      break;
    }
    ++injected;
    const std::string where = vfs::ToString(faulty.Injected().front().kind).data() +
                              (" " + faulty.Injected().front().path) + " under " +
                              faulty.Injected().front().labels;

    world.disk().KillProcess();
    ASSERT_EQ(Recover(world, all), "") << "call " << nth << ": " << where;
    for (const auto kind : {sim::Personality::Kind::kNone, sim::Personality::Kind::kAll}) {
      const sim::CrashImages cut(world.disk().state(), {.kind = kind}, {.images_max = 1});
      cut.ForEach([&](const sim::CrashImage& image) {
        StoreWorld after(image.state);
        EXPECT_EQ(Recover(after, all), "") << "cut after call " << nth << ": " << where;
        return true;
      });
    }
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(injected, 300U);
}

}  // namespace
}  // namespace permafrost::engine
