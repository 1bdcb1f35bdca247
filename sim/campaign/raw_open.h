// The raw time of the simulator's smallest unit of work, measured in the same process on the same
// simulated disk.
#pragma once

#include "sim/explore/explorer.h"

namespace permafrost::sim {

// Processor seconds of one open + read everything + close, over fifteen batches of twenty; 0 if
// nothing was opened. The median is comparable with a whole sweep on the same machine, the fastest
// batch with other machines: others' load only ever adds.
struct OpenTime {
  double median = 0;
  double fastest = 0;
};

// The scenario's databases in the end state of its workload.
// Source: simulator.md section 8.
OpenTime MeasureRawOpen(const Scenario& scenario, const ExploreOptions& options);

// One database of 100 synced keys that never left its log: what a crash image of a small store
// mostly is. `kReadOnly` opens without recovery's writes.
enum class OpenKind { kReadWrite, kReadOnly };
OpenTime MeasureWalOnlyOpen(const vfs::RocksOptions& rocks, OpenKind kind);

}  // namespace permafrost::sim
