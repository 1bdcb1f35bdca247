// Background work on real threads: one pool per priority.
#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <thread>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "vfs/base/mutex.h"
#include "vfs/executor.h"

namespace permafrost::vfs {

// Threads start when jobs need them, up to the width (1 until set), carry the name
// "vfs-<priority>-<n>" and run each job under the step "background". At width 0 jobs wait; Drain
// does not wait for those. The destructor calls `cancelled` of what is still queued, lets running
// jobs finish and joins every thread.
//
// Threads: any thread; guarded by mu_. Drain must not be called from a job.
class NativeExecutor final : public Executor {
 public:
  NativeExecutor();
  ~NativeExecutor() override;

  void Schedule(Job job) override;
  int Cancel(const void* tag, Priority priority) override;
  std::size_t QueuedCount(Priority priority) const override;
  void SetWidth(Priority priority, int threads) override;
  int Width(Priority priority) const override;
  void Drain() override;

 private:
  static constexpr std::size_t kPriorityCount = 4;
  struct Pool {
    std::deque<Job> jobs;
    std::vector<std::thread> threads;
    int width = 1;
    int running = 0;
  };

  static std::size_t IndexOf(Priority priority);
  void StartThreadsLocked(std::size_t index) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool MayStartLocked(std::size_t index) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool IsIdleLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void WaitLocked(std::condition_variable& changed) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Work(std::size_t index);

  mutable Mutex mu_;
  std::array<std::condition_variable, kPriorityCount> work_changed_;
  std::condition_variable job_ended_;
  std::array<Pool, kPriorityCount> pools_ ABSL_GUARDED_BY(mu_);
  bool is_stopping_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace permafrost::vfs
