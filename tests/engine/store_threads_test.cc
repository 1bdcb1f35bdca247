// A store under real threads: what the simulator explores with one thread at a time, here for the
// thread sanitizer to watch.
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/store/store.h"
#include "tests/engine/store_world.h"
#include "tests/status_matchers.h"
#include "vfs/posix/native_executor.h"

namespace permafrost::engine {
namespace {

using testing::StoreWorld;
using testing::TestSource;

constexpr std::int32_t kLakeChunks = 6;

class StoreThreads : public ::testing::Test {
 protected:
  void SetUp() override {
    for (std::int32_t chunk = 0; chunk < kLakeChunks; ++chunk)
      source_.complete.insert(ChunkId{chunk});
    StoreOptions options = StoreWorld::SmallOptions();
    options.rocks.queued_jobs = false;
    options.workers = 3;
    vfs::Env env = world_.Env();
    env.executor = &executor_;
    ASSERT_OK_AND_ASSIGN(store_, Store::Open(env, options));
  }

  // OK, or superseded by what another thread does.
  void Expect(const absl::Status& status) {
    if (!status.ok() && !absl::IsAborted(status)) {
      ++failures_;
      ADD_FAILURE() << status;
    }
  }

  StoreWorld world_;
  vfs::NativeExecutor executor_;
  TestSource source_;
  std::unique_ptr<Store> store_;
  std::atomic<int> failures_ = 0;
};

TEST_F(StoreThreads, FreezesBuildsPruningIngestionAndReadersAtOnce) {
  std::atomic<bool> is_over = false;
  std::vector<std::thread> writers;
  for (const std::int32_t first : {0, 3}) {
    writers.emplace_back([&, first] {
      for (std::int32_t chunk = first; chunk < first + 3; ++chunk)
        Expect(store_->FreezeChunk(ChunkId{chunk}, kAllArtifactKinds, source_));
      const WindowId window{static_cast<std::uint32_t>(first / 3)};
      Expect(store_->BuildIndex({window, {ChunkId{first}, ChunkId{first + 2}}}, source_));
    });
  }
  writers.emplace_back([&] {
    for (int i = 0; i < 4; ++i) Expect(store_->RunLifecycle(source_).status());
    store_->SetRetention(2);
    for (int i = 0; i < 4; ++i) Expect(store_->RunLifecycle(source_).status());
  });
  writers.emplace_back([&] {
    Expect(store_->CreateHot(ChunkId{kLakeChunks}));
    const LedgerSeq first = store_->layout().geometry().First(ChunkId{kLakeChunks});
    for (std::uint32_t i = 0; i < 8; ++i) {
      vfs::RocksBatch rows;
      rows.Put(vfs::kDefaultFamily, fmt::format("ledgers:{}", i), "row");
      Expect(store_->CommitLedger(LedgerSeq{first.value() + i}, rows));
    }
  });
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader) {
    readers.emplace_back([&] {
      while (!is_over) {
        const ReadView view = store_->OpenView();
        for (std::int32_t chunk = 0; chunk <= kLakeChunks; ++chunk) {
          const auto content = view.ReadArtifact({ChunkId{chunk}, ArtifactKind::kLedgers});
          if (!content.ok() && !absl::IsNotFound(content.status())) Expect(content.status());
        }
      }
    });
  }

  for (std::thread& thread : writers) thread.join();
  is_over = true;
  for (std::thread& thread : readers) thread.join();

  ASSERT_EQ(failures_, 0);
  ASSERT_OK(store_->RunLifecycle(source_));
  EXPECT_TRUE(store_->PlanNow(source_)->empty());
  EXPECT_EQ(testing::Disagreement(*store_, world_.disk()), "");
  ASSERT_OK(store_->Close());
}

}  // namespace
}  // namespace permafrost::engine
