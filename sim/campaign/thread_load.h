// A RocksDB load with many threads, for the price of simulating them.
#pragma once

#include <optional>

#include "sim/sched/threads.h"

namespace permafrost::sim {

// Processor seconds of one run on an empty simulated disk: four writers of 300 batches each (one in
// ten synced), a reader, four background jobs, flushes and compactions as they come. With `options`
// under the scheduler; without, on native threads bound to one processor.
//
// Source: deterministic-threads.md section 3.4, whose load this is.
double MeasureThreadLoad(const std::optional<ThreadOptions>& options);

}  // namespace permafrost::sim
