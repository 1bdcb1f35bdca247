// Where background work runs: native thread pools in production, a queue that the simulator pumps.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <string>
#include <string_view>

namespace permafrost::vfs {

enum class Priority { kBottom, kLow, kHigh, kUser };

struct Job {
  std::string name = {};  // stable; reaches the trace
  Priority priority = Priority::kLow;
  const void* tag = nullptr;  // owner; Cancel(tag) removes its queued jobs
  std::function<void()> run = {};
  std::function<void()> cancelled = {};  // called instead of run when removed; may be empty
};

// Threads: any thread; jobs of one priority start in the order they were scheduled.
class Executor {
 public:
  virtual ~Executor() = default;
  virtual void Schedule(Job job) = 0;
  // Removes queued jobs of the owner at this priority, calling their `cancelled`; returns how many.
  // Running jobs go on.
  virtual int Cancel(const void* tag, Priority priority) = 0;
  virtual std::size_t QueuedCount(Priority priority) const = 0;
  // How many jobs of this priority may run at once; takes effect for jobs not yet started.
  virtual void SetWidth(Priority priority, int threads) = 0;
  virtual int Width(Priority priority) const = 0;
  // Returns when nothing is queued or running. Under the queued executor of the simulator it runs
  // the jobs.
  virtual void Drain() = 0;
};

// What Cancel does in every executor: takes the owner's jobs out of a queue, under its lock;
std::deque<Job> TakeJobs(std::deque<Job>& queue, const void* tag);
// then tells them, without the lock, since a cancelled callback may schedule or cancel. Returns how
// many they are.
int TellCancelled(const std::deque<Job>& taken);

}  // namespace permafrost::vfs
