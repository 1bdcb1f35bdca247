// An executor that only queues: whoever owns it decides when the next job runs, and chance decides
// which.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "vfs/base/mutex.h"
#include "vfs/base/prng.h"
#include "vfs/executor.h"

namespace permafrost::vfs {

// Schedule never runs anything. Jobs of one priority run in the order they were scheduled; between
// priorities the caller or the caller's chance chooses, so that one seed gives one order. A job
// runs under the step "background" on the thread that asked for it, never inside another job. A
// priority of width 0 queues and does not become ready. Jobs still queued when it is destroyed are
// dropped, neither run nor cancelled: the process died.
//
// Threads: any thread may schedule and cancel; one thread at a time runs jobs.
class QueuedExecutor final : public Executor {
 public:
  QueuedExecutor();
  ~QueuedExecutor() override;

  void Schedule(Job job) override;
  int Cancel(const void* tag, Priority priority) override;
  std::size_t QueuedCount(Priority priority) const override;
  void SetWidth(Priority priority, int threads) override;
  int Width(Priority priority) const override;
  // Runs ready jobs, highest priority first, until none is ready; jobs of width 0 stay.
  void Drain() override;

  // All queued jobs, ready or not.
  std::size_t queued() const;
  // The names of the jobs that may run next, one for each ready priority, lowest priority first.
  std::vector<std::string> Ready() const;
  // Runs the job at `index` of Ready(). Requires index < Ready().size() and no job running.
  void RunNext(std::size_t index);
  // Runs one ready job, the priority drawn from `prng` (nothing is drawn when there is no choice).
  // False if none is ready. Requires no job running.
  bool RunOne(Prng& prng);

 private:
  static constexpr std::size_t kPriorityCount = 4;
  struct Queue {
    std::deque<Job> jobs;
    int width = 1;
  };
  static std::size_t IndexOf(Priority priority);
  std::vector<std::size_t> ReadyPrioritiesLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void RunHeadOf(std::size_t priority);

  mutable Mutex mu_;
  std::array<Queue, kPriorityCount> queues_ ABSL_GUARDED_BY(mu_);
  bool is_running_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace permafrost::vfs
