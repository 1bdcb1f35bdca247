// Scenario rocksdb/basic: one database with two column families; synced and unsynced puts, flush,
// compaction, reopen.
#pragma once

#include <memory>

#include "sim/explore/scenario.h"

namespace permafrost::sim {

std::unique_ptr<Scenario> MakeRocksDbBasic(const ScenarioOptions& options);

}  // namespace permafrost::sim
