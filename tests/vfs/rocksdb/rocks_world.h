// The world of an adapter test: a clock that stands, a queue that is pumped by hand, seeded chance.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "vfs/env.h"
#include "vfs/queued_executor.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::vfs {

class StandingClock final : public Clock {
 public:
  std::uint64_t NowNanos() override { return now_ += 1'000; }
  std::uint64_t MonotonicNanos() override { return now_ += 1'000; }
  void SleepNanos(std::uint64_t nanos) override { now_ += nanos; }

 private:
  std::uint64_t now_ = 1'700'000'000'000'000'000ULL;
};

class CollectingLog final : public Log {
 public:
  void Write(LogLevel, std::string_view text) override { lines_.emplace_back(text); }
  const std::vector<std::string>& lines() const { return lines_; }

 private:
  std::vector<std::string> lines_;
};

// Everything but the disk.
struct RocksWorld {
  explicit RocksWorld(FileSystem& fs) : env{&fs, &clock, &executor, &prng, &log} {
    executor.SetWidth(Priority::kHigh, 1);
    executor.SetWidth(Priority::kLow, 1);
  }

  StandingClock clock;
  QueuedExecutor executor;
  Prng prng{1};
  CollectingLog log;
  Env env;
};

// What the simulator uses: jobs are queued.
inline RocksDbOptions QueuedOptions() {
  RocksDbOptions options;
  options.rocks.queued_jobs = true;
  return options;
}

}  // namespace permafrost::vfs
