// Pieces of work on several threads.
#include "engine/plan/workers.h"

#include <atomic>
#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vfs/posix/native_executor.h"
#include "vfs/queued_executor.h"

namespace permafrost::engine {
namespace {

TEST(Workers, EveryPieceIsDoneOnce) {
  vfs::NativeExecutor executor;
  executor.SetWidth(vfs::Priority::kUser, 3);
  std::vector<std::atomic<int>> done(100);

  RunWorkers(executor, 4, done.size(), [&](std::size_t i) { ++done[i]; });

  for (const std::atomic<int>& times : done) EXPECT_EQ(times, 1);
}

TEST(Workers, NoMoreThanAskedForWorkAtOnce) {
  vfs::NativeExecutor executor;
  executor.SetWidth(vfs::Priority::kUser, 8);
  std::atomic<int> now = 0;
  std::atomic<int> most = 0;

  RunWorkers(executor, 3, 200, [&](std::size_t) {
    const int mine = ++now;
    int seen = most;
    while (seen < mine && !most.compare_exchange_weak(seen, mine)) {
    }
    --now;
  });

  EXPECT_LE(most, 3);
}

TEST(Workers, AnExecutorThatStartsNoJobLeavesAllToTheCaller) {
  vfs::QueuedExecutor executor;
  std::set<std::size_t> done;

  RunWorkers(executor, 4, 3, [&](std::size_t i) { done.insert(i); });

  EXPECT_THAT(done, ::testing::ElementsAre(0, 1, 2));
  EXPECT_EQ(executor.QueuedCount(vfs::Priority::kUser), 0U);
}

TEST(Workers, NothingToDoIsNothingDone) {
  vfs::QueuedExecutor executor;

  RunWorkers(executor, 4, 0, [](std::size_t) { FAIL(); });
}

}  // namespace
}  // namespace permafrost::engine
