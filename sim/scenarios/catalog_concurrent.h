// Scenario catalog/concurrent: the engine's store under many threads.
#pragma once

#include <memory>

#include "sim/explore/scenario.h"

namespace permafrost::sim {

std::unique_ptr<Scenario> MakeCatalogConcurrent(const ScenarioOptions& options);

}  // namespace permafrost::sim
