// A repair whose power is cut before every call that changes the disk, or of which a call fails:
// the next start finds all that was sound, and a second repair makes the rest again, byte for byte.
#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "engine/audit/contents.h"
#include "engine/audit/repair.h"
#include "engine/ingest/ingest.h"
#include "faults/faulty_file_system.h"
#include "sim/disk/crash_images.h"
#include "tests/engine/file_damage.h"
#include "tests/engine/ledger_model.h"
#include "tests/status_matchers.h"
#include "vfs/base/step.h"
#include "vfs/recording_file_system.h"

namespace permafrost::engine {
namespace {

using testing::FileDamage;
using testing::LedgerModel;
using testing::LedgerWorld;

constexpr std::uint64_t kSeed = 51;
constexpr std::uint32_t kLedgers = 34;  // four chunks of eight, one window of three

// The disk before every call that changes something, once it is armed.
class Cuts final : public vfs::CallObserver {
 public:
  explicit Cuts(const sim::SimFileSystem* disk) : disk_(disk) {}

  void OnBegin(const vfs::Call& call) override {
    if (!is_armed || !vfs::IsMutating(call.kind)) return;
    cuts.push_back(
        {.state = disk_->state(), .where = vfs::Step::Path() + " " + std::string(call.path)});
  }
  void OnEnd(const vfs::Call&, const absl::Status&) override {}

  struct Cut {
    sim::DiskState state;
    std::string where;
  };
  std::vector<Cut> cuts;
  bool is_armed = false;

 private:
  const sim::SimFileSystem* const disk_;
};

// What must hold at every instant and does not, of an open store, with the keys that need repair.
struct Findings {
  std::set<std::string> always;
  std::set<std::string> tainted;
};

absl::StatusOr<Findings> FindingsOf(LedgerWorld& world) {
  Store& store = world.store().store();
  VFS_ASSIGN_OR_RETURN(const CatalogRows rows,
                       store.catalog().db()->Scan(vfs::kDefaultFamily, vfs::PrefixRange("")));
  VFS_ASSIGN_OR_RETURN(AuditReport report,
                       Audit(world.world().Env(), store.layout(), rows,
                             {.retention = {}, .rocks = {.queued_jobs = true}}));
  AuditContents(&world.disk(), store.layout(), report);
  Findings findings{.always = {}, .tainted = report.tainted};
  for (const Violation& violation : report.violations)
    if (violation.when == WhenTrue::kAlways) findings.always.insert(violation.finding);
  return findings;
}

class AuditRepairCrash : public ::testing::Test {
 protected:
  // One file of each kind is damaged: of the finished window, of the one that grows, and one that
  // is gone.
  void SetUp() override {
    LedgerWorld world;
    ASSERT_OK(world.Open());
    ASSERT_OK(Ingest(world.store(), bulk_, {}));
    files_ = world.ColdFiles();
    ASSERT_OK(world.Close());
    for (const char* path :
         {"ledgers/00000/00000001.pack", "events/00000/00000000-index.pack",
          "txhash/raw/00001/00000003.bin", "txhash/index/00000000/00000000-00000002.idx"})
      ASSERT_OK(testing::Inflict(world.disk(), path, FileDamage::kMiddle));
    ASSERT_OK(
        testing::Inflict(world.disk(), "events/00001/00000003-events.pack", FileDamage::kMissing));
    damaged_ = world.disk().state();
  }

  absl::Status RepairAll(LedgerWorld& world) {
    VFS_ASSIGN_OR_RETURN(const Findings findings, FindingsOf(world));
    VFS_ASSIGN_OR_RETURN(const std::vector<Repaired> repaired,
                         Repair(&world.disk(), world.store(), &bulk_, findings.tainted));
    for (const Repaired& one : repaired)
      if (!one.is_done) return vfs::Internal("{}: {}", one.key, one.told);
    return absl::OkStatus();
  }

  // After a cut: nothing new is wrong, a second repair ends it. `settles_first`: a lifecycle that
  // knows no source runs in between. "": nothing is wrong.
  std::string Wrong(sim::DiskState state, const Findings& before, bool settles_first) {
    LedgerWorld world(std::move(state));
    if (const absl::Status opened = world.Open(); !opened.ok()) return opened.ToString();
    if (world.Reader().latest() != model_.last()) return "it forgot ledgers";
    const auto found = FindingsOf(world);
    if (!found.ok()) return found.status().ToString();
    for (const std::string& finding : found->always)
      if (!before.always.contains(finding)) return "new: " + finding;
    if (settles_first) {
      // It may fail over a file that is damaged and not tainted yet.
      Settle(world.store(), nullptr).IgnoreError();
      if (world.Reader().latest() != model_.last()) return "settling forgot ledgers";
    }
    if (const absl::Status repaired = RepairAll(world); !repaired.ok()) return repaired.ToString();
    // What was spent goes with the next lifecycle, where nothing was left to be repaired.
    const auto settled = Settle(world.store(), nullptr);
    if (!settled.ok()) return settled.status().ToString();
    const auto after = FindingsOf(world);
    if (!after.ok()) return after.status().ToString();
    if (!after->always.empty()) return "after: " + *after->always.begin();
    if (std::string wrong = model_.Wrong(world.Reader()); !wrong.empty()) return wrong;
    return world.ColdFiles() == files_ ? "" : "its files differ";
  }

  SyntheticSource bulk_{kSeed, kLedgers};
  const LedgerModel model_ = LedgerModel::Synthetic(kSeed, kLedgers);
  std::map<std::string, std::string> files_;
  sim::DiskState damaged_;
};

TEST_F(AuditRepairCrash, ASecondRepairEndsWhatACutOneBegan) {
  LedgerWorld world(damaged_);
  Cuts observer(&world.disk());
  vfs::RecordingFileSystem recording(&world.disk(), &observer);
  world.Through(&recording);
  ASSERT_OK(world.Open());
  ASSERT_OK_AND_ASSIGN(const Findings before, FindingsOf(world));
  EXPECT_EQ(before.tainted.size(), 5U);
  observer.is_armed = true;
  ASSERT_OK(RepairAll(world));
  observer.is_armed = false;
  EXPECT_EQ(world.ColdFiles(), files_);
  const bool is_tainting = std::any_of(
      observer.cuts.begin(), observer.cuts.end(),
      [](const Cuts::Cut& cut) { return cut.where.find("repair.taint") != std::string::npos; });
  EXPECT_TRUE(is_tainting);
  ASSERT_GT(observer.cuts.size(), 50U);

  std::uint64_t number = 0;
  for (const Cuts::Cut& cut : observer.cuts) {
    const sim::CrashImages images(cut.state, sim::Personality{},
                                  {.images_max = 6, .random_images = 2, .seed = number});
    images.ForEach([&](const sim::CrashImage& image) {
      const std::string wrong = Wrong(image.state, before, number++ % 2 == 0);
      EXPECT_EQ(wrong, "") << "cut before " << cut.where << ", image " << image.choice;
      return wrong.empty();
    });
    if (HasFailure()) break;
  }
}

TEST_F(AuditRepairCrash, ASecondRepairEndsWhatAFailedOneBegan) {
  LedgerWorld start(damaged_);
  ASSERT_OK(start.Open());
  ASSERT_OK_AND_ASSIGN(const Findings before, FindingsOf(start));
  std::uint64_t injected = 0;
  for (std::uint64_t nth = 1;; nth += 3) {
    LedgerWorld world(damaged_);
    faults::FaultyFileSystem faulty(&world.disk(), faults::FailCall(nth));
    world.Through(&faulty);
    const absl::Status opened = world.Open();
    const absl::Status repaired = opened.ok() ? RepairAll(world) : opened;
    world.Kill();
    if (faulty.Injected().empty()) {
      EXPECT_OK(repaired);
      break;
    }
    ++injected;
    const faults::Injection fault = faulty.Injected().front();
    ASSERT_EQ(Wrong(world.disk().state(), before, injected % 2 == 0), "")
        << "call " << nth << ": " << vfs::ToString(fault.kind) << " " << fault.path << " under "
        << fault.labels;
  }
  EXPECT_GT(injected, 50U);
}

}  // namespace
}  // namespace permafrost::engine
