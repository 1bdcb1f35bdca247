// A checkpoint: what it holds, when it is durable, what a failed one leaves.
#include <string>
#include <vector>

#include "faults/fault_plan.h"
#include "faults/faulty_file_system.h"
#include "sim/disk/crash_images.h"
#include "sim/disk/sim_file_system.h"
#include "tests/status_matchers.h"
#include "tests/vfs/rocksdb/rocks_world.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::vfs {
namespace {

using ::testing::ElementsAre;
using Row = RocksDb::Row;

constexpr char kCopy[] = "copies/one";
constexpr char kSettleFails[] = "when sync_dir label=rocksdb.settle.checkpoint then eio";

// A database with one key in a table and one in the log, on a disk where what `plan` says goes
// wrong.
class CheckpointTest : public ::testing::Test {
 protected:
  void Start(std::string_view plan = "") {
    ASSERT_OK_AND_ASSIGN(const faults::FaultPlan parsed, faults::ParsePlan(plan));
    faulty_ = std::make_unique<faults::FaultyFileSystem>(&sim_, parsed);
    world_ = std::make_unique<RocksWorld>(*faulty_);
    ASSERT_OK(sim_.MakeDir("copies"));
    ASSERT_OK(sim_.SyncDir(""));
    ASSERT_OK_AND_ASSIGN(db_, RocksDb::Open(world_->env, "db", QueuedOptions()));
    Put("table");
    ASSERT_OK(db_->Flush(FlushWait::kNo));
    world_->executor.Drain();
    Put("log");
  }

  void Put(std::string_view key) {
    ASSERT_OK(db_->Write(RocksBatch().Put(kDefaultFamily, key, "v"), SyncWrite::kYes));
  }

  // The rows of the copy on a disk; or why there are none.
  static std::vector<Row> CopyOn(sim::DiskState state) {
    sim::SimFileSystem disk(std::move(state));
    RocksWorld world(disk);
    const auto copy = RocksDb::OpenReadOnly(world.env, kCopy, QueuedOptions());
    if (!copy.ok()) return {{"does not open", Message(copy.status())}};
    const auto rows = (*copy)->Scan(kDefaultFamily, {});
    EXPECT_OK(rows);
    return *rows;
  }
  std::vector<Row> Copy() const { return CopyOn(sim_.CopyState()); }

  // After a power cut that keeps nothing that is not settled.
  std::vector<Row> CopyAfterCut() const {
    const sim::CrashImages images(sim_.CopyState(), {.kind = sim::Personality::Kind::kNone},
                                  {.images_max = 1, .random_images = 0});
    std::vector<Row> rows;
    images.ForEach([&](const sim::CrashImage& image) {
      rows = CopyOn(image.state);
      return false;
    });
    return rows;
  }

  bool Exists(std::string_view path) const {
    const auto exists = sim_.Exists(path);
    EXPECT_OK(exists);
    return *exists;
  }

  sim::SimFileSystem sim_;
  std::unique_ptr<faults::FaultyFileSystem> faulty_;
  std::unique_ptr<RocksWorld> world_;
  std::unique_ptr<RocksDb> db_;
};

TEST_F(CheckpointTest, HoldsWhatWasWrittenBeforeAndNothingLater) {
  Start();

  ASSERT_OK(db_->Checkpoint(kCopy));
  Put("later");

  EXPECT_THAT(Copy(), ElementsAre(Row("log", "v"), Row("table", "v")));
  EXPECT_FALSE(Exists("copies/one.tmp"));
}

TEST_F(CheckpointTest, StaysAsItIsWhenItsDatabaseDeletesTheTablesItLinked) {
  Start();
  ASSERT_OK(db_->Checkpoint(kCopy));
  ASSERT_OK(db_->Write(RocksBatch().DeleteRange(kDefaultFamily, "a", "z"), SyncWrite::kYes));
  ASSERT_OK(db_->Flush(FlushWait::kNo));
  world_->executor.Drain();
  ASSERT_OK(db_->CompactTables(kDefaultFamily));
  ASSERT_OK(db_->Close());

  EXPECT_THAT(Copy(), ElementsAre(Row("log", "v"), Row("table", "v")));
}

TEST_F(CheckpointTest, IsDurableWhenItReturns) {
  Start();

  ASSERT_OK(db_->Checkpoint(kCopy));

  EXPECT_THAT(CopyAfterCut(), ElementsAre(Row("log", "v"), Row("table", "v")));
}

TEST_F(CheckpointTest, DoesNotTouchWhatIsThere) {
  Start();
  ASSERT_OK(sim_.MakeDir(kCopy));

  EXPECT_ERROR(db_->Checkpoint(kCopy), absl::StatusCode::kAlreadyExists,
               "checkpoint copies/one: there is something already");

  ASSERT_OK_AND_ASSIGN(const auto entries, sim_.List(kCopy));
  EXPECT_TRUE(entries.empty());
  EXPECT_FALSE(Exists("copies/one.tmp"));
}

TEST_F(CheckpointTest, WhoseNameDoesNotSettleIsThereButACutMayTakeIt) {
  Start(kSettleFails);

  EXPECT_EQ(db_->Checkpoint(kCopy).code(), absl::StatusCode::kDataLoss);

  EXPECT_THAT(Copy(), ElementsAre(Row("log", "v"), Row("table", "v")));
  EXPECT_THAT(CopyAfterCut(), ElementsAre(::testing::Pair("does not open", ::testing::_)));
  EXPECT_OK(db_->Health());
}

TEST_F(CheckpointTest, WhoseLinkFailsLeavesNothing) {
  Start("when link then eio once");

  EXPECT_EQ(db_->Checkpoint(kCopy).code(), absl::StatusCode::kDataLoss);

  EXPECT_FALSE(Exists(kCopy));
  EXPECT_FALSE(Exists("copies/one.tmp"));
  EXPECT_OK(db_->Checkpoint(kCopy));
}

TEST_F(CheckpointTest, DoesNotAskForArchivedLogs) {
  Start("when stat path=db/archive then eio");  // an error here would end the process

  EXPECT_OK(db_->Checkpoint(kCopy));
}

TEST_F(CheckpointTest, RemovesWhatADeadProcessLeftOfAnEarlierOne) {
  Start();
  ASSERT_OK(sim_.MakeDir("copies/one.tmp"));
  ASSERT_OK(sim_.Create("copies/one.tmp/000999.sst"));

  ASSERT_OK(db_->Checkpoint(kCopy));

  EXPECT_FALSE(Exists("copies/one.tmp"));
  EXPECT_FALSE(Exists("copies/one/000999.sst"));
  EXPECT_THAT(Copy(), ElementsAre(Row("log", "v"), Row("table", "v")));
}

}  // namespace
}  // namespace permafrost::vfs
