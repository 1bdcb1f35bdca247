// Atomic operations as scheduling points: this file is compiled with -fsanitize=thread and linked
// with sim/sched/atomic_points.cc in place of the sanitizer's library.
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "sim/sched/threads.h"
#include "tests/sim/sched/thread_modes.h"

namespace permafrost::sim {
namespace {

class AtomicPoints : public ::testing::TestWithParam<ThreadMode> {};
INSTANTIATE_TEST_SUITE_P(Modes, AtomicPoints, ::testing::ValuesIn(Modes()), NameOfMode);

// In how many of 200 schedules one of two additions is lost.
int LostUpdates(ThreadMode mode, bool has_points) {
  int lost = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    std::atomic<int> counter{0};
    RunThreads({.seed = seed,
                .strategy = StrategyOf("random-walk 1/2"),
                .mode = mode,
                .atomic_points = has_points},
               [&] {
                 const auto add = [&] { counter.store(counter.load() + 1); };
                 std::thread other(add);
                 add();
                 other.join();
               });
    if (counter.load() != 2) ++lost;
  }
  return lost;
}

TEST_P(AtomicPoints, ALostUpdateBetweenLoadAndStoreIsFound) {
  EXPECT_GT(LostUpdates(GetParam(), true), 20);
}

TEST_P(AtomicPoints, WithoutThemTheSameUpdateIsNeverLost) {
  EXPECT_EQ(LostUpdates(GetParam(), false), 0);
}

// Makes a static object, one for each mode, by an atomic operation.
template <ThreadMode mode>
int MadeOnce() {
  static std::atomic<int> count{0};
  static const int made = ++count;
  return made;
}

TEST_P(AtomicPoints, AStaticObjectThatIsMadeOnTheWayAddsNone) {
  const auto make = [] {
    EXPECT_EQ(GetParam() == ThreadMode::kFutex ? MadeOnce<ThreadMode::kFutex>()
                                               : MadeOnce<ThreadMode::kFiber>(),
              1);
  };
  const ThreadOptions options{.mode = GetParam()};

  const ThreadReport first = RunThreads(options, make);
  const ThreadReport again = RunThreads(options, make);

  EXPECT_EQ(first.steps, again.steps);
  EXPECT_EQ(first.hash, again.hash);
}

}  // namespace
}  // namespace permafrost::sim
