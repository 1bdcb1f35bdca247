// journal/append: many writers of one journal on threads.
#pragma once

#include <memory>

#include "sim/explore/scenario.h"

namespace permafrost::sim {

std::unique_ptr<Scenario> MakeJournalAppend(const ScenarioOptions& options);

}  // namespace permafrost::sim
