// Forked workers: order, independence of their number, and what is known of one that died.
#include "sim/explore/worker_pool.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/status_matchers.h"
#include "vfs/posix/system_clock.h"

namespace permafrost::sim {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

std::vector<std::string> FramesOf(const std::vector<ItemResult>& results) {
  std::vector<std::string> frames;
  for (const ItemResult& result : results)
    frames.push_back(result.is_finished ? result.frame : "died");
  return frames;
}

TEST(WorkerPool, NothingToDoIsNothingDone) {
  ASSERT_OK_AND_ASSIGN(const auto results,
                       RunInWorkers(0, 4, {}, [](std::size_t) { return std::string("x"); }));

  EXPECT_THAT(results, IsEmpty());
}

TEST(WorkerPool, ResultsComeInTheOrderOfItems) {
  ASSERT_OK_AND_ASSIGN(const auto results, RunInWorkers(50, 7, {.jobs = 3}, [](std::size_t i) {
                         return fmt::format("item {}", i);
                       }));

  ASSERT_EQ(results.size(), 50U);
  for (std::size_t i = 0; i < results.size(); ++i)
    EXPECT_EQ(results[i].frame, fmt::format("item {}", i));
}

TEST(WorkerPool, FramesOfAnySizeArriveWhole) {
  const std::vector<std::size_t> sizes{0, 1, 65535, 65536, 3'000'000};

  ASSERT_OK_AND_ASSIGN(const auto results,
                       RunInWorkers(sizes.size(), 2, {.jobs = 2}, [&](std::size_t i) {
                         return std::string(sizes[i], static_cast<char>('a' + i));
                       }));

  for (std::size_t i = 0; i < sizes.size(); ++i)
    EXPECT_EQ(results[i].frame, std::string(sizes[i], static_cast<char>('a' + i))) << i;
}

TEST(WorkerPool, WhatAnItemInheritsDoesNotDependOnTheNumberOfJobs) {
  const auto run = [](std::uint32_t jobs) {
    // Counts the items before this one in its worker: a leak of state between items would show.
    int before = 0;
    return FramesOf(*RunInWorkers(20, 6, {.jobs = jobs}, [&](std::size_t i) {
      return fmt::format("{} after {}", i, before++);
    }));
  };

  const auto one = run(1);

  EXPECT_EQ(one[0], "0 after 0");
  EXPECT_EQ(one[5], "5 after 5");
  EXPECT_EQ(one[6], "6 after 0");
  EXPECT_EQ(run(2), one);
  EXPECT_EQ(run(5), one);
}

TEST(WorkerPool, TheCallersMemoryIsUntouched) {
  int touched = 0;

  EXPECT_OK(RunInWorkers(3, 1, {}, [&](std::size_t) {
    ++touched;
    return std::string();
  }));

  EXPECT_EQ(touched, 0);
}

TEST(WorkerPool, AnAbortLeavesItsLastWordsAndTheOthersFinish) {
  ASSERT_OK_AND_ASSIGN(const auto results, RunInWorkers(6, 6, {.jobs = 2}, [](std::size_t i) {
                         LeaveBreadcrumb(fmt::format("at item {}", i));
                         if (i == 2) {
                           std::fputs("first line\nthe disk ate it\n", stderr);
                           std::fflush(stderr);
                           std::abort();
                         }
                         return fmt::format("done {}", i);
                       }));

  EXPECT_THAT(FramesOf(results),
              ::testing::ElementsAre("done 0", "done 1", "died", "done 3", "done 4", "done 5"));
  EXPECT_EQ(results[2].last_words, "killed by signal 6 (Aborted): first line the disk ate it");
  EXPECT_EQ(results[2].breadcrumb, "at item 2");
  EXPECT_THAT(results[3].last_words, IsEmpty());
}

TEST(WorkerPool, EveryItemMayDieAndEachIsReported) {
  ASSERT_OK_AND_ASSIGN(const auto results,
                       RunInWorkers(5, 3, {.jobs = 2}, [](std::size_t i) -> std::string {
                         std::fprintf(stderr, "item %zu", i);
                         std::fflush(stderr);
                         std::abort();
                       }));

  for (std::size_t i = 0; i < results.size(); ++i) {
    EXPECT_FALSE(results[i].is_finished);
    EXPECT_THAT(results[i].last_words, EndsWith(fmt::format("item {}", i)));
  }
}

TEST(WorkerPool, AnExitIsADeathToo) {
  ASSERT_OK_AND_ASSIGN(const auto results,
                       RunInWorkers(1, 1, {}, [](std::size_t) -> std::string { _exit(7); }));

  EXPECT_EQ(results[0].last_words, "exited with status 7");
}

TEST(WorkerPool, ALongErrorOutputIsCutAtItsBeginning) {
  ASSERT_OK_AND_ASSIGN(const auto results, RunInWorkers(1, 1, {}, [](std::size_t) -> std::string {
                         std::fputs((std::string(5000, '.') + "the end").c_str(), stderr);
                         std::fflush(stderr);
                         std::abort();
                       }));

  EXPECT_THAT(results[0].last_words, AllOf(StartsWith("killed by signal 6"), EndsWith("the end")));
  EXPECT_LT(results[0].last_words.size(), 700U);
}

TEST(WorkerPool, ALongBreadcrumbIsCut) {
  ASSERT_OK_AND_ASSIGN(const auto results, RunInWorkers(1, 1, {}, [](std::size_t) -> std::string {
                         LeaveBreadcrumb(std::string(100'000, 'b'));
                         std::abort();
                       }));

  EXPECT_EQ(results[0].breadcrumb.size(), 65535U);
}

TEST(WorkerPool, AHangIsEndedAndTheOthersFinish) {
  ASSERT_OK_AND_ASSIGN(const auto results,
                       RunInWorkers(3, 3, {.jobs = 1, .seconds_per_step = 1}, [](std::size_t i) {
                         LeaveBreadcrumb(fmt::format("at item {}", i));
                         volatile bool goes_on = i == 1;
                         while (goes_on) {
                         }
                         return fmt::format("done {}", i);
                       }));

  EXPECT_THAT(FramesOf(results), ::testing::ElementsAre("done 0", "died", "done 2"));
  EXPECT_EQ(results[1].last_words, "hang: still running after 1 s");
  EXPECT_EQ(results[1].breadcrumb, "at item 1");
}

TEST(WorkerPool, TimeInWhichAWorkerIsStoppedIsNoHang) {
  ASSERT_OK_AND_ASSIGN(const auto results,
                       RunInWorkers(1, 1, {.jobs = 1, .seconds_per_step = 1}, [](std::size_t) {
                         const pid_t worker = getpid();
                         const pid_t waker = fork();
                         if (waker == 0) {
                           vfs::SystemClock().SleepNanos(4'000'000'000);
                           kill(worker, SIGCONT);
                           _exit(0);
                         }
                         raise(SIGSTOP);
                         int status = 0;
                         waitpid(waker, &status, 0);
                         return std::string("went on");
                       }));
  EXPECT_EQ(results[0].frame, "went on") << results[0].last_words;
}

TEST(WorkerPool, ABreadcrumbOutsideAWorkerIsNoMistake) {
  LeaveBreadcrumb("nobody listens");

  ASSERT_OK_AND_ASSIGN(const auto results,
                       RunInWorkers(1, 1, {}, [](std::size_t) -> std::string { _exit(1); }));
  EXPECT_THAT(results[0].breadcrumb, IsEmpty());
}

}  // namespace
}  // namespace permafrost::sim
