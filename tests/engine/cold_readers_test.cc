// Frozen files that stay open: who is served from them, and until when.
#include "engine/store/cold_readers.h"

#include <array>
#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "engine/ingest/ingest.h"
#include "engine/ledger/any_decoder.h"
#include "engine/ledger/synthetic_source.h"
#include "engine/store/ledger_artifacts.h"
#include "tests/engine/ledger_model.h"
#include "tests/status_matchers.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/prng.h"
#include "vfs/metered_file_system.h"
#include "vfs/posix/native_executor.h"
#include "vfs/posix/posix_file_system.h"
#include "vfs/posix/system_clock.h"

namespace permafrost::engine {
namespace {

using testing::LedgerModel;
using testing::LedgerWorld;

constexpr std::uint64_t kSeed = 21;
constexpr std::uint64_t kOtherSeed = 22;
constexpr std::uint32_t kLedgers = 24;  // of three chunks, one window
constexpr SyntheticShape kShape = {.transactions_min = 1, .transactions_max = 6, .events_max = 2};
constexpr ChunkArtifact kFirstPack{.chunk = ChunkId{0}, .kind = ArtifactKind::kLedgers};

class ColdReadersTest : public ::testing::Test {
 protected:
  void SetUp() override {
    world_.Through(&metered_);
    ASSERT_OK(world_.Open());
    SyntheticSource source(kSeed, kLedgers, kShape);
    ASSERT_OK(Ingest(world_.store(), source, {}));
    meter_.Reset();
  }

  void TearDown() override { EXPECT_OK(world_.Close()); }

  LedgerModel Model() const { return LedgerModel::Synthetic(kSeed, kLedgers, kShape); }
  ColdReaders& readers() { return world_.store().cold_readers(); }
  std::uint64_t opens() const { return meter_.Counts()[vfs::CallKind::kOpen].calls; }

  absl::StatusOr<std::string> Bytes(LedgerSeq sequence) {
    VFS_ASSIGN_OR_RETURN(FoundLedger found, world_.Reader().Ledger(sequence));
    return std::move(found.bytes);
  }
  // The pack of the first chunk is demoted and made again, of the ledgers of a seed.
  void MakeFirstPackAnew(std::uint64_t seed) {
    SyntheticSource source(seed, kLedgers, kShape);
    LedgerArtifacts artifacts(&world_.store(), &source);
    ASSERT_OK(world_.store().store().catalog().Demote({.artifacts = {kFirstPack}}));
    ASSERT_OK(world_.store().store().FreezeChunk(kFirstPack.chunk, std::array{kFirstPack.kind},
                                                 artifacts));
  }
  std::string FirstPackPath() { return world_.store().store().layout().PathsOf(kFirstPack)[0]; }

  LedgerWorld world_;
  vfs::CallMeter meter_;
  vfs::MeteredFileSystem metered_{&world_.disk(), &meter_};
};

TEST_F(ColdReadersTest, WhatIsOpenIsNotOpenedAgain) {
  EXPECT_EQ(Model().Wrong(world_.Reader()), "");
  EXPECT_GT(opens(), 0U);
  EXPECT_EQ(readers().open_files(), 3 * (1 + 3) + 1U);  // packs and events, and an index
  meter_.Reset();

  EXPECT_EQ(Model().Wrong(world_.Reader()), "");

  EXPECT_EQ(opens(), 0U);
}

// The file has its name, length and bytes again, but is another one: what happens to the old one
// is nobody's business any more.
TEST_F(ColdReadersTest, AFileThatWasMadeAnewIsOpenedAnew) {
  ASSERT_OK(Bytes(LedgerSeq{2}));
  ASSERT_OK_AND_ASSIGN(const auto old,
                       world_.disk().Open(FirstPackPath(), vfs::OpenMode::kReadWrite));
  ASSERT_NO_FATAL_FAILURE(MakeFirstPackAnew(kSeed));
  ASSERT_OK_AND_ASSIGN(const std::uint64_t old_bytes, old->Size());
  ASSERT_OK(old->Write(0, std::string(old_bytes, '\0')));

  EXPECT_EQ(Model().Wrong(world_.Reader()), "");
}

TEST_F(ColdReadersTest, AnotherRecordInTheCatalogIsAnotherFile) {
  // Even if nobody says that the key was demoted.
  world_.store().store().catalog().OnUnread(nullptr);
  ASSERT_OK(Bytes(LedgerSeq{2}));
  ASSERT_NO_FATAL_FAILURE(MakeFirstPackAnew(kOtherSeed));

  ASSERT_OK_AND_ASSIGN(const std::string bytes, Bytes(LedgerSeq{2}));

  EXPECT_EQ(bytes, SyntheticLedger(kOtherSeed, LedgerSeq{2}, kShape));
}

TEST_F(ColdReadersTest, AViewReadsOnWhatWasDemotedAndThenItIsClosed) {
  std::optional<LedgerReader> reader;
  reader.emplace(world_.store().OpenView(), world_.store().decoder());
  ASSERT_OK(reader->Ledger(LedgerSeq{2}));
  ASSERT_OK(world_.store().store().catalog().Demote({.artifacts = {kFirstPack}}));
  EXPECT_TRUE(world_.store().store().catalog().IsStillRead(kFirstPack));

  EXPECT_OK(reader->Ledger(LedgerSeq{3}));
  EXPECT_ERROR(world_.Reader().Ledger(LedgerSeq{3}), absl::StatusCode::kUnavailable,
               "read ledger 3: its chunk 0 is neither frozen nor hot");
  EXPECT_EQ(readers().open_files(), 1U);
  reader.reset();
  EXPECT_FALSE(world_.store().store().catalog().IsStillRead(kFirstPack));
  EXPECT_EQ(readers().open_files(), 0U);
}

TEST_F(ColdReadersTest, EachWriteMakesAnotherVersionOfTheCatalog) {
  Store& store = world_.store().store();
  const std::optional<std::uint64_t> before = store.OpenView().catalog_version();
  ASSERT_TRUE(before.has_value());
  EXPECT_EQ(store.OpenView().catalog_version(), before);

  ASSERT_OK(store.catalog().Demote({.artifacts = {kFirstPack}}));

  ASSERT_TRUE(store.OpenView().catalog_version().has_value());
  EXPECT_NE(store.OpenView().catalog_version(), before);
}

// A reader that a view of another version brought in is no answer for a younger one.
TEST_F(ColdReadersTest, AnOlderViewsReaderIsNotAYoungerViews) {
  const LedgerReader old(world_.store().OpenView(), world_.store().decoder());
  ASSERT_OK(old.Ledger(LedgerSeq{2}));
  ASSERT_OK(world_.Reader().Ledger(LedgerSeq{2}));
  ASSERT_OK(world_.store().store().catalog().Demote({.artifacts = {kFirstPack}}));

  EXPECT_ERROR(world_.Reader().Ledger(LedgerSeq{2}), absl::StatusCode::kUnavailable,
               "read ledger 2: its chunk 0 is neither frozen nor hot");
  EXPECT_OK(old.Ledger(LedgerSeq{2}));
  EXPECT_ERROR(world_.Reader().Ledger(LedgerSeq{2}), absl::StatusCode::kUnavailable,
               "read ledger 2: its chunk 0 is neither frozen nor hot");
}

TEST_F(ColdReadersTest, WhatIsPrunedIsClosed) {
  ASSERT_OK(Bytes(LedgerSeq{2}));
  ASSERT_OK(Bytes(LedgerSeq{kLedgers + 1}));
  ASSERT_EQ(readers().open_files(), 2U);

  world_.store().store().SetRetention(2);
  ASSERT_OK(Settle(world_.store(), nullptr));

  EXPECT_FALSE(*world_.disk().Exists(FirstPackPath()));
  EXPECT_EQ(readers().open_files(), 1U);
}

TEST_F(ColdReadersTest, TheOneThatWasUsedLongestAgoGivesItsPlace) {
  ColdReaders two(2);
  const LedgerStoreView view = world_.store().OpenView();
  const auto opens_of = [&](ChunkId chunk) {
    const std::uint64_t before = opens();
    EXPECT_OK(two.Ledgers(view.store, chunk));
    return opens() - before;
  };
  EXPECT_GT(opens_of(ChunkId{0}), 0U);
  EXPECT_GT(opens_of(ChunkId{1}), 0U);
  EXPECT_EQ(opens_of(ChunkId{0}), 0U);

  EXPECT_GT(opens_of(ChunkId{2}), 0U);

  EXPECT_EQ(two.open_files(), 2U);
  EXPECT_EQ(opens_of(ChunkId{0}), 0U);
  EXPECT_EQ(opens_of(ChunkId{2}), 0U);
  EXPECT_GT(opens_of(ChunkId{1}), 0U);
  // An event segment has three files: it is kept, and nothing else.
  EXPECT_OK(two.Events(view.store, ChunkId{0}));
  EXPECT_EQ(two.open_files(), 3U);
}

TEST_F(ColdReadersTest, WhatFailedIsOpenedAnewForItMayHaveBeenRestored) {
  ASSERT_OK_AND_ASSIGN(const std::string right, Bytes(LedgerSeq{2}));
  const std::string path = FirstPackPath();
  std::string whole;
  {
    ASSERT_OK_AND_ASSIGN(const auto file, world_.disk().Open(path, vfs::OpenMode::kReadWrite));
    ASSERT_OK_AND_ASSIGN(const std::uint64_t bytes, file->Size());
    whole.resize(bytes);
    ASSERT_OK(file->Read(0, whole));
    ASSERT_OK(file->Write(8, std::string(1, static_cast<char>(whole[8] ^ 1))));
  }
  EXPECT_EQ(Bytes(LedgerSeq{2}).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(readers().open_files(), 0U);

  ASSERT_OK(world_.disk().Unlink(path));
  ASSERT_OK_AND_ASSIGN(const auto file, world_.disk().Create(path));
  ASSERT_OK(file->Append(whole));

  ASSERT_OK_AND_ASSIGN(const std::string restored, Bytes(LedgerSeq{2}));
  EXPECT_EQ(restored, right);
}

// On the real disk: a pack that is demoted and made again, over and over, while it is read.
TEST(ColdReadersThreads, GetTheRightBytesOrNone) {
  const TempDir root;
  ASSERT_OK_AND_ASSIGN(const auto fs, vfs::PosixFileSystem::Open(root.path()));
  vfs::SystemClock clock;
  vfs::NativeExecutor executor;
  vfs::Prng prng(1);
  StoreOptions options = testing::LedgerStoreOptions();
  options.rocks.queued_jobs = false;
  const vfs::Env env = {.fs = fs.get(),
                        .clock = &clock,
                        .executor = &executor,
                        .prng = &prng,
                        .log = &vfs::NullLog()};
  ASSERT_OK_AND_ASSIGN(const auto store, LedgerStore::Open(env, options, AnyDecoder()));
  SyntheticSource source(kSeed, kLedgers, kShape);
  ASSERT_OK(Ingest(*store, source, {}));
  const LedgerModel model = LedgerModel::Synthetic(kSeed, kLedgers, kShape);
  std::atomic<bool> is_over = false;
  std::atomic<int> right = 0;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (std::uint32_t reader = 0; reader < 3; ++reader) {
    readers.emplace_back([&, reader] {
      for (std::uint32_t i = reader; !is_over; ++i) {
        const LedgerSeq sequence{2 + i % kLedgers};
        const auto found = LedgerReader(store->OpenView(), store->decoder()).Ledger(sequence);
        if (!found.ok() && absl::IsUnavailable(found.status())) continue;
        ++(found.ok() && found->bytes == model.bytes(sequence) ? right : wrong);
      }
    });
  }

  LedgerArtifacts artifacts(store.get(), &source);
  for (int round = 0; round < 30; ++round) {
    EXPECT_OK(store->store().catalog().Demote({.artifacts = {kFirstPack}}));
    absl::Status made = vfs::Aborted("still read");
    while (absl::IsAborted(made)) {
      made = store->store().FreezeChunk(kFirstPack.chunk, std::array{kFirstPack.kind}, artifacts);
    }
    EXPECT_OK(made);
  }
  is_over = true;
  for (std::thread& reader : readers) reader.join();

  EXPECT_EQ(wrong, 0);
  EXPECT_GT(right, 0);
  EXPECT_EQ(model.Wrong(LedgerReader(store->OpenView(), store->decoder())), "");
  EXPECT_OK(store->Close());
}

}  // namespace
}  // namespace permafrost::engine
