// Scenario engine/lifecycle: synthetic ledgers through both tiers of a store.
#pragma once

#include <memory>

#include "sim/explore/scenario.h"

namespace permafrost::sim {

// Verbs of its scripts: engine_scenario.h.
std::unique_ptr<Scenario> MakeEngineLifecycle(const ScenarioOptions& options);

}  // namespace permafrost::sim
