// An ingestion over chunk and window edges, cut before calls that change the disk: what was
// acknowledged answers, and going on gives the files of a run without a cut.
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "engine/ingest/ingest.h"
#include "engine/ledger/any_decoder.h"
#include "engine/ledger/synthetic_source.h"
#include "sim/disk/crash_images.h"
#include "tests/engine/ledger_model.h"
#include "tests/engine/once_source.h"
#include "tests/status_matchers.h"
#include "vfs/base/step.h"
#include "vfs/recording_file_system.h"

namespace permafrost::engine {
namespace {

using testing::LedgerModel;
using testing::LedgerStoreOptions;
using testing::LedgerWorld;
using testing::OnceSource;
using testing::StoreWorld;

constexpr std::uint64_t kSeed = 51;
constexpr std::uint32_t kLedgers = 34;  // four chunks of eight, one window of three

// The disk before every so many calls that change something, and what was acknowledged by then.
class Cuts final : public vfs::CallObserver {
 public:
  Cuts(const sim::SimFileSystem* disk, std::uint64_t every) : disk_(disk), every_(every) {}

  void OnBegin(const vfs::Call& call) override {
    if (!vfs::IsMutating(call.kind) || calls_++ % every_ != 0) return;
    cuts.push_back({.state = disk_->state(),
                    .acknowledged = acknowledged,
                    .where = vfs::Step::Path() + " " + std::string(call.path)});
  }
  void OnEnd(const vfs::Call&, const absl::Status&) override {}

  struct Cut {
    sim::DiskState state;
    std::uint32_t acknowledged = 0;
    std::string where;
  };
  std::vector<Cut> cuts;
  std::uint32_t acknowledged = kFirstLedger.value() - 1;

 private:
  const sim::SimFileSystem* const disk_;
  const std::uint64_t every_;
  std::uint64_t calls_ = 0;
};

class IngestCrash : public ::testing::TestWithParam<bool> {
 protected:
  static bool is_bulk() { return GetParam(); }

  static absl::Status IngestAll(LedgerStore& store, const IngestHooks& hooks = {}) {
    OnceSource once(kSeed, kLedgers);
    SyntheticSource bulk(kSeed, kLedgers);
    LedgerSource& source = is_bulk() ? static_cast<LedgerSource&>(bulk) : once;
    return Ingest(store, source, hooks).status();
  }

  // A start after a cut, what it answers, and the rest. "": nothing is wrong.
  std::string Wrong(sim::DiskState state, std::uint32_t acknowledged) const {
    LedgerWorld world(std::move(state));
    if (const absl::Status opened = world.Open(); !opened.ok()) return opened.ToString();
    {
      const LedgerReader reader = world.Reader();
      if (reader.latest().value() < acknowledged)
        return fmt::format("ledger {} of {} is the latest", reader.latest().value(), acknowledged);
      if (std::string wrong = model_.Wrong(reader, LedgerModel::IndexMayWait::kYes); !wrong.empty())
        return "at start: " + wrong;
    }
    if (const absl::Status rest = IngestAll(world.store()); !rest.ok()) return rest.ToString();
    if (std::string wrong = model_.Wrong(world.Reader()); !wrong.empty()) return "after: " + wrong;
    return world.ColdFiles() == files_ ? "" : "its files differ";
  }

  const LedgerModel model_ = LedgerModel::Synthetic(kSeed, kLedgers);
  std::map<std::string, std::string> files_;
};

TEST_P(IngestCrash, EverySampledCutGoesOn) {
  LedgerWorld whole;
  ASSERT_OK(whole.Open());
  ASSERT_OK(IngestAll(whole.store()));
  files_ = whole.ColdFiles();
  StoreWorld world;
  Cuts observer(&world.disk(), 5);
  {
    vfs::RecordingFileSystem recording(&world.disk(), &observer);
    const vfs::Env env = world.Env(&recording);
    ASSERT_OK_AND_ASSIGN(const auto store,
                         LedgerStore::Open(env, LedgerStoreOptions(), AnyDecoder()));
    IngestHooks hooks;
    hooks.on_progress = [&](const IngestReport& report) {
      observer.acknowledged = report.last->value();
    };
    ASSERT_OK(IngestAll(*store, hooks));
  }
  ASSERT_GT(observer.cuts.size(), 50U);

  std::uint64_t seed = 0;
  for (const Cuts::Cut& cut : observer.cuts) {
    const sim::CrashImages images(cut.state, sim::Personality{},
                                  {.images_max = 3, .random_images = 1, .seed = seed++});
    images.ForEach([&](const sim::CrashImage& image) {
      const std::string wrong = Wrong(image.state, cut.acknowledged);
      EXPECT_EQ(wrong, "") << "cut before " << cut.where << ", image " << image.choice;
      return wrong.empty();
    });
    if (HasFailure()) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, IngestCrash, ::testing::Bool(), [](const auto& way) {
  return way.param ? "InBulk" : "LedgerByLedger";
});

}  // namespace
}  // namespace permafrost::engine
