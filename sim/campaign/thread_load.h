// RocksDB under threads, for the price of simulating them: a load, and a day of waiting.
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

struct IdleDay {
  ThreadReport threads;
  double seconds = 0;  // real
};
// A day of virtual time in which nothing but timers happens: a database stands open, its job pool
// waits, one thread waits on a condition for a second, again and again, another sleeps for ten.
IdleDay MeasureIdleDay(ThreadMode mode);

}  // namespace permafrost::sim
