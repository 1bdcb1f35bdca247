// What is tied down while a scope exists, and that it is as it was outside one.
#include "sim/sched/sched.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <time.h>

#include <gmock/gmock.h>

#include "sim/world/virtual_clock.h"
#include "sim/world/world.h"
#include "tests/status_matchers.h"
#include "vfs/base/fault_point.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::sim {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kYear2026 = 1767225600ULL * kSecond;

std::uint64_t Nanos(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kSecond + static_cast<std::uint64_t>(now.tv_nsec);
}

vfs::RocksDbOptions QueuedOptions() {
  vfs::RocksDbOptions options;
  options.rocks.queued_jobs = true;
  return options;
}

TEST(Sched, TheShimsAreBoundAndTheLibraryIsTheKnownOne) { EXPECT_OK(CheckBindings()); }

TEST(Sched, AnEntryPointThatBelongsToTheLibraryIsNamed) {
  EXPECT_OK(CheckEntryPoint("pthread_mutex_lock"));
  EXPECT_ERROR(CheckEntryPoint("pthread_key_create"), absl::StatusCode::kFailedPrecondition,
               ::testing::Eq("symbol pthread_key_create is not bound to this executable; link "
                             "permafrost_sim_sched and the shared librocksdb"));
}

TEST(Sched, TimeInsideAScopeIsVirtualAndMovesWithEveryRead) {
  const DeterministicScope scope(1);

  EXPECT_EQ(Nanos(CLOCK_REALTIME), kYear2026 + 100);
  EXPECT_EQ(Nanos(CLOCK_MONOTONIC), kYear2026 + 200);
  EXPECT_EQ(VirtualNanos(), kYear2026 + 300);
}

TEST(Sched, EveryTimeFunctionReadsVirtualTime) {
  const DeterministicScope scope(1);
  timeval day{};

  gettimeofday(&day, nullptr);
  time_t stored = 0;
  const time_t returned = time(&stored);

  EXPECT_EQ(day.tv_sec, 1767225600);
  EXPECT_EQ(returned, 1767225600);
  EXPECT_EQ(stored, returned);
}

TEST(Sched, AdvancingMovesTimeByExactlySoMuch) {
  const DeterministicScope scope(1);
  const std::uint64_t before = VirtualNanos();

  SleepVirtualNanos(86400 * kSecond);

  EXPECT_EQ(VirtualNanos(), before + 86400 * kSecond + 100);
}

TEST(Sched, TheVirtualClockSleepsWithoutWaiting) {
  const DeterministicScope scope(1);
  VirtualClock clock;
  const std::uint64_t real_before = RealNanos();
  const std::uint64_t before = clock.MonotonicNanos();

  clock.SleepNanos(3600 * kSecond);

  EXPECT_EQ(clock.NowNanos(), before + 3600 * kSecond + 100);
  EXPECT_LT(RealNanos() - real_before, 60 * kSecond);
}

TEST(Sched, TimeOutsideAScopeIsReal) {
  { const DeterministicScope scope(1); }
  const std::uint64_t before = RealNanos();

  const std::uint64_t now = Nanos(CLOCK_MONOTONIC);

  EXPECT_GE(now, before);
  EXPECT_LE(now, RealNanos());
}

TEST(Sched, AnInnerScopeStartsAnewAndTheOuterOneGoesOnWhereItStopped) {
  const DeterministicScope outer(1);
  SleepVirtualNanos(5 * kSecond);
  {
    const DeterministicScope inner(2);
    EXPECT_EQ(VirtualNanos(), kYear2026 + 100);
  }

  EXPECT_EQ(VirtualNanos(), kYear2026 + 5 * kSecond + 100);
}

TEST(Sched, ProcessorsAreTheSameOnEveryMachine) {
  const std::uint64_t before = CountShimCalls().processor_count;
  const DeterministicScope scope(1);

  EXPECT_EQ(get_nprocs(), 2);
  EXPECT_EQ(sched_getcpu(), 0);
  EXPECT_EQ(CountShimCalls().processor_count, before + 1);
}

TEST(Sched, OutsideAScopeProcessorsAreCounted) { EXPECT_GE(get_nprocs(), 1); }

// A wait whose deadline has passed returns at once, so that a missing shim fails and does not hang.
int WaitForNobody() {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  const timespec past{.tv_sec = 1, .tv_nsec = 0};
  pthread_mutex_lock(&mutex);
  const int result = pthread_cond_timedwait(&condition, &mutex, &past);
  pthread_mutex_unlock(&mutex);
  return result;
}

TEST(Sched, OutsideAScopeWaitsWait) { EXPECT_EQ(WaitForNobody(), ETIMEDOUT); }

TEST(SchedDeathTest, AWaitInsideAScopeAbortsWithOneSentence) {
  EXPECT_DEATH(
      {
        const DeterministicScope scope(1);
        WaitForNobody();
      },
      "^pthread_cond_timedwait: the code under test waits for another thread, and this run has "
      "none; use a call that does not wait \\(for RocksDB: Flush with wait=no, CompactFiles\\) and "
      "pump the queue\n$");
}

void WaitForEver() {
  const DeterministicScope scope(1);
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  pthread_mutex_lock(&mutex);
  pthread_cond_wait(&condition, &mutex);
}

TEST(SchedDeathTest, AnEndlessWaitInsideAScopeAborts) {
  EXPECT_DEATH(WaitForEver(), "^pthread_cond_wait: the code under test waits for another thread");
}

TEST(Sched, AThreadInARunWithoutThreadsIsRefused) {
  const auto start = [] {
    const DeterministicScope scope(1);
    std::thread([] {}).join();
  };

  EXPECT_DEATH(start(),
               "^pthread_create: the code under test starts a thread, and this run has none");
}

TEST(SchedDeathTest, VirtualTimeOutsideARunIsAMistake) {
  EXPECT_DEATH(VirtualNanos(), "virtual time outside a run");
}

TEST(SchedDeathTest, ARunWhileFaultPointsAskLibfiuIsAMistake) {
  vfs::ArmFaultPoints();
  EXPECT_DEATH(DeterministicScope(1), "libfiu's locks and chance are no part of a simulated run");
  vfs::DisarmFaultPoints();

  const DeterministicScope scope(1);  // none of it is left
}

TEST(Sched, RocksDbReallyComesHere) {
  const ShimCalls before = CountShimCalls();
  World world(DiskState(), {.seed = 1}, nullptr);

  ASSERT_OK_AND_ASSIGN(auto db, vfs::RocksDb::Open(world.env(), "db", QueuedOptions()));
  vfs::RocksBatch batch;
  batch.Put(vfs::kDefaultFamily, "key", "value");
  ASSERT_OK(db->Write(batch, vfs::SyncWrite::kYes));
  ASSERT_OK(db->Close());

  const ShimCalls after = CountShimCalls();
  EXPECT_EQ(after.session_id, before.session_id + 1);
  EXPECT_GT(after.periodic_scheduler, before.periodic_scheduler);
  EXPECT_GT(after.random_instance, before.random_instance);
  EXPECT_GT(after.thread_local_id, before.thread_local_id);
  EXPECT_GT(after.clock, before.clock);
}

// The files of a database that is made in a world of this seed.
vfs::Hash128 DiskOfNewDatabase(std::uint64_t seed) {
  World world(DiskState(), {.seed = seed}, nullptr);
  auto db = vfs::RocksDb::Open(world.env(), "db", QueuedOptions());
  EXPECT_OK(db);
  vfs::RocksBatch batch;
  batch.Put(vfs::kDefaultFamily, "key", "value");
  EXPECT_OK((*db)->Write(batch, vfs::SyncWrite::kYes));
  EXPECT_OK((*db)->Flush(vfs::FlushWait::kNo));
  world.PumpAll();
  EXPECT_OK((*db)->Close());
  return world.disk().state().FullKey();
}

TEST(Sched, EqualSeedsMakeDatabasesOfEqualBytes) {
  const vfs::Hash128 first = DiskOfNewDatabase(7);

  EXPECT_EQ(DiskOfNewDatabase(7), first);
  EXPECT_EQ(DiskOfNewDatabase(7), first);
  EXPECT_NE(DiskOfNewDatabase(8), first);  // session ids stand in tables and the manifest
}

TEST(Sched, ADatabaseInAnInnerWorldDoesNotChangeTheOuterOne) {
  const auto run = [](bool has_inner) {
    World world(DiskState(), {.seed = 7}, nullptr);
    auto db = vfs::RocksDb::Open(world.env(), "db", QueuedOptions());
    EXPECT_OK(db);
    if (has_inner) static_cast<void>(DiskOfNewDatabase(99));
    vfs::RocksBatch batch;
    batch.Put(vfs::kDefaultFamily, "key", "value");
    EXPECT_OK((*db)->Write(batch, vfs::SyncWrite::kYes));
    EXPECT_OK((*db)->Close());
    return world.trace().hash();
  };

  EXPECT_EQ(run(true), run(false));
}

}  // namespace
}  // namespace permafrost::sim
