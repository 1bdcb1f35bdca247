// Mutexes, conditions, read-write locks and spin locks: the real lock words are tried and released,
// only the blocking is the scheduler's.
#include <pthread.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <type_traits>

#include "sim/sched/originals.h"
#include "sim/sched/scheduler.h"
#include "sim/sched/state.h"

namespace {

using permafrost::sim::NanosOf;
using permafrost::sim::Scheduler;
using permafrost::sim::TheOriginals;
using permafrost::sim::TheRunState;
using permafrost::sim::WaitKind;

// A wait inside a run without threads would never end: nobody else is there to signal.
[[noreturn]] void RefuseToWait(const char* call) {
  std::fprintf(stderr,
               "%s: the code under test waits for another thread, and this run has none; use a "
               "call that does not wait "
               "(for RocksDB: Flush with wait=no, CompactFiles) and pump the queue\n",
               call);
  std::fflush(stderr);
  std::abort();
}

bool IsRunWithoutThreads() { return TheRunState().is_active && !TheRunState().has_threads; }

// Tries until it has the lock; `deadline` 0: for ever.
template <typename Try, typename Lock>
int Acquire(Try try_lock, Lock* lock, WaitKind kind, std::uint64_t deadline) {
  Scheduler& run = Scheduler::Active();
  run.Point();
  while (true) {
    const int code = try_lock(lock);
    if (code != EBUSY) return code;
    if (!run.Wait(kind, const_cast<const std::remove_volatile_t<Lock>*>(lock), deadline)) {
      return ETIMEDOUT;
    }
  }
}

// An error-checking mutex that its owner locks again answers EDEADLK, where a try answers EBUSY.
bool IsOwnErrorCheckMutex(const pthread_mutex_t* mutex) {
  constexpr int kKindBits = 3;
  return (mutex->__data.__kind & kKindBits) == PTHREAD_MUTEX_ERRORCHECK &&
         mutex->__data.__owner == Scheduler::Self()->native_id;
}

int LockMutex(pthread_mutex_t* mutex, std::uint64_t deadline) {
  if (IsOwnErrorCheckMutex(mutex)) return EDEADLK;
  return Acquire(TheOriginals().mutex_trylock, mutex, WaitKind::kMutex, deadline);
}

int UnlockMutex(pthread_mutex_t* mutex) {
  const int code = TheOriginals().mutex_unlock(mutex);
  Scheduler::Active().WakeAll(WaitKind::kMutex, mutex);
  return code;
}

int WaitCondition(pthread_cond_t* cond, pthread_mutex_t* mutex, std::uint64_t deadline) {
  Scheduler& run = Scheduler::Active();
  const int code = UnlockMutex(mutex);
  if (code != 0) return code;
  const bool is_woken = run.Wait(WaitKind::kCondition, cond, deadline);
  while (TheOriginals().mutex_trylock(mutex) == EBUSY) run.Wait(WaitKind::kMutex, mutex, 0);
  return is_woken ? 0 : ETIMEDOUT;
}

int UnlockReadWrite(pthread_rwlock_t* lock) {
  const int code = TheOriginals().rwunlock(lock);
  Scheduler& run = Scheduler::Active();
  run.WakeAll(WaitKind::kReadLock, lock);
  run.WakeAll(WaitKind::kWriteLock, lock);
  run.Point();
  return code;
}

}  // namespace

extern "C" {

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  if (Scheduler::Self() == nullptr) return TheOriginals().mutex_lock(mutex);
  return LockMutex(mutex, 0);
}

int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
  if (Scheduler::Self() != nullptr) Scheduler::Active().Point();
  return TheOriginals().mutex_trylock(mutex);
}

int pthread_mutex_timedlock(pthread_mutex_t* mutex, const timespec* deadline) noexcept {
  if (Scheduler::Self() == nullptr) return TheOriginals().mutex_timedlock(mutex, deadline);
  return LockMutex(mutex, NanosOf(*deadline));
}

int pthread_mutex_clocklock(pthread_mutex_t* mutex,
                            clockid_t clock,
                            const timespec* deadline) noexcept {
  if (Scheduler::Self() == nullptr) return TheOriginals().mutex_clocklock(mutex, clock, deadline);
  return LockMutex(mutex, NanosOf(*deadline));
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  if (Scheduler::Self() == nullptr) return TheOriginals().mutex_unlock(mutex);
  const int code = UnlockMutex(mutex);
  Scheduler::Active().Point();
  return code;
}

int pthread_cond_wait(pthread_cond_t* cond, pthread_mutex_t* mutex) {
  if (Scheduler::Self() != nullptr) return WaitCondition(cond, mutex, 0);
  if (IsRunWithoutThreads()) RefuseToWait("pthread_cond_wait");
  return TheOriginals().cond_wait(cond, mutex);
}

int pthread_cond_timedwait(pthread_cond_t* cond, pthread_mutex_t* mutex, const timespec* deadline) {
  if (Scheduler::Self() != nullptr) return WaitCondition(cond, mutex, NanosOf(*deadline));
  if (IsRunWithoutThreads()) RefuseToWait("pthread_cond_timedwait");
  return TheOriginals().cond_timedwait(cond, mutex, deadline);
}

int pthread_cond_clockwait(pthread_cond_t* cond,
                           pthread_mutex_t* mutex,
                           clockid_t clock,
                           const timespec* deadline) {
  if (Scheduler::Self() != nullptr) return WaitCondition(cond, mutex, NanosOf(*deadline));
  if (IsRunWithoutThreads()) RefuseToWait("pthread_cond_clockwait");
  return TheOriginals().cond_clockwait(cond, mutex, clock, deadline);
}

int pthread_cond_signal(pthread_cond_t* cond) noexcept {
  if (Scheduler::Self() == nullptr) return TheOriginals().cond_signal(cond);
  Scheduler::Active().Wake(WaitKind::kCondition, cond, 1);
  Scheduler::Active().Point();
  return 0;
}

int pthread_cond_broadcast(pthread_cond_t* cond) noexcept {
  if (Scheduler::Self() == nullptr) return TheOriginals().cond_broadcast(cond);
  Scheduler::Active().WakeAll(WaitKind::kCondition, cond);
  Scheduler::Active().Point();
  return 0;
}

int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
  if (Scheduler::Self() == nullptr) return TheOriginals().rdlock(lock);
  return Acquire(TheOriginals().tryrdlock, lock, WaitKind::kReadLock, 0);
}

int pthread_rwlock_tryrdlock(pthread_rwlock_t* lock) noexcept {
  if (Scheduler::Self() != nullptr) Scheduler::Active().Point();
  return TheOriginals().tryrdlock(lock);
}

int pthread_rwlock_timedrdlock(pthread_rwlock_t* lock, const timespec* deadline) noexcept {
  if (Scheduler::Self() == nullptr) return TheOriginals().timedrdlock(lock, deadline);
  return Acquire(TheOriginals().tryrdlock, lock, WaitKind::kReadLock, NanosOf(*deadline));
}

int pthread_rwlock_clockrdlock(pthread_rwlock_t* lock,
                               clockid_t clock,
                               const timespec* deadline) noexcept {
  if (Scheduler::Self() == nullptr) return TheOriginals().clockrdlock(lock, clock, deadline);
  return Acquire(TheOriginals().tryrdlock, lock, WaitKind::kReadLock, NanosOf(*deadline));
}

int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
  if (Scheduler::Self() == nullptr) return TheOriginals().wrlock(lock);
  return Acquire(TheOriginals().trywrlock, lock, WaitKind::kWriteLock, 0);
}

int pthread_rwlock_trywrlock(pthread_rwlock_t* lock) noexcept {
  if (Scheduler::Self() != nullptr) Scheduler::Active().Point();
  return TheOriginals().trywrlock(lock);
}

int pthread_rwlock_timedwrlock(pthread_rwlock_t* lock, const timespec* deadline) noexcept {
  if (Scheduler::Self() == nullptr) return TheOriginals().timedwrlock(lock, deadline);
  return Acquire(TheOriginals().trywrlock, lock, WaitKind::kWriteLock, NanosOf(*deadline));
}

int pthread_rwlock_clockwrlock(pthread_rwlock_t* lock,
                               clockid_t clock,
                               const timespec* deadline) noexcept {
  if (Scheduler::Self() == nullptr) return TheOriginals().clockwrlock(lock, clock, deadline);
  return Acquire(TheOriginals().trywrlock, lock, WaitKind::kWriteLock, NanosOf(*deadline));
}

int pthread_rwlock_unlock(pthread_rwlock_t* lock) noexcept {
  if (Scheduler::Self() == nullptr) return TheOriginals().rwunlock(lock);
  return UnlockReadWrite(lock);
}

int pthread_spin_lock(pthread_spinlock_t* lock) noexcept {
  if (Scheduler::Self() == nullptr) return TheOriginals().spin_lock(lock);
  return Acquire(TheOriginals().spin_trylock, lock, WaitKind::kSpinLock, 0);
}

int pthread_spin_trylock(pthread_spinlock_t* lock) noexcept {
  if (Scheduler::Self() != nullptr) Scheduler::Active().Point();
  return TheOriginals().spin_trylock(lock);
}

int pthread_spin_unlock(pthread_spinlock_t* lock) noexcept {
  const int code = TheOriginals().spin_unlock(lock);
  if (Scheduler::Self() == nullptr) return code;
  Scheduler::Active().WakeAll(WaitKind::kSpinLock, const_cast<const int*>(lock));
  Scheduler::Active().Point();
  return code;
}

}  // extern "C"
