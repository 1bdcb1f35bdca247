// The load and its two ways to run.
#include "sim/campaign/thread_load.h"

#include <sched.h>

#include <atomic>
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

void RunLoad(vfs::Clock& clock) {
  SimFileSystem fs;
  fs.SetSyncHook(&SchedulingPoint);
  vfs::NativeExecutor pool;
  vfs::Prng prng(1);
  const vfs::Env env{
      .fs = &fs, .clock = &clock, .executor = &pool, .prng = &prng, .log = &vfs::NullLog()};
  vfs::RocksDbOptions options;
  options.rocks.unsynced_writes = true;
  options.rocks.spins_before_waiting = false;
  options.write_buffer_bytes = 64U << 10;
  options.background_jobs_max = 4;
  options.subcompactions_max = 2;
  const auto db = vfs::RocksDb::Open(env, "db", options);
  VFS_CHECK(db.ok(), "open: {}", vfs::Message(db.status()));
  std::atomic<int> writing{kWriters};
  std::vector<std::thread> threads;
  for (int writer = 0; writer < kWriters; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = 0; i < kBatches; ++i) {
        vfs::RocksBatch batch;
        batch.Put(vfs::kDefaultFamily, fmt::format("w{}k{:04}", writer, i), std::string(200, 'v'));
        const auto sync = i % 10 == 0 ? vfs::SyncWrite::kYes : vfs::SyncWrite::kNo;
        const absl::Status written = (*db)->Write(batch, sync);
        VFS_CHECK(written.ok(), "write: {}", vfs::Message(written));
      }
      --writing;
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; writing.load() > 0; ++i) {
      const auto value = (*db)->Get(vfs::kDefaultFamily, fmt::format("w0k{:04}", i % kBatches));
      VFS_CHECK(value.ok(), "read: {}", vfs::Message(value.status()));
      std::this_thread::yield();
    }
  });
  for (std::thread& thread : threads) thread.join();
  VFS_CHECK((*db)->Close().ok(), "close");
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

}  // namespace permafrost::sim
