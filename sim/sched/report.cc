// What the scheduler says when a run cannot go on.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "sim/sched/scheduler.h"
#include "vfs/base/step.h"

namespace permafrost::sim {
namespace {

std::string_view NameOf(WaitKind kind) {
  switch (kind) {
    case WaitKind::kMutex: return "mutex";
    case WaitKind::kCondition: return "condition";
    case WaitKind::kReadLock: return "read lock";
    case WaitKind::kWriteLock: return "write lock";
    case WaitKind::kSpinLock: return "spin lock";
    case WaitKind::kSemaphore: return "semaphore";
    case WaitKind::kBarrier: return "barrier";
    case WaitKind::kOnce: return "once";
    case WaitKind::kJoin: return "the end of";
    case WaitKind::kFutex: return "futex";
    case WaitKind::kSleep: return "sleep";
  }
  return "?";
}

// ", in step freeze.write", or nothing.
std::string StepOf(const SimThread& thread) {
  const vfs::Step* const step = thread.step == nullptr ? nullptr : *thread.step;
  return step == nullptr ? "" : fmt::format(", in step {}", step->label());
}

std::string Seconds(std::uint64_t nanos) {
  return fmt::format("{:.6f} s", static_cast<double>(nanos) * 1e-9);
}

}  // namespace

const SimThread* Scheduler::OwnerOf(const SimThread& waiter) const {
  int native_id = 0;
  switch (waiter.kind) {
    case WaitKind::kMutex:
      native_id = static_cast<const pthread_mutex_t*>(waiter.object)->__data.__owner;
      break;
    case WaitKind::kReadLock:
    case WaitKind::kWriteLock:
      native_id = static_cast<const pthread_rwlock_t*>(waiter.object)->__data.__cur_writer;
      break;
    case WaitKind::kOnce: {
      const RunningOnce* const running = FindOnce(waiter.object);
      if (running == nullptr) return nullptr;
      return threads_[static_cast<std::size_t>(running->thread)].get();
    }
    case WaitKind::kJoin: return static_cast<const SimThread*>(waiter.object);
    default: return nullptr;
  }
  if (native_id == 0) return nullptr;
  for (const auto& thread : threads_) {
    if (thread->native_id == native_id) return thread.get();
  }
  return nullptr;
}

std::string Scheduler::DescribeWait(const SimThread& thread) const {
  if (thread.state == SimThread::State::kRunnable) {
    return (&thread == current_ ? "runs" : "can run") + StepOf(thread);
  }
  const SimThread* const owner = OwnerOf(thread);
  std::string text;
  if (thread.kind == WaitKind::kSleep) {
    text = "sleeps";
  } else if (thread.kind == WaitKind::kJoin) {
    text = fmt::format("waits for the end of thread {} '{}'", owner->id, owner->name);
  } else {
    // Addresses differ from process to process; the first thread that waits for it names it.
    std::vector<const void*> seen;
    std::size_t number = 0;
    for (const SimThread* const other : alive_) {
      if (other->state != SimThread::State::kWaiting || other->kind != thread.kind) continue;
      const auto at = std::find(seen.begin(), seen.end(), other->object);
      if (at == seen.end()) seen.push_back(other->object);
      if (other->object != thread.object) continue;
      number = static_cast<std::size_t>(std::find(seen.begin(), seen.end(), other->object) -
                                        seen.begin());
      break;
    }
    text = fmt::format("waits for {} {}", NameOf(thread.kind), number + 1);
    if (owner == &thread) {
      text += ", held by itself";
    } else if (owner != nullptr) {
      text += fmt::format(", held by thread {} '{}'", owner->id, owner->name);
    }
  }
  text += StepOf(thread);
  text += fmt::format(", for {}", Seconds(TheRunState().clock_nanos - thread.since));
  if (thread.deadline != 0) {
    const std::uint64_t now = TheRunState().clock_nanos;
    text += fmt::format(", at most {} more", Seconds(std::max(thread.deadline, now) - now));
  }
  return text;
}

std::string Scheduler::Describe() const {
  std::string text;
  for (const SimThread* const thread : alive_) {
    text += fmt::format("  thread {} '{}' {}\n", thread->id, thread->name, DescribeWait(*thread));
  }
  return text;
}

void Scheduler::FailStuck() {
  const SimThread* const stuck = current_;
  const std::string step = stuck == nullptr ? "" : StepOf(*stuck);
  Fail(fmt::format(
      "stuck: thread {} '{}'{}{} reached no scheduling point for {} s of real time; it waits for "
      "something outside the simulation, or spins",
      stuck == nullptr ? 0 : stuck->id, stuck == nullptr ? "?" : stuck->name, step,
      step.empty() ? "" : ",", options_.stuck_seconds_max));
}

void Scheduler::Fail(const std::string& finding) {
  const std::string text = fmt::format(
      "powercut: {}; seed {:#x}, strategy {}, mode {}, step {}, virtual time {}\n{}schedule: {}\n",
      finding, options_.seed, ToString(options_.strategy), ToString(options_.mode), report_.steps,
      Seconds(TheRunState().clock_nanos - clock_start_), Describe(), ToString(report_.schedule));
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
  std::abort();
}

}  // namespace permafrost::sim
