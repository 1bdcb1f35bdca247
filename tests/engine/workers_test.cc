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

TEST(Turns, PiecesEndInTheirOrder) {
  vfs::NativeExecutor executor;
  executor.SetWidth(vfs::Priority::kUser, 3);
  Turns turns;
  std::vector<std::size_t> ended;  // by the turn that each has

  RunWorkers(executor, 4, 500, [&](std::size_t i) {
    turns.Await(i);
    EXPECT_TRUE(turns.HasCome(i));
    ended.push_back(i);
    turns.End(i);
  });

  ASSERT_EQ(ended.size(), 500U);
  for (std::size_t i = 0; i < ended.size(); ++i) EXPECT_EQ(ended[i], i);
}

TEST(Turns, APieceThatEndsEarlyGivesNobodyTheTurn) {
  Turns turns;
  turns.End(1);
  EXPECT_FALSE(turns.HasCome(2));
  turns.End(0);
  EXPECT_TRUE(turns.HasCome(2));
  turns.Await(2);
}

TEST(Workers, NothingToDoIsNothingDone) {
  vfs::QueuedExecutor executor;

  RunWorkers(executor, 4, 0, [](std::size_t) { FAIL(); });
}

}  // namespace
}  // namespace permafrost::engine
