// The scheduler behind sim/sched/threads.h: who may run, who waits for what, and how the token
// moves. Used by the interposed entry points only.
#pragma once

#include <pthread.h>
#include <time.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sim/sched/fiber.h"
#include "sim/sched/kernel.h"
#include "sim/sched/state.h"
#include "sim/sched/threads.h"

namespace permafrost::vfs {
class Step;
}  // namespace permafrost::vfs

namespace permafrost::sim {

// What a thread waits for.
enum class WaitKind {
  kMutex,
  kCondition,
  kReadLock,
  kWriteLock,
  kSpinLock,
  kSemaphore,
  kBarrier,
  kOnce,
  kJoin,
  kFutex,
  kSleep,
};

struct SimThread {
  enum class State { kRunnable, kWaiting, kFinished };
  // Where it continues: on its own kernel thread, or on the carrier's as a fiber.
  enum class Place { kOwnThread, kFiber };

  int id = 0;
  std::string name;
  State state = State::kRunnable;
  Place place = Place::kOwnThread;

  WaitKind kind = WaitKind::kSleep;  // while waiting, this and the next four
  const void* object = nullptr;
  std::uint64_t deadline = 0;  // virtual nanoseconds; 0: none
  std::uint64_t since = 0;
  std::uint64_t wait_number = 0;  // order of arrival
  bool has_timed_out = false;
  const vfs::Step* const* step = nullptr;  // where the thread keeps its innermost one

  void* (*start)(void*) = nullptr;
  void* argument = nullptr;
  void* result = nullptr;
  bool is_detached = false;
  bool is_joined = false;

  pthread_t native{};
  int native_id = 0;  // the kernel's; glibc writes it into the mutexes that the thread owns
  ParkingPlace turn;
  ParkingPlace ready;
  Fiber fiber;
};

// A time or span as deadlines count it; never 0, which means none.
inline std::uint64_t NanosOf(const timespec& time) {
  const auto nanos = static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000ULL +
                     static_cast<std::uint64_t>(time.tv_nsec);
  return nanos == 0 ? 1 : nanos;
}

class Scheduler {
 public:
  explicit Scheduler(const ThreadOptions& options);

  ThreadReport Run(absl::FunctionRef<void()> body);

  // The simulated thread that calls, or null where the originals are to be used.
  static SimThread* Self();
  // The run that Self() belongs to.
  static Scheduler& Active();

  // A moment where another thread may take over.
  void Point();
  // The same, and the caller asks to be left if anybody else can run.
  void Yield();
  // Blocks the caller until somebody wakes it. False: the deadline (0: none) came first.
  bool Wait(WaitKind kind, const void* object, std::uint64_t deadline);
  // Makes waiters runnable; no scheduling point.
  void WakeAll(WaitKind kind, const void* object);
  // Up to `count`, chosen by the strategy; returns how many.
  int Wake(WaitKind kind, const void* object, int count);

  // Shapes: as pthread_create, pthread_join (`deadline` as in Wait) and pthread_detach.
  int Create(pthread_t* out, const pthread_attr_t* attributes, void* (*start)(void*), void* arg);
  int Join(pthread_t native, void** result, std::uint64_t deadline);
  int Detach(pthread_t native);
  SimThread* Find(pthread_t native);

  // What is under way on objects that the scheduler has to remember itself. Found by address, never
  // walked in that order; references stay valid.
  struct Barrier {
    const void* object = nullptr;  // null: free
    unsigned count = 0;
    unsigned arrived = 0;
    std::uint64_t generation = 0;
  };
  void AddBarrier(const void* object, unsigned count);
  Barrier* FindBarrier(const void* object);
  struct RunningOnce {
    const void* control = nullptr;
    int thread = 0;
  };
  void BeginOnce(const void* control);
  void EndOnce(const void* control);
  const RunningOnce* FindOnce(const void* control) const;

  bool has_atomic_points() const { return options_.atomic_points; }
  bool has_rocksdb_sync_points() const { return options_.rocksdb_sync_points; }

  std::uint64_t hash() const { return report_.hash; }

  // For the watchdog, which runs beside.
  int stuck_seconds_max() const { return options_.stuck_seconds_max; }
  [[noreturn]] void FailStuck();

  // Describes every thread and aborts. `finding` is one line.
  [[noreturn]] void Fail(const std::string& finding);

 private:
  static void* ThreadMain(void* thread);
  static void FiberMain();
  static void OnThreadExit(void* round);
  static pthread_key_t ExitKey();

  SimThread& AddThread(void* (*start)(void*), void* argument);
  int StartNative(SimThread& thread);
  void Finish(SimThread& thread);
  void CountStep(unsigned kind);
  void WakeOverdue();
  // Who runs next if the current one cannot go on; waits for the clock if it must. Null: all ended.
  SimThread* NextAfter(const SimThread& current);
  SimThread* ChooseRunnable(const SimThread& current, bool can_continue, bool is_yield);
  std::size_t Decide(Decision& decision);
  // Gives the token to `next`; returns when the caller has it again.
  void SwitchTo(SimThread& current, SimThread& next);
  void RunHost();
  void MakeRunnable(SimThread& thread);
  std::string Describe() const;
  std::string DescribeWait(const SimThread& thread) const;
  const SimThread* OwnerOf(const SimThread& waiter) const;

  const ThreadOptions options_;
  std::unique_ptr<Strategy> own_strategy_;
  Strategy* const strategy_;
  const bool is_plain_;  // run-to-block: a preemption is never wanted
  std::vector<std::unique_ptr<SimThread>> threads_;
  std::vector<SimThread*> alive_;  // by id
  std::size_t runnable_ = 0;
  SimThread* current_ = nullptr;  // who has the token; null once all ended
  std::uint64_t next_deadline_ = 0;
  std::uint64_t waits_ = 0;
  std::uint64_t clock_start_ = 0;
  std::deque<Barrier> barriers_;
  std::vector<RunningOnce> running_onces_;
  ThreadReport report_;

  ParkingPlace host_;  // where the thread that called Run sleeps while others have the token
  Fiber host_fiber_;
};

}  // namespace permafrost::sim
