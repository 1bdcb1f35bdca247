// Four functions of RocksDB 7.8.3, defined here so that the dynamic linker binds the library's own
// calls to them. Three remove a measured source of chance each, one adds
// scheduling points; sim::CheckBindings proves at start-up
// that they are in force.
#include <cstdint>
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
