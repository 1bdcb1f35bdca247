// Independent pieces of work on several threads.
#pragma once

#include <cstddef>
#include <set>

#include <absl/base/thread_annotations.h>
#include <absl/functional/function_ref.h>

#include "vfs/base/cond_var.h"
#include "vfs/base/mutex.h"
#include "vfs/executor.h"

namespace permafrost::engine {

// Pieces that are worked on at once and end in their order.
//
// Threads: any thread
class Turns {
 public:
  // Whether every piece before this one has ended.
  bool HasCome(std::size_t piece) const;
  // Returns when it has. The pieces before must have been begun.
  void Await(std::size_t piece);
  // Of each piece once.
  void End(std::size_t piece);

 private:
  mutable vfs::Mutex mu_;
  vfs::CondVar changed_;
  std::size_t next_ ABSL_GUARDED_BY(mu_) = 0;              // the first that has not ended
  std::set<std::size_t> ended_ ABSL_GUARDED_BY(mu_) = {};  // behind it
};

// Calls work(0) to work(count - 1), begun in this order, at most `workers` at a time, and returns
// when all have returned. The caller is one of the workers, so that this ends also where the
// executor starts no job (the queued executor of a simulation without threads); the others are its
// jobs of priority kUser, whose width is the executor's owner's business.
//
// Threads: any thread, a job of the executor included
void RunWorkers(vfs::Executor& executor,
                int workers,
                std::size_t count,
                absl::FunctionRef<void(std::size_t)> work);

}  // namespace permafrost::engine
