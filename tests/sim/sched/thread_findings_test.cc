// What ends a run with a report: deadlocks, livelocks, threads that nobody joined, waits outside.
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <gtest/gtest.h>

#include "sim/sched/kernel.h"
#include "sim/sched/threads.h"
#include "tests/sim/sched/thread_modes.h"
#include "vfs/base/step.h"

namespace permafrost::sim {
namespace {

using ThreadsDeathTest = Threads;
INSTANTIATE_TEST_SUITE_P(Modes, ThreadsDeathTest, ::testing::ValuesIn(Modes()), NameOfMode);

TEST_P(ThreadsDeathTest, TwoLocksInOppositeOrderAreADeadlockWithNames) {
  const auto run = [&] {
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
      Run(seed, "pct 2 20", [] {
        std::mutex a;
        std::mutex b;
        std::thread other([&] {
          SetCurrentThreadName("sweeper");
          const vfs::Step step("delete.key");
          const std::lock_guard<std::mutex> first(b);
          const std::lock_guard<std::mutex> second(a);
        });
        {
          const std::lock_guard<std::mutex> first(a);
          const std::lock_guard<std::mutex> second(b);
        }
        other.join();
      });
    }
  };

  EXPECT_DEATH(run(),
               "deadlock: none of 2 threads can run; seed .*\n"
               "  thread 0 'main' waits for mutex 1, held by thread 1 'sweeper', for .*\n"
               "  thread 1 'sweeper' waits for mutex 2, held by thread 0 'main', in step "
               "delete.key, for .*\n"
               "schedule: [0-9]+:");
}

TEST_P(ThreadsDeathTest, ALostWakeUpIsADeadlock) {
  const auto run = [&] {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      Run(seed, "pct 2 20", [] {
        std::mutex mutex;
        std::condition_variable changed;
        std::atomic<bool> is_done{false};
        std::thread other([&] {
          is_done = true;
          changed.notify_one();  // between the test and the wait it wakes nobody
        });
        {
          std::unique_lock<std::mutex> lock(mutex);
          while (!is_done) {
            SchedulingPoint();
            changed.wait(lock);
          }
        }
        other.join();
      });
    }
  };

  EXPECT_DEATH(run(),
               "deadlock: none of 1 threads can run.*\n"
               "  thread 0 'main' waits for condition 1, for ");
}

TEST_P(ThreadsDeathTest, AThreadThatNobodyJoinedIsNamed) {
  EXPECT_DEATH(Run(1, "run-to-block",
                   [] {
                     pthread_t thread{};
                     pthread_create(
                         &thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
                   }),
               "thread 1 'thread-1' ended and nobody joined or detached it");
}

TEST_P(ThreadsDeathTest, AnEndlessYieldIsALivelock) {
  ThreadOptions options = Options(1, "run-to-block");
  options.steps_max = 10'000;

  EXPECT_DEATH(RunThreads(options,
                          [] {
                            while (true) std::this_thread::yield();
                          }),
               "livelock: 10000 scheduling points and no end.*\n"
               "  thread 0 'main' runs");
}

TEST_P(ThreadsDeathTest, ATimerDoesNotHideALivelock) {
  ThreadOptions options = Options(1, "run-to-block");
  options.virtual_nanos_max = 3'600'000'000'000;

  EXPECT_DEATH(RunThreads(options,
                          [] {
                            while (true) std::this_thread::sleep_for(std::chrono::seconds(1));
                          }),
               "livelock: 3600.000 s of virtual time and no end");
}

TEST_P(ThreadsDeathTest, AWaitOutsideTheSimulationIsNamed) {
  ThreadOptions options = Options(1, "run-to-block");
  options.stuck_seconds_max = 2;

  EXPECT_DEATH(RunThreads(options,
                          [] {
                            int ends[2];
                            ASSERT_EQ(pipe(ends), 0);
                            SetCurrentThreadName("reader");
                            char byte = 0;
                            static_cast<void>(read(ends[0], &byte, 1));  // nobody ever writes
                          }),
               "stuck: thread 0 'reader' reached no scheduling point for 2 s of real time; it "
               "waits for something outside the simulation, or spins");
}

// A wait that no symbol of the C library is behind.
void WaitInTheKernel() {
  std::int32_t word = 0;
  RawSyscall(SYS_futex, reinterpret_cast<std::int64_t>(&word), FUTEX_WAIT_PRIVATE, 0);
}

TEST_P(ThreadsDeathTest, AWaitPastEverySymbolIsNamedWithItsStep) {
  ThreadOptions options = Options(1, "run-to-block");
  options.stuck_seconds_max = 2;

  EXPECT_DEATH(RunThreads(options,
                          [] {
                            std::thread other([] {
                              SetCurrentThreadName("flusher");
                              const vfs::Step step("freeze.write");
                              WaitInTheKernel();
                            });
                            other.join();
                          }),
               "stuck: thread 1 'flusher', in step freeze.write, reached no scheduling point for "
               "2 s of real time; it waits for something outside the simulation, or spins; .*\n"
               "  thread 0 'main' waits for the end of thread 1 'flusher', for .*\n"
               "  thread 1 'flusher' runs, in step freeze.write\n");
}

}  // namespace
}  // namespace permafrost::sim
