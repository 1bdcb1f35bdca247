// Scenario catalog/lifecycle: the engine's freeze, index, hot and prune protocols over real
// RocksDB.
#pragma once

#include <memory>

#include "sim/explore/scenario.h"

namespace permafrost::sim {

// Verbs of its scripts: lake N (chunks below N can be had), freeze C, freeze-failing C (the source
// fails half way), index FIRST LAST, hot C, ingest C N, remake-hot C, retain N, run (one lifecycle
// run), restart, die.
std::unique_ptr<Scenario> MakeCatalogLifecycle(const ScenarioOptions& options);

}  // namespace permafrost::sim
