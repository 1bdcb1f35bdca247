// A daemon whose lifecycle meets a damaged cold file: it makes the file again and goes on; without
// the ledgers for it, it says so and follows its source.
#include <cstdint>
#include <map>
#include <string>

#include <gmock/gmock.h>

#include "engine/daemon/serve.h"
#include "tests/engine/file_damage.h"
#include "tests/engine/ledger_model.h"
#include "tests/engine/once_source.h"
#include "tests/status_matchers.h"
#include "vfs/queued_executor.h"

namespace permafrost::engine {
namespace {

using testing::FileDamage;
using testing::LedgerModel;
using testing::LedgerStoreOptions;
using testing::LedgerWorld;
using testing::OnceSource;

constexpr std::uint64_t kSeed = 51;
constexpr std::uint32_t kBefore = 18;   // two chunks of eight are frozen, of a window of three
constexpr std::uint32_t kLedgers = 34;  // the window is finished, so that its hash runs are merged

class DaemonRepair : public ::testing::Test {
 protected:
  void SetUp() override {
    LedgerWorld whole;
    OnceSource all(kSeed, kLedgers);
    ASSERT_OK(whole.Open());
    ASSERT_OK(Ingest(whole.store(), all, {}));
    files_ = whole.ColdFiles();
    OnceSource first(kSeed, kBefore);
    ASSERT_OK(world_.Open());
    ASSERT_OK(Ingest(world_.store(), first, {}));
    ASSERT_OK(world_.Close());
  }

  // Until the source has ended.
  absl::Status Serve(LedgerSource* bulk) {
    vfs::QueuedExecutor background;
    ServeOptions options;
    options.store = LedgerStoreOptions();
    const std::uint64_t at_end = options.longest_wait_nanos;
    options.wait = [&background, at_end](std::uint64_t nanos) {
      background.Drain();
      return nanos == at_end;
    };
    OnceSource live(kSeed, kLedgers);
    Health health;
    return Daemon(world_.world().Env(), options, &live, bulk, &background, &metrics_, &health)
        .Run();
  }

  LedgerWorld world_;
  Metrics metrics_;
  const LedgerModel model_ = LedgerModel::Synthetic(kSeed, kLedgers);
  std::map<std::string, std::string> files_;
};

TEST_F(DaemonRepair, ADamagedHashRunIsMadeAgainFromItsPack) {
  ASSERT_OK(testing::Inflict(world_.disk(), "txhash/raw/00000/00000000.bin", FileDamage::kMiddle));
  ASSERT_OK(Serve(nullptr));
  EXPECT_EQ(metrics_.artifacts_repaired, 1U);
  EXPECT_EQ(metrics_.damaged_artifacts, 0U);
  EXPECT_EQ(metrics_.lifecycle_failures, 0U);
  ASSERT_OK(world_.Open());
  EXPECT_EQ(world_.ColdFiles(), files_);
  EXPECT_EQ(model_.Wrong(world_.Reader()), "");
}

TEST_F(DaemonRepair, ADamagedPackIsMadeAgainFromTheLake) {
  ASSERT_OK(testing::Inflict(world_.disk(), "txhash/raw/00000/00000001.bin", FileDamage::kMissing));
  ASSERT_OK(testing::Inflict(world_.disk(), "ledgers/00000/00000001.pack", FileDamage::kMiddle));
  SyntheticSource lake(kSeed, 17);  // it ends with the chunk
  ASSERT_OK(Serve(&lake));
  EXPECT_EQ(metrics_.damaged_artifacts, 0U);
  ASSERT_OK(world_.Open());
  EXPECT_EQ(world_.ColdFiles(), files_);
  EXPECT_EQ(model_.Wrong(world_.Reader()), "");
}

TEST_F(DaemonRepair, WithoutTheLedgersItSaysSoAndFollowsItsSource) {
  ASSERT_OK(testing::Inflict(world_.disk(), "txhash/raw/00000/00000001.bin", FileDamage::kMissing));
  ASSERT_OK(testing::Inflict(world_.disk(), "ledgers/00000/00000001.pack", FileDamage::kHeader));
  ASSERT_OK(Serve(nullptr));
  EXPECT_GE(metrics_.damaged_artifacts, 1U);
  EXPECT_GE(metrics_.lifecycle_failures, 1U);
  ASSERT_OK(world_.Open());
  EXPECT_EQ(world_.Reader().latest(), model_.last());
  EXPECT_OK(world_.Reader().Ledger(LedgerSeq{2}));
  EXPECT_ERROR(world_.Reader().Ledger(LedgerSeq{10}), absl::StatusCode::kDataLoss,
               ::testing::HasSubstr("read ledgers/00000/00000001.pack"));
}

}  // namespace
}  // namespace permafrost::engine
