// The world of one database: its jobs on our executor, its clock, its ids.
#include "vfs/rocksdb/rocks_env.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>

#include <absl/base/attributes.h>
#include <rocksdb/system_clock.h>

#include "vfs/base/mutex.h"

namespace permafrost::vfs {
namespace {

constexpr std::uint64_t kNanosPerMicro = 1'000;
constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;

class RocksClock final : public rocksdb::SystemClock {
 public:
  explicit RocksClock(Clock* clock) : clock_(clock) {}
  const char* Name() const override { return "PermafrostClock"; }
  uint64_t NowMicros() override { return clock_->NowNanos() / kNanosPerMicro; }
  uint64_t NowNanos() override { return clock_->MonotonicNanos(); }
  void SleepForMicroseconds(int micros) override {
    clock_->SleepNanos(static_cast<std::uint64_t>(std::max(micros, 0)) * kNanosPerMicro);
  }
  rocksdb::Status GetCurrentTime(int64_t* unix_time) override {
    *unix_time = static_cast<int64_t>(clock_->NowNanos() / kNanosPerSecond);
    return rocksdb::Status::OK();
  }
  std::string TimeToString(uint64_t time) override {
    const auto seconds = static_cast<std::time_t>(time);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return {text.data(), size};
  }

 private:
  Clock* const clock_;
};

Priority PriorityOf(rocksdb::Env::Priority priority) {
  switch (priority) {
    case rocksdb::Env::BOTTOM: return Priority::kBottom;
    case rocksdb::Env::LOW: return Priority::kLow;
    case rocksdb::Env::HIGH: return Priority::kHigh;
    case rocksdb::Env::USER:
    case rocksdb::Env::TOTAL: break;
  }
  return Priority::kUser;
}

const char* JobName(rocksdb::Env::Priority priority) {
  return priority == rocksdb::Env::HIGH ? "rocksdb.flush" : "rocksdb.compaction";
}

// Disk calls go straight to the file system: EnvWrapper's target is only there for what RocksDB may
// ask besides.
class RocksEnv final : public rocksdb::EnvWrapper {
 public:
  RocksEnv(const vfs::Env& env, std::shared_ptr<RocksFileSystem> fs)
      : EnvWrapper(rocksdb::NewCompositeEnv(fs)),
        env_(env),
        prng_(env.prng->Fork(env.prng->Next())) {
    file_system_ = std::move(fs);
    system_clock_ = std::make_shared<RocksClock>(env.clock);
  }
  const char* Name() const override { return "PermafrostEnv"; }

  void Schedule(void (*function)(void*),
                void* arg,
                Priority priority,
                void* tag,
                void (*cancelled)(void*)) override {
    Job job;
    job.name = JobName(priority);
    job.priority = PriorityOf(priority);
    job.tag = tag;
    job.run = [function, arg] { function(arg); };
    if (cancelled != nullptr) job.cancelled = [cancelled, arg] { cancelled(arg); };
    env_.executor->Schedule(std::move(job));
  }
  int UnSchedule(void* tag, Priority priority) override {
    return env_.executor->Cancel(tag, PriorityOf(priority));
  }
  void StartThread(void (*function)(void*), void* arg) override {
    env_.executor->Schedule({.name = "rocksdb.thread",
                             .priority = vfs::Priority::kUser,
                             .tag = this,
                             .run = [function, arg] { function(arg); },
                             .cancelled = nullptr});
  }
  void WaitForJoin() override { env_.executor->Drain(); }
  unsigned int GetThreadPoolQueueLen(Priority priority) const override {
    return static_cast<unsigned int>(env_.executor->QueuedCount(PriorityOf(priority)));
  }
  void SetBackgroundThreads(int threads, Priority priority) override {
    if (priority != BOTTOM) env_.executor->SetWidth(PriorityOf(priority), threads);
  }
  // There is no pool for bottommost compactions: they run with the others, so that one queue orders
  // all.
  int GetBackgroundThreads(Priority priority) override {
    return priority == BOTTOM ? 0 : env_.executor->Width(PriorityOf(priority));
  }
  void IncBackgroundThreadsIfNeeded(int threads, Priority priority) override {
    if (priority == BOTTOM || env_.executor->Width(PriorityOf(priority)) >= threads) return;
    env_.executor->SetWidth(PriorityOf(priority), threads);
  }
  int ReserveThreads(int, Priority) override { return 0; }
  int ReleaseThreads(int, Priority) override { return 0; }
  void LowerThreadPoolIOPriority(Priority) override {}
  rocksdb::Status LowerThreadPoolCPUPriority(Priority, rocksdb::CpuPriority) override {
    return rocksdb::Status::NotSupported("CPU priorities");
  }

  uint64_t NowMicros() override { return system_clock_->NowMicros(); }
  uint64_t NowNanos() override { return system_clock_->NowNanos(); }
  uint64_t NowCPUNanos() override { return 0; }
  void SleepForMicroseconds(int micros) override { system_clock_->SleepForMicroseconds(micros); }
  rocksdb::Status GetCurrentTime(int64_t* unix_time) override {
    return system_clock_->GetCurrentTime(unix_time);
  }
  std::string TimeToString(uint64_t time) override { return system_clock_->TimeToString(time); }

  // Everything that names this machine, process or thread is the same everywhere.
  rocksdb::Status GetHostName(char* name, uint64_t size) override {
    std::snprintf(name, size, "%s", "permafrost");
    return rocksdb::Status::OK();
  }
  uint64_t GetThreadID() const override { return 1; }
  std::string GenerateUniqueId() override {
    MutexLock lock(&mu_);
    const std::uint64_t high = prng_.Next();
    const std::uint64_t low = prng_.Next();
    return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xffff,
                       high & 0xffff, low >> 48, low & 0xffffffffffffULL);
  }
  rocksdb::Status GetTestDirectory(std::string*) override {
    return rocksdb::Status::NotSupported("test directory");
  }

 private:
  const vfs::Env env_;
  Mutex mu_;
  Prng prng_ ABSL_GUARDED_BY(mu_);
};

class RocksLogger final : public rocksdb::Logger {
 public:
  explicit RocksLogger(Log* log) : Logger(rocksdb::InfoLogLevel::WARN_LEVEL), log_(log) {}

  void LogHeader(const char*, va_list) override {}
  using Logger::Logv;
  // The attributes name the parameter with the format: then it may go on to vsnprintf.
  ABSL_PRINTF_ATTRIBUTE(2, 0)
  void Logv(const char* format, va_list arguments) override {
    Logv(rocksdb::InfoLogLevel::INFO_LEVEL, format, arguments);
  }
  ABSL_PRINTF_ATTRIBUTE(3, 0)
  void Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level < GetInfoLogLevel()) return;
    std::array<char, 1024> text{};
    const int size = std::vsnprintf(text.data(), text.size(), format, arguments);
    if (size <= 0) return;
    const std::size_t kept = std::min(static_cast<std::size_t>(size), text.size() - 1);
    const std::string_view message(text.data(), kept);
    // Ours, and no operator can change it.
    if (message.find(kNoOptionsFiles) != std::string_view::npos) return;
    const LogLevel ours =
        level >= rocksdb::InfoLogLevel::ERROR_LEVEL ? LogLevel::kError : LogLevel::kWarning;
    log_->Write(ours, fmt::format("rocksdb: {}", message));
  }

 private:
  Log* const log_;
};

}  // namespace

std::unique_ptr<rocksdb::Env> MakeRocksEnv(const vfs::Env& env,
                                           std::shared_ptr<RocksFileSystem> fs) {
  return std::make_unique<RocksEnv>(env, std::move(fs));
}

std::shared_ptr<rocksdb::Logger> MakeRocksLogger(Log* log) {
  return std::make_shared<RocksLogger>(log);
}

}  // namespace permafrost::vfs
