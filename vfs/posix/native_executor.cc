// Pools of named threads.
#include "vfs/posix/native_executor.h"

#include <pthread.h>

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "vfs/base/check.h"
#include "vfs/base/step.h"

namespace permafrost::vfs {
namespace {

constexpr std::array<const char*, 4> kPriorityNames = {"bottom", "low", "high", "user"};

}  // namespace

NativeExecutor::NativeExecutor() = default;

NativeExecutor::~NativeExecutor() {
  std::deque<Job> dropped;
  std::vector<std::thread> threads;
  {
    const MutexLock lock(&mu_);
    is_stopping_ = true;
    for (Pool& pool : pools_) {
      for (Job& job : pool.jobs) dropped.push_back(std::move(job));
      for (std::thread& thread : pool.threads) threads.push_back(std::move(thread));
      pool.jobs.clear();
    }
  }
  for (std::condition_variable& changed : work_changed_) changed.notify_all();
  for (std::thread& thread : threads) thread.join();
  TellCancelled(dropped);
}

std::size_t NativeExecutor::IndexOf(Priority priority) {
  const auto index = static_cast<std::size_t>(priority);
  VFS_CHECK(index < kPriorityCount, "bad Priority {}", index);
  return index;
}

void NativeExecutor::Schedule(Job job) {
  VFS_CHECK(job.run != nullptr, "job '{}' has nothing to run", job.name);
  const std::size_t index = IndexOf(job.priority);
  std::function<void()> refused;
  {
    const MutexLock lock(&mu_);
    if (is_stopping_) {
      refused = std::move(job.cancelled);
    } else {
      pools_[index].jobs.push_back(std::move(job));
      StartThreadsLocked(index);
    }
  }
  if (refused != nullptr) refused();
  work_changed_[index].notify_one();
}

int NativeExecutor::Cancel(const void* tag, Priority priority) {
  std::deque<Job> taken;
  {
    const MutexLock lock(&mu_);
    taken = TakeJobs(pools_[IndexOf(priority)].jobs, tag);
  }
  job_ended_.notify_all();
  return TellCancelled(taken);
}

std::size_t NativeExecutor::QueuedCount(Priority priority) const {
  const MutexLock lock(&mu_);
  return pools_[IndexOf(priority)].jobs.size();
}

void NativeExecutor::SetWidth(Priority priority, int threads) {
  VFS_CHECK(threads >= 0, "width {}", threads);
  const std::size_t index = IndexOf(priority);
  {
    const MutexLock lock(&mu_);
    pools_[index].width = threads;
    StartThreadsLocked(index);
  }
  work_changed_[index].notify_all();
  job_ended_.notify_all();
}

int NativeExecutor::Width(Priority priority) const {
  const MutexLock lock(&mu_);
  return pools_[IndexOf(priority)].width;
}

void NativeExecutor::Drain() {
  VFS_CHECK(!Step::IsUnder("background"), "a job cannot wait for itself to end");
  const MutexLock lock(&mu_);
  while (!IsIdleLocked()) WaitLocked(job_ended_);
}

void NativeExecutor::StartThreadsLocked(std::size_t index) {
  Pool& pool = pools_[index];
  const std::size_t wanted = std::min(static_cast<std::size_t>(pool.width),
                                      pool.jobs.size() + static_cast<std::size_t>(pool.running));
  while (!is_stopping_ && pool.threads.size() < wanted) {
    std::string name = fmt::format("vfs-{}-{}", kPriorityNames[index], pool.threads.size());
    pool.threads.emplace_back([this, index, name = std::move(name)] {
      // For people who look at the process; a kernel that refuses the name changes nothing.
      static_cast<void>(::pthread_setname_np(::pthread_self(), name.c_str()));
      Work(index);
    });
  }
}

bool NativeExecutor::MayStartLocked(std::size_t index) const {
  return !pools_[index].jobs.empty() && pools_[index].running < pools_[index].width;
}

bool NativeExecutor::IsIdleLocked() const {
  for (const Pool& pool : pools_) {
    if (pool.running > 0 || (!pool.jobs.empty() && pool.width > 0)) return false;
  }
  return true;
}

void NativeExecutor::WaitLocked(std::condition_variable& changed) {
  std::unique_lock<std::mutex> held(mu_.native(), std::adopt_lock);
  changed.wait(held);
  held.release();
}

void NativeExecutor::Work(std::size_t index) {
  while (true) {
    Job job;
    {
      const MutexLock lock(&mu_);
      while (!is_stopping_ && !MayStartLocked(index)) WaitLocked(work_changed_[index]);
      if (is_stopping_) return;
      Pool& pool = pools_[index];
      job = std::move(pool.jobs.front());
      pool.jobs.pop_front();
      ++pool.running;
    }
    {
      const Step step("background");
      job.run();
    }
    job = Job();  // what it held is released before anybody is told that it ended
    {
      const MutexLock lock(&mu_);
      --pools_[index].running;
    }
    work_changed_[index].notify_one();
    job_ended_.notify_all();
  }
}

}  // namespace permafrost::vfs
