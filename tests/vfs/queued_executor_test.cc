// Order, choice and cancellation of queued jobs.
#include "vfs/queued_executor.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vfs/base/step.h"

namespace permafrost::vfs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class QueuedExecutorTest : public ::testing::Test {
 protected:
  void Add(std::string name, Priority priority, const void* tag = nullptr) {
    executor_.Schedule({.name = name,
                        .priority = priority,
                        .tag = tag,
                        .run = [this, name] { log_.push_back(name); },
                        .cancelled = [this, name] { log_.push_back("cancelled " + name); }});
  }

  QueuedExecutor executor_;
  std::vector<std::string> log_;
};

TEST_F(QueuedExecutorTest, ScheduleOnlyQueues) {
  Add("a", Priority::kLow);
  Add("b", Priority::kHigh);

  EXPECT_THAT(log_, IsEmpty());
  EXPECT_EQ(executor_.queued(), 2U);
  EXPECT_EQ(executor_.QueuedCount(Priority::kLow), 1U);
  EXPECT_THAT(executor_.Ready(), ElementsAre("a", "b"));
}

TEST_F(QueuedExecutorTest, JobsOfOnePriorityRunInOrder) {
  for (const char* name : {"a", "b", "c"}) Add(name, Priority::kLow);
  Prng prng(1);

  while (executor_.RunOne(prng)) {
  }

  EXPECT_THAT(log_, ElementsAre("a", "b", "c"));
  EXPECT_FALSE(executor_.RunOne(prng));
}

TEST_F(QueuedExecutorTest, OneSeedGivesOneOrderAndSeedsDiffer) {
  const auto order_of = [](std::uint64_t seed) {
    QueuedExecutor executor;
    std::string order;
    for (int i = 0; i < 8; ++i) {
      executor.Schedule({.name = "l", .priority = Priority::kLow, .run = [&] { order += 'l'; }});
      executor.Schedule({.name = "h", .priority = Priority::kHigh, .run = [&] { order += 'h'; }});
    }
    Prng prng(seed);
    while (executor.RunOne(prng)) {
    }
    return order;
  };

  EXPECT_EQ(order_of(1), order_of(1));
  std::set<std::string> orders;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) orders.insert(order_of(seed));
  EXPECT_GT(orders.size(), 10U);
}

TEST_F(QueuedExecutorTest, WithoutAChoiceNothingIsDrawn) {
  Add("a", Priority::kLow);
  Prng prng(7);

  ASSERT_TRUE(executor_.RunOne(prng));

  EXPECT_EQ(prng.Next(), Prng(7).Next());
}

TEST_F(QueuedExecutorTest, RunNextRunsTheChosenPriority) {
  Add("low", Priority::kLow);
  Add("high", Priority::kHigh);

  executor_.RunNext(1);

  EXPECT_THAT(log_, ElementsAre("high"));
  EXPECT_THAT(executor_.Ready(), ElementsAre("low"));
}

TEST_F(QueuedExecutorTest, CancelRemovesOnlyTheOwnersJobsOfThatPriority) {
  const int owner = 0;
  const int other = 0;
  Add("a", Priority::kLow, &owner);
  Add("b", Priority::kLow, &other);
  Add("c", Priority::kLow, &owner);
  Add("d", Priority::kHigh, &owner);

  EXPECT_EQ(executor_.Cancel(&owner, Priority::kLow), 2);
  executor_.Drain();

  EXPECT_THAT(log_, ElementsAre("cancelled a", "cancelled c", "d", "b"));
}

TEST_F(QueuedExecutorTest, DrainRunsWhatJobsSchedule) {
  executor_.Schedule({.name = "first", .priority = Priority::kLow, .run = [this] {
                        Add("second", Priority::kLow);
                      }});

  executor_.Drain();

  EXPECT_THAT(log_, ElementsAre("second"));
  EXPECT_EQ(executor_.queued(), 0U);
}

TEST_F(QueuedExecutorTest, AtWidthZeroJobsWait) {
  executor_.SetWidth(Priority::kBottom, 0);
  Add("a", Priority::kBottom);

  executor_.Drain();
  EXPECT_THAT(log_, IsEmpty());
  EXPECT_EQ(executor_.Width(Priority::kBottom), 0);
  executor_.SetWidth(Priority::kBottom, 1);
  executor_.Drain();

  EXPECT_THAT(log_, ElementsAre("a"));
}

TEST_F(QueuedExecutorTest, AJobRunsUnderTheBackgroundStep) {
  std::string path;
  executor_.Schedule({.name = "a", .run = [&path] { path = Step::Path(); }});
  const Step outer("outer");

  executor_.Drain();

  EXPECT_EQ(path, "outer/background");
}

TEST_F(QueuedExecutorTest, DroppedJobsNeitherRunNorAreCancelled) {
  {
    QueuedExecutor dying;
    dying.Schedule({.name = "a",
                    .run = [this] { log_.push_back("ran"); },
                    .cancelled = [this] { log_.push_back("cancelled"); }});
  }
  EXPECT_THAT(log_, IsEmpty());
}

TEST(QueuedExecutorDeathTest, AJobInsideAJobIsRefused) {
  QueuedExecutor executor;
  executor.Schedule({.name = "outer", .run = [&executor] { executor.Drain(); }});
  executor.Schedule({.name = "inner", .run = [] {}});

  EXPECT_DEATH(executor.Drain(), "job 'inner' asked to run inside another job");
}

}  // namespace
}  // namespace permafrost::vfs
