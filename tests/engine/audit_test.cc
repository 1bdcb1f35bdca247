// The audit: each invariant broken by hand is reported under its number; a sound store is silent.
#include "engine/audit/audit.h"

#include <gmock/gmock.h>

#include "tests/engine/store_world.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::StoreWorld;
using testing::TestSource;

// A settled store with chunks 0 to 3 frozen, window 0 finished, and hot chunk 4 ready.
class AuditTest : public ::testing::Test {
 protected:
  void SetUp() override {
    TestSource source;
    source.complete = {ChunkId{0}, ChunkId{1}, ChunkId{2}, ChunkId{3}};
    ASSERT_OK_AND_ASSIGN(store_, world_.Open());
    ASSERT_OK(store_->CreateHot(ChunkId{4}));
    ASSERT_OK(store_->RunLifecycle(source));
  }

  void Put(std::string_view key, std::string_view value) {
    vfs::RocksBatch batch;
    batch.Put(vfs::kDefaultFamily, key, value);
    ASSERT_OK(store_->catalog().db()->Write(batch, vfs::SyncWrite::kYes));
  }
  void Erase(std::string_view key) {
    vfs::RocksBatch batch;
    batch.Delete(vfs::kDefaultFamily, key);
    ASSERT_OK(store_->catalog().db()->Write(batch, vfs::SyncWrite::kYes));
  }

  // The invariants that the audit of the closed store reports, by number.
  std::vector<int> Broken(std::uint32_t retention_chunks = 0) {
    EXPECT_OK(store_->Close());
    const auto rows = Catalog::ReadRows(world_.Env(), "catalog/rocksdb", {.queued_jobs = true});
    EXPECT_OK(rows);
    const Layout layout = *Layout::Create(StoreWorld::SmallOptions().geometry, Roots{});
    const vfs::Env env = world_.Env();
    const auto report =
        Audit(env, layout, *rows,
              {.retention = {.retention_chunks = retention_chunks, .earliest = ChunkId{0}},
               .rocks = {.queued_jobs = true}});
    EXPECT_OK(report);
    std::vector<int> numbers;
    for (const Violation& violation : report->violations) numbers.push_back(violation.number);
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    return numbers;
  }

  StoreWorld world_;
  std::unique_ptr<Store> store_;
};

TEST_F(AuditTest, ASettledStoreIsSilent) { EXPECT_THAT(Broken(), IsEmpty()); }

TEST_F(AuditTest, TwoFrozenCoverages) {
  Put("index:00000000:00000000:00000001", "v1 frozen 00000000-00000001.idx=1:00000000");
  EXPECT_THAT(Broken(), ElementsAre(5, 11));  // and its file is missing
}

TEST_F(AuditTest, ALeftoverState) {
  Put("chunk:00000005:ledgers", "v1 pruning");
  EXPECT_THAT(Broken(), ElementsAre(6));
}

TEST_F(AuditTest, AnInputOfAFinishedWindow) {
  Put("chunk:00000001:txhash", "v1 freezing");
  EXPECT_THAT(Broken(), ElementsAre(6, 8));
}

TEST_F(AuditTest, AMalformedKey) {
  Put("index:00000001:00000005:00000003", "v1 frozen");
  EXPECT_THAT(Broken(), ElementsAre(9));
}

TEST_F(AuditTest, AMalformedValue) {
  Put("hot:chunk:00000009", "v1 frozen");
  EXPECT_THAT(Broken(), ElementsAre(9));
}

TEST_F(AuditTest, AFileWithoutItsKey) {
  Erase("chunk:00000003:ledgers");
  EXPECT_THAT(Broken(), ElementsAre(10));
}

TEST_F(AuditTest, AKeyWithoutItsFile) {
  ASSERT_OK(world_.disk().Unlink("events/00001/00000003-index.hash"));
  EXPECT_THAT(Broken(), ElementsAre(11));
}

TEST_F(AuditTest, AFileOfAnotherLength) {
  ASSERT_OK_AND_ASSIGN(
      auto file, world_.disk().Open("ledgers/00001/00000003.pack", vfs::OpenMode::kReadWrite));
  ASSERT_OK(file->Append("x"));
  EXPECT_THAT(Broken(), ElementsAre(11));
}

TEST_F(AuditTest, AReadyChunkThatDoesNotOpen) {
  Put("hot:chunk:00000008", "v1 ready");
  EXPECT_THAT(Broken(), ElementsAre(12));
}

TEST_F(AuditTest, AHotDirectoryWithoutItsKey) {
  ASSERT_OK(world_.disk().MakeDir("hot/00000008"));
  EXPECT_THAT(Broken(), ElementsAre(13));
}

TEST_F(AuditTest, ASecondCopy) {
  ASSERT_OK(world_.disk().MakeDir("ledgers/00007"));
  ASSERT_OK(world_.disk().Create("ledgers/00007/00000003.pack"));
  EXPECT_THAT(Broken(), ElementsAre(10, 14));
}

TEST_F(AuditTest, KeysBelowTheFloor) {
  // The floor of one retained chunk is chunk 3: chunks 0 to 2 and window 0 should be gone.
  EXPECT_THAT(Broken(1), ElementsAre(15, 16));
}

TEST(Audit, EveryAuditedInvariantHasATextAndItsOrder) {
  int before = 0;
  for (const Invariant& invariant : AuditedInvariants()) {
    EXPECT_GT(invariant.number, before);
    EXPECT_FALSE(invariant.text.empty());
    before = invariant.number;
  }
}

}  // namespace
}  // namespace permafrost::engine
