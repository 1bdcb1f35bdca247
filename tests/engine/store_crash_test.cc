// A script of every protocol, cut before each call that changes the disk and failed at each call once: always converges.
#include <array>
#include <functional>
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

// Everything once: first start, two buckets out of order, a growing and a finished window, hot create and discard, prune.
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

TEST(StoreCrash, EveryCutOfTheScriptConverges) {
  StoreWorld world;
  SnapshotEachCall snapshots(&world.disk());
  vfs::RecordingFileSystem recording(&world.disk(), &snapshots);
  TestSource source;
  ASSERT_OK(RunScript(world.Env(&recording), source));
  ASSERT_GT(snapshots.points.size(), 200U);
  std::uint64_t images = 0;

  for (std::size_t point = 0; point < snapshots.points.size(); ++point) {
    const sim::CrashImages cut(snapshots.points[point].state, sim::Personality{},
                               {.images_max = 4, .random_images = 2, .seed = point});
    cut.ForEach([&](const sim::CrashImage& image) {
      ++images;
      StoreWorld after(image.state);
      EXPECT_EQ(Recover(after, source), "")
          << "cut " << point << " before " << snapshots.points[point].where << ", image "
          << image.choice;
      return !::testing::Test::HasFailure();
    });
    if (::testing::Test::HasFailure()) return;
  }

  RecordProperty("images", std::to_string(images));
}

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
