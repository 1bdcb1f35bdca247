// Four queues and a choice.
#include "vfs/queued_executor.h"

#include <utility>

#include "vfs/base/check.h"
#include "vfs/base/step.h"

namespace permafrost::vfs {

QueuedExecutor::QueuedExecutor() = default;
QueuedExecutor::~QueuedExecutor() = default;

std::size_t QueuedExecutor::IndexOf(Priority priority) {
  const auto index = static_cast<std::size_t>(priority);
  VFS_CHECK(index < kPriorityCount, "bad Priority {}", index);
  return index;
}

void QueuedExecutor::Schedule(Job job) {
  VFS_CHECK(job.run != nullptr, "job '{}' has nothing to run", job.name);
  const std::size_t index = IndexOf(job.priority);
  const MutexLock lock(&mu_);
  queues_[index].jobs.push_back(std::move(job));
}

int QueuedExecutor::Cancel(const void* tag, Priority priority) {
  std::deque<Job> taken;
  {
    const MutexLock lock(&mu_);
    taken = TakeJobs(queues_[IndexOf(priority)].jobs, tag);
  }
  return TellCancelled(taken);
}

std::size_t QueuedExecutor::QueuedCount(Priority priority) const {
  const MutexLock lock(&mu_);
  return queues_[IndexOf(priority)].jobs.size();
}

void QueuedExecutor::SetWidth(Priority priority, int threads) {
  VFS_CHECK(threads >= 0, "width {}", threads);
  const MutexLock lock(&mu_);
  queues_[IndexOf(priority)].width = threads;
}

int QueuedExecutor::Width(Priority priority) const {
  const MutexLock lock(&mu_);
  return queues_[IndexOf(priority)].width;
}

void QueuedExecutor::Drain() {
  while (const std::size_t ready_count = Ready().size()) RunNext(ready_count - 1);
}

std::size_t QueuedExecutor::queued() const {
  const MutexLock lock(&mu_);
  std::size_t count = 0;
  for (const Queue& queue : queues_) count += queue.jobs.size();
  return count;
}

std::vector<std::string> QueuedExecutor::Ready() const {
  const MutexLock lock(&mu_);
  std::vector<std::string> names;
  for (const std::size_t priority : ReadyPrioritiesLocked()) {
    names.push_back(queues_[priority].jobs.front().name);
  }
  return names;
}

void QueuedExecutor::RunNext(std::size_t index) {
  std::size_t priority = 0;
  {
    const MutexLock lock(&mu_);
    const std::vector<std::size_t> ready = ReadyPrioritiesLocked();
    VFS_CHECK(index < ready.size(), "job {} of {} ready ones", index, ready.size());
    priority = ready[index];
  }
  RunHeadOf(priority);
}

bool QueuedExecutor::RunOne(Prng& prng) {
  const std::size_t ready_count = Ready().size();
  if (ready_count == 0) return false;
  RunNext(ready_count == 1 ? 0 : prng.Below(ready_count));
  return true;
}

std::vector<std::size_t> QueuedExecutor::ReadyPrioritiesLocked() const {
  std::vector<std::size_t> ready;
  for (std::size_t i = 0; i < kPriorityCount; ++i) {
    if (!queues_[i].jobs.empty() && queues_[i].width > 0) ready.push_back(i);
  }
  return ready;
}

void QueuedExecutor::RunHeadOf(std::size_t priority) {
  Job job;
  {
    const MutexLock lock(&mu_);
    std::deque<Job>& jobs = queues_[priority].jobs;
    VFS_CHECK(!jobs.empty(), "no job of priority {}", priority);
    VFS_CHECK(!is_running_, "job '{}' asked to run inside another job", jobs.front().name);
    is_running_ = true;
    job = std::move(jobs.front());
    jobs.pop_front();
  }
  {
    const Step step("background");
    job.run();
  }
  const MutexLock lock(&mu_);
  is_running_ = false;
}

}  // namespace permafrost::vfs
