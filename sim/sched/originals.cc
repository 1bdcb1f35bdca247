// Looks the originals up behind this executable's definitions.
#include "sim/sched/originals.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>

namespace permafrost::sim {
namespace {

// Condition variables have two implementations in the C library; `version` picks the current one.
template <typename Function>
void Find(Function& function, const char* name, const char* version = nullptr) {
  void* const found =
      version == nullptr ? dlsym(RTLD_NEXT, name) : dlvsym(RTLD_NEXT, name, version);
  if (found == nullptr) {
    std::fprintf(stderr, "%s is not in this C library; this system cannot simulate\n", name);
    std::abort();
  }
  function = reinterpret_cast<Function>(found);
}

Originals FindAll() {
  constexpr char kCond[] = "GLIBC_2.3.2";
  Originals o{};
  Find(o.create, "pthread_create");
  Find(o.join, "pthread_join");
  Find(o.detach, "pthread_detach");
  Find(o.setname, "pthread_setname_np");
  Find(o.mutex_lock, "pthread_mutex_lock");
  Find(o.mutex_trylock, "pthread_mutex_trylock");
  Find(o.mutex_timedlock, "pthread_mutex_timedlock");
  Find(o.mutex_clocklock, "pthread_mutex_clocklock");
  Find(o.mutex_unlock, "pthread_mutex_unlock");
  Find(o.cond_wait, "pthread_cond_wait", kCond);
  Find(o.cond_timedwait, "pthread_cond_timedwait", kCond);
  Find(o.cond_clockwait, "pthread_cond_clockwait");
  Find(o.cond_signal, "pthread_cond_signal", kCond);
  Find(o.cond_broadcast, "pthread_cond_broadcast", kCond);
  Find(o.rdlock, "pthread_rwlock_rdlock");
  Find(o.tryrdlock, "pthread_rwlock_tryrdlock");
  Find(o.timedrdlock, "pthread_rwlock_timedrdlock");
  Find(o.clockrdlock, "pthread_rwlock_clockrdlock");
  Find(o.wrlock, "pthread_rwlock_wrlock");
  Find(o.trywrlock, "pthread_rwlock_trywrlock");
  Find(o.timedwrlock, "pthread_rwlock_timedwrlock");
  Find(o.clockwrlock, "pthread_rwlock_clockwrlock");
  Find(o.rwunlock, "pthread_rwlock_unlock");
  Find(o.spin_lock, "pthread_spin_lock");
  Find(o.spin_trylock, "pthread_spin_trylock");
  Find(o.spin_unlock, "pthread_spin_unlock");
  Find(o.barrier_init, "pthread_barrier_init");
  Find(o.barrier_wait, "pthread_barrier_wait");
  Find(o.barrier_destroy, "pthread_barrier_destroy");
  Find(o.once, "pthread_once");
  Find(o.sem_wait, "sem_wait");
  Find(o.sem_trywait, "sem_trywait");
  Find(o.sem_timedwait, "sem_timedwait");
  Find(o.sem_clockwait, "sem_clockwait");
  Find(o.sem_post, "sem_post");
  return o;
}

}  // namespace

void* FindOriginalSymbol(const char* name) {
  void* found = nullptr;
  Find(found, name);
  return found;
}

const Originals& TheOriginals() {
  // Not a guarded static: the guard's wait is one of the calls that arrive here. Two threads may
  // both look up; they find the same.
  static Originals found;
  static std::atomic<bool> is_found{false};
  if (!is_found.load(std::memory_order_acquire)) {
    found = FindAll();
    is_found.store(true, std::memory_order_release);
  }
  return found;
}

}  // namespace permafrost::sim
