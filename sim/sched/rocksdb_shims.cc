// Functions of RocksDB 7.8.3, defined here so that the dynamic linker binds the library's own calls
// to them. SyncPoint::Process adds scheduling points, the others remove a measured source of
// chance; sim::CheckBindings proves at start-up that they are in force.
#include <dlfcn.h>

#include <atomic>
#include <cstdint>
#include <set>
#include <string>

#include <rocksdb/env.h>
#include <rocksdb/slice.h>
#include <rocksdb/status.h>

#include "sim/sched/scheduler.h"
#include "sim/sched/state.h"
#include "vfs/base/hash.h"

namespace rocksdb {

// Only the static members that are replaced are declared; the layout of the class is not touched.
class DBImpl {
 public:
  static std::string GenerateDbSessionId(Env* env);
  Status StartPeriodicTaskScheduler();
};

// The library's class holds one uint32_t (its seed, 1..2^31-2) and nothing else.
class Random {
 public:
  static Random* GetTLSInstance();
  std::uint32_t seed = 1;
};

// Originally seeded by random_device, thread id, host name, time and the kernel's uuid; it reaches
// table properties and the MANIFEST.
std::string DBImpl::GenerateDbSessionId(Env* /*env*/) {
  ++permafrost::sim::TheShimCalls().session_id;
  permafrost::sim::RunState& state = permafrost::sim::TheRunState();
  std::uint64_t value = permafrost::vfs::Hasher()
                            .Add(state.seed)
                            .Add(++state.session_count)
                            .Add(state.is_active ? 1 : 0)
                            .Finish()
                            .lo;
  constexpr char kDigits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  std::string id(20, '0');
  for (char& c : id) {
    c = kDigits[value % 36];
    value = permafrost::vfs::Mix64(value + 0x9e3779b97f4a7c15ULL);
  }
  return id;
}

// Originally starts a timer thread, and every tenth open in a process runs a task at once.
Status DBImpl::StartPeriodicTaskScheduler() {
  ++permafrost::sim::TheShimCalls().periodic_scheduler;
  return Status::OK();
}

// Originally seeded by the thread's address; it chooses skip-list heights, and so when a memtable
// is full.
Random* Random::GetTLSInstance() {
  thread_local Random instance;
  thread_local std::uint64_t scope = UINT64_MAX;
  const permafrost::sim::RunState& state = permafrost::sim::TheRunState();
  if (scope != state.random_scope) {
    ++permafrost::sim::TheShimCalls().random_instance;
    scope = state.random_scope;
    const auto thread = static_cast<std::uint64_t>(permafrost::sim::CurrentThreadId());
    instance.seed = static_cast<std::uint32_t>(
                        permafrost::vfs::Mix64(state.seed ^ 0x52616e646f6dULL ^ (thread << 32U)) %
                        2147483645U) +
                    1U;
  }
  return &instance;
}

// Originally the last number that was given back: which database gets which then depends on the
// order in which those of earlier runs were closed, and with the numbers when a thread's table must
// grow, under a lock. Here it is the smallest free one.
class ThreadLocalPtr {
 public:
  class StaticMeta {
   public:
    std::uint32_t GetId();
    void ReclaimId(std::uint32_t id);
  };
};

namespace {

// One thread at a time in a run; outside runs it may be any.
class FreeIds {
 public:
  std::uint32_t Take() {
    const Guard guard(busy_);
    if (free_.empty()) return end_++;
    const std::uint32_t id = *free_.begin();
    free_.erase(free_.begin());
    return id;
  }
  void Give(std::uint32_t id) {
    const Guard guard(busy_);
    free_.insert(id);
  }

 private:
  // No mutex: that would be a scheduling point.
  struct Guard {
    explicit Guard(std::atomic_flag& flag) : held(flag) {
      while (held.test_and_set(std::memory_order_acquire)) {
      }
    }
    ~Guard() { held.clear(std::memory_order_release); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    std::atomic_flag& held;
  };

  std::atomic_flag busy_ = ATOMIC_FLAG_INIT;
  std::uint32_t end_ = 0;
  std::set<std::uint32_t> free_;
};

// The library's static objects ask before ours are made, and give back after ours are gone.
FreeIds& TheFreeIds() {
  static FreeIds* const ids = new FreeIds;
  return *ids;
}

}  // namespace

std::uint32_t ThreadLocalPtr::StaticMeta::GetId() {
  ++permafrost::sim::TheShimCalls().thread_local_id;
  return TheFreeIds().Take();
}

void ThreadLocalPtr::StaticMeta::ReclaimId(std::uint32_t id) {
  // The library's own frees what the threads keep under the number.
  using Original = void (*)(StaticMeta*, std::uint32_t);
  static const auto original = reinterpret_cast<Original>(
      dlsym(RTLD_NEXT, "_ZN7rocksdb14ThreadLocalPtr10StaticMeta9ReclaimIdEj"));
  original(this, id);
  TheFreeIds().Give(id);
}

// Each TEST_SYNC_POINT of the library comes here (Debian's build has them). Nobody in a simulation
// registers callbacks with them, so they are free to be scheduling points.
class SyncPoint {
 public:
  void Process(const Slice& point, void* argument);
};
void SyncPoint::Process(const Slice& /*point*/, void* /*argument*/) {
  if (permafrost::sim::Scheduler::Self() == nullptr) return;
  permafrost::sim::Scheduler& run = permafrost::sim::Scheduler::Active();
  if (run.has_rocksdb_sync_points()) run.Point();
}

}  // namespace rocksdb
