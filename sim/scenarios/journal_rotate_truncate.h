// journal/rotate-truncate: one writer, small segments, cursors, checkpoints, truncation, recycling.
#pragma once

#include <memory>

#include "sim/explore/scenario.h"

namespace permafrost::sim {

std::unique_ptr<Scenario> MakeJournalRotateTruncate(const ScenarioOptions& options);

}  // namespace permafrost::sim
