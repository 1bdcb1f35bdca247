// Threads themselves, and what they wait on besides locks: ends of threads, once, semaphores,
// barriers, sleeps.
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "sim/sched/kernel.h"
#include "sim/sched/originals.h"
#include "sim/sched/sched.h"
#include "sim/sched/scheduler.h"
#include "sim/sched/state.h"

extern "C" {
[[gnu::weak]] void __tsan_acquire(void* address);
[[gnu::weak]] void __tsan_release(void* address);
}

namespace {

using permafrost::sim::NanosOf;
using permafrost::sim::RawSyscall;
using permafrost::sim::Scheduler;
using permafrost::sim::TheOriginals;
using permafrost::sim::TheRunState;
using permafrost::sim::WaitKind;

int WaitSemaphore(sem_t* semaphore, std::uint64_t deadline) {
  Scheduler& run = Scheduler::Active();
  run.Point();
  while (true) {
    if (TheOriginals().sem_trywait(semaphore) == 0) return 0;
    if (errno != EAGAIN) return -1;
    if (!run.Wait(WaitKind::kSemaphore, semaphore, deadline)) {
      errno = ETIMEDOUT;
      return -1;
    }
  }
}

// Marks a once as running for as long as its function runs; an exception leaves it undone.
class RunningOnce {
 public:
  explicit RunningOnce(pthread_once_t* control) : control_(control) {
    Scheduler::Active().BeginOnce(control);
  }
  ~RunningOnce() { Scheduler::Active().EndOnce(control_); }
  RunningOnce(const RunningOnce&) = delete;
  RunningOnce& operator=(const RunningOnce&) = delete;

 private:
  pthread_once_t* const control_;
};

// What the word of a once that is done holds, so that one done inside a run is done outside, and
// the other way round.
// Source: glibc, sysdeps/nptl, __PTHREAD_ONCE_DONE. ThreadSanitizer has a pthread_once of its own:
// tsan_interceptors_posix.cpp, kGuardDone.
int OnceIsDone() { return __tsan_acquire != nullptr ? 1 : 2; }

// A thread that nobody schedules would make the run another one each time.
[[noreturn]] void RefuseToStart() {
  constexpr char kText[] =
      "pthread_create: the code under test starts a thread, and this run has none; give the work "
      "to vfs::Executor, or run it in a scenario with threads\n";
  static_cast<void>(!write(STDERR_FILENO, kText, sizeof(kText) - 1));
  abort();
}

void SleepUntil(std::uint64_t deadline) {
  if (TheRunState().clock_nanos < deadline) {
    Scheduler::Active().Wait(WaitKind::kSleep, nullptr, deadline);
  }
}

}  // namespace

extern "C" {

int pthread_create(pthread_t* out,
                   const pthread_attr_t* attributes,
                   void* (*start)(void*),
                   void* argument) noexcept {
  if (Scheduler::Self() == nullptr) {
    if (TheRunState().is_active && !TheRunState().has_threads) RefuseToStart();
    return TheOriginals().create(out, attributes, start, argument);
  }
  return Scheduler::Active().Create(out, attributes, start, argument);
}

int pthread_join(pthread_t thread, void** result) {
  if (Scheduler::Self() == nullptr) return TheOriginals().join(thread, result);
  return Scheduler::Active().Join(thread, result, 0);
}

int pthread_tryjoin_np(pthread_t thread, void** result) noexcept {
  if (Scheduler::Self() == nullptr) {
    static const auto original =
        permafrost::sim::FindOriginal<int (*)(pthread_t, void**)>("pthread_tryjoin_np");
    return original(thread, result);
  }
  const permafrost::sim::SimThread* const found = Scheduler::Active().Find(thread);
  if (found != nullptr && found->state != permafrost::sim::SimThread::State::kFinished) {
    Scheduler::Active().Point();
    if (found->state != permafrost::sim::SimThread::State::kFinished) return EBUSY;
  }
  return Scheduler::Active().Join(thread, result, 0);
}

int pthread_timedjoin_np(pthread_t thread, void** result, const timespec* deadline) {
  if (Scheduler::Self() == nullptr) {
    static const auto original =
        permafrost::sim::FindOriginal<int (*)(pthread_t, void**, const timespec*)>(
            "pthread_timedjoin_np");
    return original(thread, result, deadline);
  }
  return Scheduler::Active().Join(thread, result, NanosOf(*deadline));
}

int pthread_clockjoin_np(pthread_t thread,
                         void** result,
                         clockid_t clock,
                         const timespec* deadline) {
  if (Scheduler::Self() == nullptr) {
    static const auto original =
        permafrost::sim::FindOriginal<int (*)(pthread_t, void**, clockid_t, const timespec*)>(
            "pthread_clockjoin_np");
    return original(thread, result, clock, deadline);
  }
  return Scheduler::Active().Join(thread, result, NanosOf(*deadline));
}

int pthread_detach(pthread_t thread) noexcept {
  if (Scheduler::Self() == nullptr) return TheOriginals().detach(thread);
  return Scheduler::Active().Detach(thread);
}

// Unwinding to the end of a thread would leave the carrier's stack for the thread's own.
void pthread_exit(void* result) {
  if (Scheduler::Self() != nullptr) {
    std::fputs("pthread_exit: not supported in a simulated run; return from the thread instead\n",
               stderr);
    std::fflush(stderr);
    std::abort();
  }
  static const auto original = permafrost::sim::FindOriginal<void (*)(void*)>("pthread_exit");
  original(result);
  __builtin_unreachable();
}

int pthread_setname_np(pthread_t thread, const char* name) noexcept {
  if (Scheduler::Self() == nullptr) return TheOriginals().setname(thread, name);
  permafrost::sim::SimThread* const found = Scheduler::Active().Find(thread);
  if (found == nullptr) return ESRCH;
  found->name = name;
  return 0;
}

int pthread_once(pthread_once_t* control, void (*function)()) {
  if (Scheduler::Self() == nullptr) return TheOriginals().once(control, function);
  Scheduler& run = Scheduler::Active();
  while (__atomic_load_n(control, __ATOMIC_ACQUIRE) != OnceIsDone()) {
    run.Point();
    if (run.FindOnce(control) != nullptr) {
      run.Wait(WaitKind::kOnce, control, 0);
      continue;
    }
    if (__atomic_load_n(control, __ATOMIC_ACQUIRE) == OnceIsDone()) break;
    const RunningOnce running(control);
    function();
    if (__tsan_release != nullptr) __tsan_release(control);
    __atomic_store_n(control, OnceIsDone(), __ATOMIC_RELEASE);
  }
  if (__tsan_acquire != nullptr) __tsan_acquire(control);
  return 0;
}

int sem_wait(sem_t* semaphore) {
  if (Scheduler::Self() == nullptr) return TheOriginals().sem_wait(semaphore);
  return WaitSemaphore(semaphore, 0);
}

int sem_trywait(sem_t* semaphore) noexcept {
  if (Scheduler::Self() != nullptr) Scheduler::Active().Point();
  return TheOriginals().sem_trywait(semaphore);
}

int sem_timedwait(sem_t* semaphore, const timespec* deadline) {
  if (Scheduler::Self() == nullptr) return TheOriginals().sem_timedwait(semaphore, deadline);
  return WaitSemaphore(semaphore, NanosOf(*deadline));
}

int sem_clockwait(sem_t* semaphore, clockid_t clock, const timespec* deadline) {
  if (Scheduler::Self() == nullptr) return TheOriginals().sem_clockwait(semaphore, clock, deadline);
  return WaitSemaphore(semaphore, NanosOf(*deadline));
}

int sem_post(sem_t* semaphore) noexcept {
  const int code = TheOriginals().sem_post(semaphore);
  if (Scheduler::Self() == nullptr) return code;
  Scheduler::Active().WakeAll(WaitKind::kSemaphore, semaphore);
  Scheduler::Active().Point();
  return code;
}

int pthread_barrier_init(pthread_barrier_t* barrier,
                         const pthread_barrierattr_t* attributes,
                         unsigned count) noexcept {
  const int code = TheOriginals().barrier_init(barrier, attributes, count);
  if (code == 0 && Scheduler::Self() != nullptr) {
    Scheduler::Active().AddBarrier(barrier, count);
  }
  return code;
}

int pthread_barrier_destroy(pthread_barrier_t* barrier) noexcept {
  if (Scheduler::Self() != nullptr) {
    Scheduler::Barrier* const found = Scheduler::Active().FindBarrier(barrier);
    if (found != nullptr) found->object = nullptr;
  }
  return TheOriginals().barrier_destroy(barrier);
}

int pthread_barrier_wait(pthread_barrier_t* barrier) noexcept {
  if (Scheduler::Self() == nullptr) return TheOriginals().barrier_wait(barrier);
  Scheduler& run = Scheduler::Active();
  run.Point();
  Scheduler::Barrier* const found = run.FindBarrier(barrier);
  if (found == nullptr) {
    run.Fail("pthread_barrier_wait: the barrier was made outside the run; make it inside");
  }
  Scheduler::Barrier& state = *found;
  if (__tsan_release != nullptr) __tsan_release(barrier);
  int code = 0;
  if (++state.arrived == state.count) {
    state.arrived = 0;
    ++state.generation;
    run.WakeAll(WaitKind::kBarrier, barrier);
    code = PTHREAD_BARRIER_SERIAL_THREAD;
  } else {
    const std::uint64_t generation = state.generation;
    while (state.generation == generation) run.Wait(WaitKind::kBarrier, barrier, 0);
  }
  if (__tsan_acquire != nullptr) __tsan_acquire(barrier);
  return code;
}

// What sim/sched/atomic_points.cc calls, where that is linked.
void permafrost_atomic_point();
void permafrost_atomic_point() {
  if (Scheduler::Self() != nullptr && Scheduler::Active().has_atomic_points()) {
    Scheduler::Active().Point();
  }
}

int sched_yield() noexcept {
  if (Scheduler::Self() != nullptr) {
    Scheduler::Active().Yield();
    return 0;
  }
  return static_cast<int>(RawSyscall(SYS_sched_yield));
}

int clock_nanosleep(clockid_t clock, int flags, const timespec* request, timespec* remaining) {
  if (TheRunState().is_active) {
    const std::uint64_t base = (flags & TIMER_ABSTIME) != 0 ? 0 : TheRunState().clock_nanos;
    permafrost::sim::SleepVirtualUntil(base + NanosOf(*request));
    return 0;
  }
  return static_cast<int>(-RawSyscall(SYS_clock_nanosleep, clock, flags,
                                      reinterpret_cast<std::int64_t>(request),
                                      reinterpret_cast<std::int64_t>(remaining)));
}

int nanosleep(const timespec* request, timespec* remaining) {
  const int code = clock_nanosleep(CLOCK_REALTIME, 0, request, remaining);
  if (code == 0) return 0;
  errno = code;
  return -1;
}

int usleep(useconds_t micros) {
  const timespec request{.tv_sec = micros / 1'000'000,
                         .tv_nsec = static_cast<long>(micros % 1'000'000) * 1000};  // NOLINT
  return nanosleep(&request, nullptr);
}

unsigned sleep(unsigned seconds) {
  const timespec request{.tv_sec = seconds, .tv_nsec = 0};
  timespec remaining{};
  return nanosleep(&request, &remaining) == 0 ? 0 : static_cast<unsigned>(remaining.tv_sec);
}

}  // extern "C"

namespace permafrost::sim {

void SleepVirtualUntil(std::uint64_t deadline) {
  if (Scheduler::Self() != nullptr) {
    SleepUntil(deadline);
  } else if (TheRunState().clock_nanos < deadline) {
    TheRunState().clock_nanos = deadline;
  }
}

}  // namespace permafrost::sim
