// Independent pieces of work on several threads.
#pragma once

#include <cstddef>

#include <absl/functional/function_ref.h>

#include "vfs/executor.h"

namespace permafrost::engine {

// Calls work(0) to work(count - 1), at most `workers` at a time, and returns when all have
// returned. The caller is one of the workers, so that this ends also where the executor starts no
// job (the queued executor of a simulation without threads); the others are its jobs of priority
// kUser, whose width is the executor's owner's business.
//
// Threads: any thread, a job of the executor included
void RunWorkers(vfs::Executor& executor,
                int workers,
                std::size_t count,
                absl::FunctionRef<void(std::size_t)> work);

}  // namespace permafrost::engine
