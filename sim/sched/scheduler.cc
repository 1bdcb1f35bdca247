// One token, handed from thread to thread.
#include "sim/sched/scheduler.h"

#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>

#include <climits>

#include "sim/sched/originals.h"
#include "sim/sched/sched.h"
#include "sim/sched/thread_stacks.h"
#include "sim/sched/watchdog.h"
#include "vfs/base/check.h"
#include "vfs/base/hash.h"
#include "vfs/base/prng.h"
#include "vfs/base/step.h"

// In a program under ThreadSanitizer these tell it what the scheduler's own hand-over, which it
// does not see, must not be taken for.
extern "C" {
[[gnu::weak]] void __tsan_acquire(void* address);
[[gnu::weak]] void __tsan_release(void* address);
}

namespace permafrost::sim {
namespace {

Scheduler* g_active = nullptr;
thread_local SimThread* t_self = nullptr;

// Kinds of points beside the waits, for the hash.
enum PointKind : unsigned { kPlainPoint = 100, kYieldPoint, kExitPoint, kSwitchPoint };

// Signals of the outside (Ctrl-C) go to the thread outside the run; those of the code itself stay.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS})
      sigdelset(&all, own);
    pthread_sigmask(SIG_BLOCK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

// Handing a token between two processors costs twice as much as on one.
class PinnedToOneCpu {
 public:
  explicit PinnedToOneCpu(bool is_wanted) {
    unsigned cpu = 0;
    if (!is_wanted || sched_getaffinity(0, sizeof(before_), &before_) != 0) return;
    if (RawSyscall(SYS_getcpu, reinterpret_cast<std::int64_t>(&cpu)) != 0) return;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    is_pinned_ = sched_setaffinity(0, sizeof(one), &one) == 0;
  }
  ~PinnedToOneCpu() {
    if (is_pinned_) sched_setaffinity(0, sizeof(before_), &before_);
  }
  PinnedToOneCpu(const PinnedToOneCpu&) = delete;
  PinnedToOneCpu& operator=(const PinnedToOneCpu&) = delete;

 private:
  cpu_set_t before_{};
  bool is_pinned_ = false;
};

}  // namespace

SimThread* Scheduler::Self() { return TheRunState().has_threads ? t_self : nullptr; }

Scheduler& Scheduler::Active() { return *g_active; }

Scheduler::Scheduler(const ThreadOptions& options)
    : options_(options),
      own_strategy_(
          MakeStrategy(options.strategy, vfs::Prng(options.seed).Fork("schedule").Next())),
      strategy_(options.strategy_override != nullptr ? options.strategy_override
                                                     : own_strategy_.get()),
      is_plain_(options.strategy_override == nullptr &&
                options.strategy.kind == StrategySpec::Kind::kRunToBlock) {}

ThreadReport Scheduler::Run(absl::FunctionRef<void()> body) {
  VFS_CHECK(g_active == nullptr, "RunThreads inside RunThreads");
  VFS_CHECK(options_.mode == ThreadMode::kFutex || CanUseFibers(),
            "fiber mode needs a processor and kernel with FSGSBASE and no sanitizer; use futex");
  const DeterministicScope scope(options_.seed, ScopeThreads::kScheduled);
  const PinnedToOneCpu pinned(options_.mode == ThreadMode::kFutex);
  g_active = this;
  WatchRun(this);
  clock_start_ = TheRunState().clock_nanos;
  host_fiber_.thread_pointer = CurrentThreadPointer();
  SimThread& first = AddThread(
      [](void* argument) -> void* {
        (*static_cast<absl::FunctionRef<void()>*>(argument))();
        return nullptr;
      },
      &body);
  first.name = "main";
  first.is_joined = true;
  const int code = StartNative(first);
  VFS_CHECK(code == 0, "start of the first thread: error {}", code);
  current_ = &first;
  RunHost();
  report_.virtual_nanos = TheRunState().clock_nanos - clock_start_;
  report_.threads = threads_.size();
  for (const auto& thread : threads_) {
    TheOriginals().join(thread->native, nullptr);
    if (!thread->is_joined && !thread->is_detached) {
      Fail(fmt::format("thread {} '{}' ended and nobody joined or detached it", thread->id,
                       thread->name));
    }
  }
  ClearThreadStacks(static_cast<int>(threads_.size()));
  WatchRun(nullptr);
  g_active = nullptr;
  return std::move(report_);
}

void Scheduler::RunHost() {
  while (current_ != nullptr) {
    if (current_->place == SimThread::Place::kFiber) {
      SwapFibers(host_fiber_, current_->fiber);
    } else {
      current_->turn.Unpark();
      host_.Park();
    }
  }
}

void Scheduler::CountStep(unsigned kind) {
  RunState& state = TheRunState();
  state.clock_nanos += 100;
  ++report_.steps;
  BeatPulse();
  const auto id = static_cast<unsigned>(current_->id);
  report_.hash = vfs::Mix64(report_.hash ^ (kind + (std::uint64_t{id} << 8U)));
  if (report_.steps > options_.steps_max) {
    Fail(fmt::format("livelock: {} scheduling points and no end", options_.steps_max));
  }
  if (options_.virtual_nanos_max != 0 &&
      state.clock_nanos - clock_start_ > options_.virtual_nanos_max) {
    Fail(fmt::format("livelock: {:.3f} s of virtual time and no end",
                     static_cast<double>(options_.virtual_nanos_max) * 1e-9));
  }
  if (next_deadline_ != 0 && state.clock_nanos >= next_deadline_) WakeOverdue();
}

void Scheduler::Point() {
  CountStep(kPlainPoint);
  if (runnable_ < 2) return;
  SimThread& self = *current_;
  SimThread* const next = ChooseRunnable(self, true, false);
  if (next != &self) SwitchTo(self, *next);
}

void Scheduler::Yield() {
  CountStep(kYieldPoint);
  if (runnable_ < 2) return;
  SimThread& self = *current_;
  SwitchTo(self, *ChooseRunnable(self, true, true));
}

bool Scheduler::Wait(WaitKind kind, const void* object, std::uint64_t deadline) {
  SimThread& self = *current_;
  CountStep(static_cast<unsigned>(kind));
  self.state = SimThread::State::kWaiting;
  self.kind = kind;
  self.object = object;
  self.deadline = deadline;
  self.since = TheRunState().clock_nanos;
  self.wait_number = ++waits_;
  self.has_timed_out = false;
  --runnable_;
  if (deadline != 0 && (next_deadline_ == 0 || deadline < next_deadline_))
    next_deadline_ = deadline;
  SimThread* const next = NextAfter(self);
  if (next != &self) SwitchTo(self, *next);
  return !self.has_timed_out;
}

void Scheduler::MakeRunnable(SimThread& thread) {
  thread.state = SimThread::State::kRunnable;
  ++runnable_;
}

void Scheduler::WakeAll(WaitKind kind, const void* object) {
  if (runnable_ == alive_.size()) return;
  for (SimThread* const thread : alive_) {
    if (thread->state == SimThread::State::kWaiting && thread->kind == kind &&
        thread->object == object) {
      MakeRunnable(*thread);
    }
  }
}

int Scheduler::Wake(WaitKind kind, const void* object, int count) {
  int woken = 0;
  while (woken < count && runnable_ < alive_.size()) {
    std::vector<SimThread*> waiters;
    for (SimThread* const thread : alive_) {
      if (thread->state == SimThread::State::kWaiting && thread->kind == kind &&
          thread->object == object) {
        waiters.push_back(thread);
      }
    }
    if (waiters.empty()) break;
    std::sort(waiters.begin(), waiters.end(), [](const SimThread* a, const SimThread* b) {
      return a->wait_number < b->wait_number;
    });
    std::size_t chosen = 0;
    if (waiters.size() > 1) {
      Decision decision;
      for (const SimThread* const waiter : waiters) decision.candidates.push_back(waiter->id);
      chosen = Decide(decision);
    }
    MakeRunnable(*waiters[chosen]);
    ++woken;
  }
  return woken;
}

void Scheduler::WakeOverdue() {
  const std::uint64_t now = TheRunState().clock_nanos;
  next_deadline_ = 0;
  for (SimThread* const thread : alive_) {
    if (thread->state != SimThread::State::kWaiting || thread->deadline == 0) continue;
    if (thread->deadline <= now) {
      thread->has_timed_out = true;
      MakeRunnable(*thread);
    } else if (next_deadline_ == 0 || thread->deadline < next_deadline_) {
      next_deadline_ = thread->deadline;
    }
  }
}

SimThread* Scheduler::NextAfter(const SimThread& current) {
  while (runnable_ == 0) {
    if (alive_.empty()) return nullptr;
    WakeOverdue();
    if (runnable_ > 0) break;
    if (next_deadline_ == 0) {
      Fail(fmt::format("deadlock: none of {} threads can run", alive_.size()));
    }
    TheRunState().clock_nanos = std::max(TheRunState().clock_nanos, next_deadline_);
  }
  return ChooseRunnable(current, false, false);
}

SimThread* Scheduler::ChooseRunnable(const SimThread& current, bool can_continue, bool is_yield) {
  const std::size_t count = is_yield ? runnable_ - 1 : runnable_;
  if (count == 1) {
    for (SimThread* const thread : alive_) {
      if (thread->state != SimThread::State::kRunnable) continue;
      if (!is_yield || thread != &current) return thread;
    }
  }
  if (is_plain_ && can_continue && !is_yield) {
    ++report_.decisions;
    return threads_[static_cast<std::size_t>(current.id)].get();
  }
  Decision decision;
  decision.is_preemption = can_continue && !is_yield;
  decision.is_yield = is_yield;
  bool is_default_known = false;
  for (const SimThread* const thread : alive_) {
    if (thread->state != SimThread::State::kRunnable || (is_yield && thread == &current)) continue;
    const bool is_wanted = decision.is_preemption ? thread == &current : thread->id > current.id;
    if (is_wanted && !is_default_known) {
      decision.default_index = decision.candidates.size();
      is_default_known = true;
    }
    decision.candidates.push_back(thread->id);
  }
  return threads_[static_cast<std::size_t>(decision.candidates[Decide(decision)])].get();
}

std::size_t Scheduler::Decide(Decision& decision) {
  decision.number = report_.decisions++;
  decision.step = report_.steps;
  decision.current = current_->id;
  const std::size_t index = strategy_->Choose(decision);
  VFS_CHECK(index < decision.candidates.size(), "strategy chose {} of {}", index,
            decision.candidates.size());
  if (index != decision.default_index) {
    report_.schedule.choices.emplace_back(decision.number, decision.candidates[index]);
  }
  return index;
}

void Scheduler::SwitchTo(SimThread& current, SimThread& next) {
  ++report_.switches;
  report_.hash =
      vfs::Mix64(report_.hash ^ (kSwitchPoint + (static_cast<std::uint64_t>(next.id) << 8U)));
  current_ = &next;
  if (current.place == SimThread::Place::kFiber) {
    SwapFibers(current.fiber, next.place == SimThread::Place::kFiber ? next.fiber : host_fiber_);
  } else {
    (next.place == SimThread::Place::kOwnThread ? next.turn : host_).Unpark();
    current.turn.Park();
  }
}

SimThread& Scheduler::AddThread(void* (*start)(void*), void* argument) {
  auto thread = std::make_unique<SimThread>();
  thread->id = static_cast<int>(threads_.size());
  thread->start = start;
  thread->argument = argument;
  threads_.push_back(std::move(thread));
  alive_.push_back(threads_.back().get());
  ++runnable_;
  return *threads_.back();
}

int Scheduler::StartNative(SimThread& thread) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstack(&attributes, ThreadStack(thread.id), kThreadStackBytes);
  const SignalsBlocked blocked;
  const int code = TheOriginals().create(&thread.native, &attributes, &ThreadMain, &thread);
  pthread_attr_destroy(&attributes);
  if (code == 0) thread.ready.Park();
  return code;
}

int Scheduler::Create(pthread_t* out,
                      const pthread_attr_t* attributes,
                      void* (*start)(void*),
                      void* arg) {
  if (threads_.size() >= static_cast<std::size_t>(kThreadStacksMax)) return EAGAIN;
  SimThread& thread = AddThread(start, arg);
  int detach_state = PTHREAD_CREATE_JOINABLE;
  if (attributes != nullptr) pthread_attr_getdetachstate(attributes, &detach_state);
  thread.is_detached = detach_state == PTHREAD_CREATE_DETACHED;
  thread.name = fmt::format("thread-{}", thread.id);
  const int code = StartNative(thread);
  VFS_CHECK(code == 0, "start of thread {}: error {}", thread.id, code);
  *out = thread.native;
  Point();
  return 0;
}

void* Scheduler::ThreadMain(void* argument) {
  SimThread& self = *static_cast<SimThread*>(argument);
  t_self = &self;
  self.step = vfs::Step::CurrentPlace();
  self.native_id = static_cast<int>(RawSyscall(SYS_gettid));
  pthread_setspecific(ExitKey(), reinterpret_cast<void*>(1));
  if (g_active->options_.mode == ThreadMode::kFiber) {
    // The fiber's frames lie below this one, which sleeps until the fiber has ended.
    constexpr std::size_t kRoomForThisFrame = 16U << 10;
    char* const here = static_cast<char*>(__builtin_frame_address(0));
    PrepareFiber(self.fiber, here - kRoomForThisFrame, &FiberMain);
    self.fiber.thread_pointer = CurrentThreadPointer();
    self.place = SimThread::Place::kFiber;
    self.ready.Unpark();
    self.turn.Park();
  } else {
    self.ready.Unpark();
    self.turn.Park();
    self.result = self.start(self.argument);
  }
  return self.result;  // the token is kept through the destructors of thread-local objects
}

void Scheduler::FiberMain() {
  SimThread& self = *t_self;
  self.result = self.start(self.argument);
  self.place = SimThread::Place::kOwnThread;
  SwapFibers(self.fiber, g_active->host_fiber_);
  VFS_CHECK(false, "a fiber that ended was continued");
}

pthread_key_t Scheduler::ExitKey() {
  static const pthread_key_t key = [] {
    pthread_key_t made{};
    pthread_key_create(&made, &OnThreadExit);
    return made;
  }();
  return key;
}

void Scheduler::OnThreadExit(void* round) {
  // Destructors run in rounds while any of them sets a value again: this one lasts until the last,
  // or the one before, because in the last a sanitizer takes its thread apart.
#ifdef PERMAFROST_WITH_SANITIZER
  constexpr std::uintptr_t kLastRound = PTHREAD_DESTRUCTOR_ITERATIONS - 1;
#else
  constexpr std::uintptr_t kLastRound = PTHREAD_DESTRUCTOR_ITERATIONS;
#endif
  const auto number = reinterpret_cast<std::uintptr_t>(round);
  if (number < kLastRound) {
    pthread_setspecific(ExitKey(), reinterpret_cast<void*>(number + 1));
    return;
  }
  g_active->Finish(*t_self);
}

void Scheduler::Finish(SimThread& thread) {
  CountStep(kExitPoint);
  thread.state = SimThread::State::kFinished;
  alive_.erase(std::find(alive_.begin(), alive_.end(), &thread));
  --runnable_;
  if (__tsan_release != nullptr) __tsan_release(&thread);
  WakeAll(WaitKind::kJoin, &thread);
  t_self = nullptr;
  SimThread* const next = NextAfter(thread);
  current_ = next;
  const bool is_next_here = next != nullptr && next->place == SimThread::Place::kOwnThread;
  (is_next_here ? next->turn : host_).Unpark();
}

SimThread* Scheduler::Find(pthread_t native) {
  for (const auto& thread : threads_) {
    if (pthread_equal(thread->native, native) != 0) return thread.get();
  }
  return nullptr;
}

int Scheduler::Join(pthread_t native, void** result, std::uint64_t deadline) {
  SimThread* const thread = Find(native);
  if (thread == nullptr) return ESRCH;
  if (thread == current_) return EDEADLK;
  if (thread->is_detached || thread->is_joined) return EINVAL;
  Point();
  while (thread->state != SimThread::State::kFinished) {
    if (!Wait(WaitKind::kJoin, thread, deadline)) return ETIMEDOUT;
  }
  if (__tsan_acquire != nullptr) __tsan_acquire(thread);
  thread->is_joined = true;
  if (result != nullptr) *result = thread->result;
  return 0;
}

void Scheduler::AddBarrier(const void* object, unsigned count) {
  Barrier* place = FindBarrier(object);
  if (place == nullptr) place = FindBarrier(nullptr);
  if (place == nullptr) place = &barriers_.emplace_back();
  *place = {.object = object, .count = count};
}

Scheduler::Barrier* Scheduler::FindBarrier(const void* object) {
  for (Barrier& barrier : barriers_) {
    if (barrier.object == object) return &barrier;
  }
  return nullptr;
}

void Scheduler::BeginOnce(const void* control) {
  running_onces_.push_back({.control = control, .thread = current_->id});
}

void Scheduler::EndOnce(const void* control) {
  running_onces_.erase(running_onces_.begin() + (FindOnce(control) - running_onces_.data()));
  WakeAll(WaitKind::kOnce, control);
}

const Scheduler::RunningOnce* Scheduler::FindOnce(const void* control) const {
  for (const RunningOnce& running : running_onces_) {
    if (running.control == control) return &running;
  }
  return nullptr;
}

int Scheduler::Detach(pthread_t native) {
  SimThread* const thread = Find(native);
  if (thread == nullptr) return ESRCH;
  if (thread->is_detached || thread->is_joined) return EINVAL;
  thread->is_detached = true;
  return 0;
}

}  // namespace permafrost::sim
