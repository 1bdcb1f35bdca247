// The public side of the scheduler.
#include "sim/sched/threads.h"

#include <sys/prctl.h>
#include <sys/syscall.h>

#include <string>

#include "sim/sched/fiber.h"
#include "sim/sched/kernel.h"
#include "sim/sched/scheduler.h"
#include "vfs/base/status.h"

namespace permafrost::sim {

std::string_view ToString(ThreadMode mode) {
  return mode == ThreadMode::kFutex ? "futex" : "fiber";
}

absl::StatusOr<ThreadMode> ParseThreadMode(std::string_view text) {
  for (const ThreadMode mode : {ThreadMode::kFutex, ThreadMode::kFiber}) {
    if (text == ToString(mode)) return mode;
  }
  return vfs::InvalidArgument("thread mode '{}': known: futex, fiber", text.substr(0, 60));
}

bool CanUseFibers() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    defined(PERMAFROST_WITH_SANITIZER)
  return false;
#else
  return HasUserThreadPointer();
#endif
}

ThreadReport RunThreads(const ThreadOptions& options, absl::FunctionRef<void()> body) {
  return Scheduler(options).Run(body);
}

int CurrentThreadId() {
  const SimThread* const self = Scheduler::Self();
  return self == nullptr ? 0 : self->id;
}

std::uint64_t ScheduleHash() {
  return Scheduler::Self() == nullptr ? 0 : Scheduler::Active().hash();
}

void SetCurrentThreadName(std::string_view name) {
  SimThread* const self = Scheduler::Self();
  if (self == nullptr) return;
  self->name = std::string(name);
  if (self->place != SimThread::Place::kOwnThread) return;
  // Debuggers show the kernel's name: 15 bytes.
  const std::string shown = self->name.substr(0, 15);
  RawSyscall(SYS_prctl, PR_SET_NAME, reinterpret_cast<std::int64_t>(shown.c_str()));
}

void SchedulingPoint() {
  if (Scheduler::Self() != nullptr) Scheduler::Active().Point();
}

}  // namespace permafrost::sim
