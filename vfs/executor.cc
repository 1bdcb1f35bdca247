// What cancelling jobs has in common.
#include "vfs/executor.h"

#include <utility>

namespace permafrost::vfs {

std::deque<Job> TakeJobs(std::deque<Job>& queue, const void* tag) {
  std::deque<Job> taken;
  std::deque<Job> kept;
  for (Job& job : queue) (job.tag == tag ? taken : kept).push_back(std::move(job));
  queue = std::move(kept);
  return taken;
}

int TellCancelled(const std::deque<Job>& taken) {
  for (const Job& job : taken) {
    if (job.cancelled != nullptr) job.cancelled();
  }
  return static_cast<int>(taken.size());
}

}  // namespace permafrost::vfs
