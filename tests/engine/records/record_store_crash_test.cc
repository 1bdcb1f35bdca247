// Records applied in batches, cut before each call that changes the disk and failed at each call
// once: every record is applied exactly once.
#include <algorithm>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "engine/records/record_store.h"
#include "faults/faulty_file_system.h"
#include "sim/disk/crash_images.h"
#include "tests/engine/records/record_makers.h"
#include "tests/engine/store_world.h"
#include "tests/status_matchers.h"
#include "vfs/base/step.h"
#include "vfs/recording_file_system.h"

namespace permafrost::engine {
namespace {

using testing::AnyRecords;
using testing::MemorySink;
using testing::OpenRecords;
using testing::RowsAfter;
using testing::RowsOf;
using testing::StoreWorld;

constexpr std::uint64_t kRecords = 40;

// What somebody was told, kept where no crash reaches.
struct Told {
  MemorySink sink;
  std::uint64_t cursor = 1;     // acknowledged
  std::uint64_t in_flight = 1;  // what the batch at work would make of it
};

// Batches of one to nine records, each given with two that are applied already; a clean and an
// unclean end in between.
absl::Status RunScript(const vfs::Env& env, const std::vector<JournalRecord>& records, Told& told) {
  std::uint64_t batch_records = 1;
  for (int life = 0; life < 3; ++life) {
    VFS_ASSIGN_OR_RETURN(auto store, OpenRecords(env, &told.sink));
    for (int batch = 0; batch < 3 && told.cursor <= records.size(); ++batch) {
      const std::uint64_t end = std::min<std::uint64_t>(told.cursor - 1 + batch_records,
                                                        life < 2 ? kRecords * 3 / 4 : kRecords);
      const std::uint64_t begin = told.cursor < 3 ? 0 : told.cursor - 3;
      told.in_flight = end + 1;
      VFS_RETURN_IF_ERROR(
          store->Apply(std::span(records).subspan(begin, end - begin), told.in_flight));
      told.cursor = told.in_flight;
      batch_records += 1;
    }
    if (life != 1) VFS_RETURN_IF_ERROR(store->Close());
  }
  return absl::OkStatus();
}

// Opens what is left: the cursor is the acknowledged one or that of the batch at work, the rows are
// those of the records below it and no others, the sink holds their ledgers; then everything is
// given again from LSN 1.
std::string Recover(StoreWorld& world,
                    const std::vector<JournalRecord>& records,
                    const Told& told) {
  auto store = OpenRecords(world.Env());
  if (!store.ok()) return "open: " + vfs::Message(store.status());
  const std::uint64_t cursor = (*store)->cursor();
  if (cursor != told.cursor && cursor != told.in_flight) {
    return fmt::format("cursor {}, acknowledged {}, in flight {}", cursor, told.cursor,
                       told.in_flight);
  }
  const auto applied = std::span(records).first(cursor - 1);
  if (const auto rows = RowsOf(**store); !rows.ok() || *rows != RowsAfter(applied)) {
    return fmt::format("rows are not those of the {} records below the cursor", applied.size());
  }
  for (const JournalRecord& record : applied) {
    const bool is_ledger = record.type == static_cast<std::uint8_t>(RecordType::kLedger);
    if (is_ledger && !told.sink.lsns.contains(record.lsn)) {
      return fmt::format("the cursor passed ledger {}, which the sink never got", record.lsn);
    }
  }
  if (const auto again = (*store)->Apply(records, records.size() + 1); !again.ok()) {
    return "replay: " + vfs::Message(again);
  }
  const auto rows = RowsOf(**store);
  return rows.ok() && *rows == RowsAfter(records) ? "" : "rows after the replay";
}

class SnapshotEachCall final : public vfs::CallObserver {
 public:
  SnapshotEachCall(const sim::SimFileSystem* disk, const Told* told) : disk_(disk), told_(told) {}
  void OnBegin(const vfs::Call& call) override {
    if (!vfs::IsMutating(call.kind)) return;
    points.push_back({disk_->state(), told_->cursor, told_->in_flight, told_->sink.lsns,
                      vfs::Step::Path() + " " + std::string(call.path)});
  }
  void OnEnd(const vfs::Call&, const absl::Status&) override {}

  struct Point {
    sim::DiskState state;
    std::uint64_t cursor = 1;
    std::uint64_t in_flight = 1;
    std::set<std::uint64_t> ledgers;
    std::string where;
  };
  std::vector<Point> points;

 private:
  const sim::SimFileSystem* const disk_;
  const Told* const told_;
};

struct Explored {
  std::uint64_t points = 0;
  std::uint64_t images = 0;
  std::string violation;  // the first one, with where the cut fell
};

Explored Explore(const faults::FaultPlan& plan) {
  const std::vector<JournalRecord> records = AnyRecords(kRecords, 11);
  StoreWorld world;
  Told told;
  faults::FaultyFileSystem faulty(&world.disk(), plan);
  SnapshotEachCall snapshots(&world.disk(), &told);
  vfs::RecordingFileSystem recording(&faulty, &snapshots);
  Explored explored;
  const absl::Status ran = RunScript(world.Env(&recording), records, told);
  if (!ran.ok()) explored.violation = "the script itself: " + ran.ToString();
  for (const SnapshotEachCall::Point& point : snapshots.points) {
    if (!explored.violation.empty()) break;
    Told then;
    then.cursor = point.cursor;
    then.in_flight = point.in_flight;
    then.sink.lsns = point.ledgers;
    const sim::CrashImages cut(point.state, sim::Personality{},
                               {.images_max = 6, .random_images = 2, .seed = explored.points++});
    cut.ForEach([&](const sim::CrashImage& image) {
      ++explored.images;
      StoreWorld after(image.state);
      const std::string wrong = Recover(after, records, then);
      if (wrong.empty()) return true;
      explored.violation = "cut before " + point.where + ", image " + image.choice + ": " + wrong;
      return false;
    });
  }
  return explored;
}

TEST(RecordStoreCrash, EveryCutAppliesEachRecordExactlyOnce) {
  const Explored explored = Explore({});

  EXPECT_EQ(explored.violation, "");
  EXPECT_GT(explored.points, 50U);
  EXPECT_GT(explored.images, explored.points);
}

// The harness above is worth its silence only if it speaks when the sync is left out.
TEST(RecordStoreCrash, ABatchThatIsNotSyncedIsFound) {
  const auto plan = faults::ParseMutation("drop records.apply");
  ASSERT_OK(plan);

  EXPECT_THAT(Explore(*plan).violation, ::testing::HasSubstr("acknowledged"));
}

TEST(RecordStoreCrash, EveryCallFailedOnceThenReopenedAppliesEachRecordExactlyOnce) {
  const std::vector<JournalRecord> records = AnyRecords(kRecords, 11);
  std::uint64_t injected = 0;
  std::uint64_t in_apply = 0;
  for (std::uint64_t nth = 1;; ++nth) {
    StoreWorld world;
    Told told;
    faults::FaultyFileSystem faulty(&world.disk(), faults::FailCall(nth));
    const absl::Status ran = RunScript(world.Env(&faulty), records, told);
    if (faulty.Injected().empty()) {
      EXPECT_OK(ran);
      break;
    }
    ++injected;
    const std::string labels = faulty.Injected().front().labels;
    if (labels.find("records.apply") != std::string::npos) ++in_apply;

    const sim::DiskState left = world.disk().state();
    world.disk().KillProcess();
    ASSERT_EQ(Recover(world, records, told), "") << "call " << nth << " under " << labels;
    for (const auto kind : {sim::Personality::Kind::kNone, sim::Personality::Kind::kAll}) {
      const sim::CrashImages cut(left, {.kind = kind}, {.images_max = 1});
      cut.ForEach([&](const sim::CrashImage& image) {
        StoreWorld after(image.state);
        EXPECT_EQ(Recover(after, records, told), "") << "cut after call " << nth << ": " << labels;
        return true;
      });
    }
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(injected, 50U);
  EXPECT_GT(in_apply, 10U);
}

}  // namespace
}  // namespace permafrost::engine
