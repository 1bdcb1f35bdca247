// Jobs on real threads: all run, in order, no wider than allowed; and the machine's clock.
#include "vfs/posix/native_executor.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "vfs/base/step.h"
#include "vfs/posix/system_clock.h"

namespace permafrost::vfs {
namespace {

TEST(NativeExecutor, DrainReturnsWhenEverythingRan) {
  NativeExecutor executor;
  executor.SetWidth(Priority::kLow, 4);
  std::atomic<int> ran = 0;

  for (int i = 0; i < 200; ++i) {
    executor.Schedule(
        {.name = "job", .priority = static_cast<Priority>(i % 4), .run = [&] { ++ran; }});
  }
  executor.Drain();

  EXPECT_EQ(ran, 200);
}

TEST(NativeExecutor, AtWidthOneJobsRunInOrder) {
  NativeExecutor executor;
  std::vector<int> order;  // one job at a time touches it

  for (int i = 0; i < 100; ++i) {
    executor.Schedule({.name = "job", .run = [&order, i] { order.push_back(i); }});
  }
  executor.Drain();

  ASSERT_EQ(order.size(), 100U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(NativeExecutor, NoMoreJobsRunAtOnceThanTheWidth) {
  NativeExecutor executor;
  executor.SetWidth(Priority::kHigh, 3);
  std::atomic<int> running = 0;
  std::atomic<int> peak = 0;

  for (int i = 0; i < 300; ++i) {
    executor.Schedule({.name = "job", .priority = Priority::kHigh, .run = [&] {
                         const int now = ++running;
                         int seen = peak;
                         while (now > seen && !peak.compare_exchange_weak(seen, now)) {
                         }
                         --running;
                       }});
  }
  executor.Drain();

  EXPECT_LE(peak, 3);
  EXPECT_EQ(executor.Width(Priority::kHigh), 3);
}

TEST(NativeExecutor, CancelledJobsDoNotRun) {
  NativeExecutor executor;
  executor.SetWidth(Priority::kLow, 0);
  const int owner = 0;
  int ran = 0;
  int cancelled = 0;
  for (int i = 0; i < 3; ++i) {
    executor.Schedule({.name = "job",
                       .tag = i == 1 ? nullptr : &owner,
                       .run = [&] { ++ran; },
                       .cancelled = [&] { ++cancelled; }});
  }

  EXPECT_EQ(executor.QueuedCount(Priority::kLow), 3U);
  EXPECT_EQ(executor.Cancel(&owner, Priority::kLow), 2);
  executor.SetWidth(Priority::kLow, 1);
  executor.Drain();

  EXPECT_EQ(ran, 1);
  EXPECT_EQ(cancelled, 2);
}

TEST(NativeExecutor, WhatIsStillQueuedAtTheEndIsCancelled) {
  int ran = 0;
  int cancelled = 0;
  {
    NativeExecutor executor;
    executor.SetWidth(Priority::kLow, 0);
    executor.Schedule({.name = "job", .run = [&] { ++ran; }, .cancelled = [&] { ++cancelled; }});
  }

  EXPECT_EQ(ran, 0);
  EXPECT_EQ(cancelled, 1);
}

TEST(NativeExecutor, ThreadsAreNamedAndJobsRunUnderTheBackgroundStep) {
  NativeExecutor executor;
  std::string label;
  std::string thread_name(16, '\0');

  executor.Schedule({.name = "job", .priority = Priority::kHigh, .run = [&] {
                       label = Step::Path();
                       ::pthread_getname_np(::pthread_self(), thread_name.data(),
                                            thread_name.size());
                     }});
  executor.Drain();

  EXPECT_EQ(label, "background");
  EXPECT_STREQ(thread_name.c_str(), "vfs-high-0");
}

TEST(SystemClock, MonotonicTimeNeverFallsAndASleepLasts) {
  SystemClock clock;
  const std::uint64_t before = clock.MonotonicNanos();

  clock.SleepNanos(2'000'000);

  EXPECT_GE(clock.MonotonicNanos(), before + 2'000'000);
  EXPECT_GT(clock.NowNanos(), 1'700'000'000'000'000'000U) << "nanoseconds since 1970";
}

}  // namespace
}  // namespace permafrost::vfs
