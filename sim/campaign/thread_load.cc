// The load and its two ways to run, and the day.
#include "sim/campaign/thread_load.h"

#include <sched.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "sim/disk/sim_file_system.h"
#include "sim/sched/sched.h"
#include "sim/world/virtual_clock.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/posix/native_executor.h"
#include "vfs/posix/system_clock.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::sim {
namespace {

constexpr int kWriters = 4;
constexpr int kBatches = 300;

// An empty simulated disk with an open database on it, whose jobs run in a pool of threads.
struct Database {
  explicit Database(vfs::Clock& clock)
      : env{.fs = &fs, .clock = &clock, .executor = &pool, .prng = &prng, .log = &vfs::NullLog()} {
    fs.SetSyncHook(&SchedulingPoint);
    vfs::RocksDbOptions options;
    options.rocks.unsynced_writes = true;
    options.rocks.spins_before_waiting = false;
    options.write_buffer_bytes = 64U << 10;
    options.background_jobs_max = 4;
    options.subcompactions_max = 2;
    auto opened = vfs::RocksDb::Open(env, "db", options);
    VFS_CHECK(opened.ok(), "open: {}", vfs::Message(opened.status()));
    db = *std::move(opened);
  }

  SimFileSystem fs;
  vfs::NativeExecutor pool;
  vfs::Prng prng{1};
  const vfs::Env env;
  std::unique_ptr<vfs::RocksDb> db;
};

void RunLoad(vfs::Clock& clock) {
  const Database database(clock);
  vfs::RocksDb* const db = database.db.get();
  std::atomic<int> writing{kWriters};
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = 0; i < kBatches; ++i) {
        vfs::RocksBatch batch;
        batch.Put(vfs::kDefaultFamily, fmt::format("w{}k{:04}", writer, i), std::string(200, 'v'));
        const auto sync = i % 10 == 0 ? vfs::SyncWrite::kYes : vfs::SyncWrite::kNo;
        const absl::Status written = db->Write(batch, sync);
        VFS_CHECK(written.ok(), "write: {}", vfs::Message(written));
      }
      --writing;
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; writing.load() > 0; ++i) {
      const auto value = db->Get(vfs::kDefaultFamily, fmt::format("w0k{:04}", i % kBatches));
      VFS_CHECK(value.ok(), "read: {}", vfs::Message(value.status()));
      std::this_thread::yield();
    }
  });
  for (std::thread& thread : threads) thread.join();
  VFS_CHECK(db->Close().ok(), "close");
}

void RunIdleDay(vfs::Clock& clock) {
  constexpr int kSecondsPerDay = 86'400;
  const Database database(clock);
  // A flush starts the pool's threads, which then wait for the next.
  vfs::RocksBatch batch;
  batch.Put(vfs::kDefaultFamily, "key", "value");
  VFS_CHECK(database.db->Write(batch, vfs::SyncWrite::kYes).ok(), "write");
  VFS_CHECK(database.db->Flush(vfs::FlushWait::kYes).ok(), "flush");
  std::thread ticks([] {
    std::mutex mutex;
    std::condition_variable never;
    std::unique_lock<std::mutex> lock(mutex);
    for (int i = 0; i < kSecondsPerDay; ++i) never.wait_for(lock, std::chrono::seconds(1));
  });
  std::thread sleeps([&clock] {
    for (int i = 0; i < kSecondsPerDay / 10; ++i) clock.SleepNanos(10'000'000'000U);
  });
  ticks.join();
  sleeps.join();
  VFS_CHECK(database.db->Close().ok(), "close");
}

// The calling thread, and those that it starts meanwhile, on one processor.
class OneProcessor {
 public:
  OneProcessor() {
    sched_getaffinity(0, sizeof(before_), &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
      if (!CPU_ISSET(cpu, &before_)) continue;
      CPU_SET(cpu, &one);
      break;
    }
    sched_setaffinity(0, sizeof(one), &one);
  }
  ~OneProcessor() { sched_setaffinity(0, sizeof(before_), &before_); }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;

 private:
  cpu_set_t before_{};
};

}  // namespace

double MeasureThreadLoad(const std::optional<ThreadOptions>& options) {
  const std::uint64_t start = CpuNanos();
  if (options.has_value()) {
    RunThreads(*options, [] {
      VirtualClock clock;
      RunLoad(clock);
    });
  } else {
    const OneProcessor pinned;
    vfs::SystemClock clock;
    RunLoad(clock);
  }
  return static_cast<double>(CpuNanos() - start) * 1e-9;
}

IdleDay MeasureIdleDay(ThreadMode mode) {
  IdleDay day;
  const std::uint64_t start = RealNanos();
  day.threads = RunThreads({.seed = 1, .mode = mode}, [] {
    VirtualClock clock;
    RunIdleDay(clock);
  });
  day.seconds = static_cast<double>(RealNanos() - start) * 1e-9;
  return day;
}

}  // namespace permafrost::sim
