// The raw time of the simulator's smallest unit of work, measured in the same process on the same
// simulated disk.
#pragma once

#include "sim/explore/explorer.h"

namespace permafrost::sim {

// Seconds of one open + read everything + close of the scenario's databases, mean over opens of the
// end state of its workload (median of seven batches); 0 if the scenario has no database there.
// Source: simulator.md section 8.
double MeasureRawOpenSeconds(const Scenario& scenario, const ExploreOptions& options);

// The same for one database of 100 synced keys that never left its log: what a crash image of a
// small store mostly is. `read_only` opens without recovery's writes.
enum class OpenKind { kReadWrite, kReadOnly };
double MeasureWalOnlyOpenSeconds(const vfs::RocksOptions& rocks, OpenKind kind);

}  // namespace permafrost::sim
