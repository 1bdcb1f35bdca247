// A condition variable for vfs::Mutex.
#pragma once

#include <condition_variable>
#include <mutex>

#include <absl/base/thread_annotations.h>

#include "vfs/base/mutex.h"

namespace permafrost::vfs {

// Threads: any thread.
class CondVar {
 public:
  // Releases `mu`, waits for a notification, takes `mu` again. It may return without one: the
  // caller tests its condition in a loop.
  void Wait(Mutex* mu) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    std::unique_lock<std::mutex> lock(mu->native(), std::adopt_lock);
    changed_.wait(lock);
    lock.release();
  }
  void NotifyAll() { changed_.notify_all(); }

 private:
  std::condition_variable changed_;
};

}  // namespace permafrost::vfs
