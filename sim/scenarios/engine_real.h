// Scenario engine/real: ten ledgers of the public Stellar network, over chunk edges.
#pragma once

#include <memory>

#include "sim/explore/scenario.h"

namespace permafrost::sim {

// Verbs of its scripts: engine_scenario.h.
std::unique_ptr<Scenario> MakeEngineReal(const ScenarioOptions& options);

}  // namespace permafrost::sim
