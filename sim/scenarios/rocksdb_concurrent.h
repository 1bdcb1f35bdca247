// Scenario rocksdb/concurrent: writers, a reader, flushes, compactions and checkpoints on threads
// of one database.
#pragma once

#include <memory>

#include "sim/explore/scenario.h"

namespace permafrost::sim {

std::unique_ptr<Scenario> MakeRocksDbConcurrent(const ScenarioOptions& options);

}  // namespace permafrost::sim
