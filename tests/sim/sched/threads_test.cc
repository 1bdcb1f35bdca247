// Deterministic threads: every primitive blocks virtually, equal seeds give equal runs, schedules
// replay.
#include "sim/sched/threads.h"

#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <mutex>
#include <random>
#include <set>
#include <shared_mutex>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/sched/sched.h"
#include "tests/sim/sched/thread_modes.h"
#include "tests/status_matchers.h"

namespace permafrost::sim {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;

INSTANTIATE_TEST_SUITE_P(Modes, Threads, ::testing::ValuesIn(Modes()), NameOfMode);

// Four threads that each add to a common text a few times, under a lock.
std::string Interleave() {
  std::mutex mutex;
  std::string text;
  std::vector<std::thread> threads;
  for (char name = 'a'; name < 'e'; ++name) {
    threads.emplace_back([&, name] {
      for (int i = 0; i < 5; ++i) {
        const std::lock_guard<std::mutex> lock(mutex);
        text += name;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return text;
}

TEST_P(Threads, OneThreadAtATimeRunsUntilItWaits) {
  std::string text;

  const ThreadReport report = Run(1, "run-to-block", [&] { text = Interleave(); });

  EXPECT_EQ(text, "aaaaabbbbbcccccddddd");
  EXPECT_EQ(report.threads, 5U);
}

TEST_P(Threads, EqualSeedsGiveEqualRunsAndOthersDiffer) {
  for (const char* strategy : {"random-walk 3/10", "uniform", "pct 3 100"}) {
    std::set<std::string> texts;
    std::set<std::uint64_t> hashes;
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      std::string first;
      std::string again;
      const ThreadReport one = Run(seed, strategy, [&] { first = Interleave(); });
      const ThreadReport two = Run(seed, strategy, [&] { again = Interleave(); });
      ASSERT_EQ(first, again) << strategy << " seed " << seed;
      ASSERT_EQ(one.hash, two.hash) << strategy << " seed " << seed;
      ASSERT_EQ(one.steps, two.steps);
      texts.insert(first);
      hashes.insert(one.hash);
    }
    EXPECT_GT(texts.size(), 20U) << strategy;
    EXPECT_GT(hashes.size(), 40U) << strategy;
  }
}

TEST_P(Threads, ARecordedScheduleReplaysTheRun) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::string text;
    std::string replayed;
    const ThreadReport recorded = Run(seed, "random-walk 1/2", [&] { text = Interleave(); });
    ASSERT_OK_AND_ASSIGN(const Schedule schedule, ParseSchedule(ToString(recorded.schedule)));

    const ThreadReport again =
        RunThreads({.seed = 999,
                    .strategy = {.kind = StrategySpec::Kind::kReplay, .schedule = schedule},
                    .mode = GetParam()},
                   [&] { replayed = Interleave(); });

    EXPECT_EQ(replayed, text);
    EXPECT_EQ(again.schedule, recorded.schedule);
    EXPECT_EQ(again.hash, recorded.hash);
  }
}

TEST_P(Threads, AnEmptyScheduleIsRunToBlock) {
  std::string text;

  RunThreads({.strategy = {.kind = StrategySpec::Kind::kReplay}, .mode = GetParam()},
             [&] { text = Interleave(); });

  EXPECT_EQ(text, "aaaaabbbbbcccccddddd");
}

TEST_P(Threads, AnHourPassesAtOnce) {
  milliseconds waited{};
  const std::uint64_t real_before = RealNanos();

  const ThreadReport report = Run(1, "run-to-block", [&] {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock<std::mutex> lock(mutex);
    const auto before = std::chrono::steady_clock::now();
    EXPECT_EQ(never.wait_for(lock, hours(1)), std::cv_status::timeout);
    std::this_thread::sleep_for(hours(1));
    waited = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - before);
  });

  EXPECT_EQ(waited, hours(2));
  EXPECT_GE(report.virtual_nanos, 7'200'000'000'000U);
  EXPECT_LT(RealNanos() - real_before, 1'000'000'000U);
}

TEST_P(Threads, SleepersWakeInTheOrderOfTheirTimes) {
  Notes order;

  Run(1, "uniform", [&] {
    std::vector<std::thread> threads;
    for (const int seconds : {3, 1, 2}) {
      threads.emplace_back([&order, seconds] {
        std::this_thread::sleep_for(std::chrono::seconds(seconds));
        order.Add(static_cast<char>('0' + seconds));
      });
    }
    for (std::thread& thread : threads) thread.join();
  });

  EXPECT_EQ(order.Text(), "123");
}

// One pass over everything that blocks; the text says in which order things happened.
std::string UseEverything() {
  std::mutex mutex;
  std::string text;
  const auto say = [&](char c) {
    const std::lock_guard<std::mutex> lock(mutex);
    text += c;
  };

  std::once_flag once;
  std::atomic<int> flag{0};
  std::shared_mutex shared;
  std::latch latch(3);
  std::barrier<> barrier(3);
  std::recursive_mutex recursive;
  std::timed_mutex timed;
  std::condition_variable_any any;
  std::mutex any_mutex;
  bool is_ready = false;
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  pthread_barrier_t posix_barrier;
  pthread_barrier_init(&posix_barrier, nullptr, 3);
  std::promise<int> promise;
  std::shared_future<int> future = promise.get_future().share();

  const auto work = [&](char name) {
    std::call_once(once, [&] { say('1'); });
#ifndef __SANITIZE_THREAD__  // whose own guards wait where the scheduler does not see it
    static const int guarded = [] {
      std::this_thread::sleep_for(milliseconds(1));
      return 7;
    }();
    EXPECT_EQ(guarded, 7);
#endif
    {
      const std::shared_lock<std::shared_mutex> lock(shared);
      say(name);
    }
    {
      const std::unique_lock<std::shared_mutex> lock(shared);
      say(name);
    }
    const std::lock_guard<std::recursive_mutex> outer(recursive);
    const std::lock_guard<std::recursive_mutex> inner(recursive);
    say(name);
  };
  const auto meet = [&](char name) {
    work(name);
    latch.arrive_and_wait();
    barrier.arrive_and_wait();
    pthread_barrier_wait(&posix_barrier);
    sem_post(&semaphore);
    flag.wait(0);
    if (timed.try_lock_for(hours(1))) {
      say(name);
      timed.unlock();
    }
    std::unique_lock<std::mutex> lock(any_mutex);
    any.wait(lock, [&] { return is_ready; });
    say(static_cast<char>('0' + future.get()));
  };
  std::vector<std::thread> threads;
  for (char name = 'x'; name <= 'z'; ++name) threads.emplace_back(meet, name);
  auto task = std::async(std::launch::async, [&] { return flag.load() + 1; });
  for (int i = 0; i < 3; ++i) sem_wait(&semaphore);
  flag = 1;
  flag.notify_all();
  {
    const std::lock_guard<std::mutex> lock(any_mutex);
    is_ready = true;
  }
  any.notify_all();
  promise.set_value(5);
  EXPECT_THAT(task.get(), Ge(1));
  for (std::thread& thread : threads) thread.join();
  pthread_barrier_destroy(&posix_barrier);
  sem_destroy(&semaphore);
  return text;
}

TEST_P(Threads, EveryPrimitiveOfTheLibraryWorksAndIsDeterministic) {
  Run(0, "run-to-block", [] { UseEverything(); });  // static objects are made once in a process
  std::set<std::string> texts;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    std::string first;
    std::string again;

    Run(seed, "random-walk 1/2", [&] { first = UseEverything(); });
    Run(seed, "random-walk 1/2", [&] { again = UseEverything(); });

    ASSERT_EQ(first, again) << seed;
    EXPECT_EQ(first.size(), 16U) << first;
    texts.insert(first);
  }
  EXPECT_GT(texts.size(), 10U);
}

TEST_P(Threads, AOnceThatIsDoneInsideARunIsDoneOutsideAndTheOtherWayRound) {
  std::once_flag inside_first;
  std::once_flag outside_first;
  int calls = 0;
  const auto call = [&] { ++calls; };
  std::call_once(outside_first, call);

  Run(1, "run-to-block", [&] {
    std::call_once(inside_first, call);
    std::call_once(outside_first, call);
  });
  std::call_once(inside_first, call);

  EXPECT_EQ(calls, 2);
}

TEST_P(Threads, ChanceAndIdentityComeFromTheSeed) {
  const auto draw = [&](std::uint64_t seed) {
    std::vector<std::uint64_t> values;
    Run(seed, "run-to-block", [&] {
      std::random_device device;
      values.push_back(device());
      values.push_back(static_cast<std::uint64_t>(gettid()));
      std::thread([&] {
        values.push_back(pthread_self());
        values.push_back(static_cast<std::uint64_t>(gettid()));
        values.push_back(device());
      }).join();
      values.push_back(std::thread::hardware_concurrency());
    });
    return values;
  };

  EXPECT_EQ(draw(1), draw(1));
  EXPECT_NE(draw(1), draw(2));
}

TEST_P(Threads, ThreadLocalDestructorsRunWithTheToken) {
  static Notes* ended = nullptr;
  struct Marked {
    ~Marked() {
      std::mutex mutex;
      const std::lock_guard<std::mutex> lock(mutex);  // a scheduling point inside a destructor
      SchedulingPoint();
      ended->Add(name);
    }
    char name = '?';
  };
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Notes first;
    Notes again;
    for (Notes* order : {&first, &again}) {
      ended = order;
      Run(seed, "uniform", [&] {
        std::vector<std::thread> threads;
        for (char name = 'a'; name <= 'd'; ++name) {
          threads.emplace_back([name] {
            thread_local Marked marked;
            marked.name = name;
          });
        }
        for (std::thread& thread : threads) thread.join();
        EXPECT_EQ(ended->Text().size(), 4U);
      });
    }
    EXPECT_EQ(first.Text(), again.Text());
  }
}

TEST_P(Threads, ALostUpdateIsFoundWhereAPointDividesReadAndWrite) {
  int lost = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    std::atomic<int> counter{0};
    Run(seed, "pct 2 6", [&] {
      const auto add = [&] {
        const int seen = counter.load();
        SchedulingPoint();
        counter.store(seen + 1);
      };
      std::thread other(add);
      add();
      other.join();
    });
    if (counter.load() != 2) ++lost;
  }
  EXPECT_GT(lost, 5);
  EXPECT_LT(lost, 100);
}

// In how many of 100 schedules two withdrawals of the one coin there is both succeed: each looks
// and takes under a lock, but not under one lock.
int OverdrawnAccounts(std::string_view strategy, ThreadMode mode) {
  int overdrawn = 0;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    int coins = 1;
    const ThreadOptions options{.seed = seed, .strategy = StrategyOf(strategy), .mode = mode};
    RunThreads(options, [&] {
      std::mutex mutex;
      const auto withdraw = [&] {
        {
          const std::lock_guard<std::mutex> lock(mutex);
          if (coins < 1) return;
        }
        const std::lock_guard<std::mutex> lock(mutex);
        --coins;
      };
      std::thread other(withdraw);
      withdraw();
      other.join();
    });
    if (coins < 0) ++overdrawn;
  }
  return overdrawn;
}

TEST_P(Threads, AnActOnACheckThatHoldsNoMoreIsFoundByPct) {
  EXPECT_EQ(OverdrawnAccounts("run-to-block", GetParam()), 0);
  EXPECT_GT(OverdrawnAccounts("pct 2 20", GetParam()), 5);
}

// The orders in which two threads can each write their name twice.
std::set<std::string> OrdersWithin(int preemptions_max, ThreadMode mode) {
  std::set<std::string> texts;
  ExhaustiveSearch search(preemptions_max);
  while (search.HasNext() && search.runs() < 10'000) {
    Notes text;
    RunThreads({.strategy_override = &search, .mode = mode}, [&] {
      const auto twice = [&text](char name) {
        text.Add(name);
        SchedulingPoint();
        text.Add(name);
      };
      std::thread other([&] { twice('b'); });
      twice('a');
      other.join();
    });
    texts.insert(text.Text());
    search.EndRun();
  }
  EXPECT_FALSE(search.HasNext());
  return texts;
}

TEST_P(Threads, ExhaustiveSearchCoversEveryOrderWithinItsBound) {
  EXPECT_THAT(OrdersWithin(0, GetParam()), ElementsAre("aabb"));
  EXPECT_THAT(OrdersWithin(1, GetParam()), ElementsAre("aabb", "abba", "bbaa"));
  EXPECT_THAT(OrdersWithin(3, GetParam()),
              ElementsAre("aabb", "abab", "abba", "baab", "baba", "bbaa"));
}

TEST(Schedules, PrintAndParse) {
  const auto schedule = ParseSchedule("  3:1 12:0  40:7 ");

  ASSERT_OK(schedule.status());
  EXPECT_EQ(ToString(*schedule), "3:1 12:0 40:7");
  EXPECT_ERROR(ParseSchedule("3:1 x:2"), absl::StatusCode::kInvalidArgument,
               ::testing::Eq("schedule: 'x:2' is no 'decision:thread', as in '12:3'"));
  EXPECT_ERROR(ParseSchedule("3:1 3:2"), absl::StatusCode::kInvalidArgument,
               ::testing::Eq("schedule: decision 3 stands behind 3; order them"));
}

TEST(Strategies, PrintAndParse) {
  for (const char* text :
       {"run-to-block", "random-walk 1/20", "uniform", "pct 4 1000", "replay", "replay 3:1 4:0"}) {
    EXPECT_EQ(ToString(StrategyOf(text)), text);
  }
  for (const char* words :
       {"", "pct x", "pct 0", "random-walk 3", "random-walk 4/3", "uniform 1", "fair"}) {
    EXPECT_ERROR(ParseStrategy(words), absl::StatusCode::kInvalidArgument,
                 HasSubstr("known: run-to-block, random-walk N/M"));
  }
}

}  // namespace
}  // namespace permafrost::sim
