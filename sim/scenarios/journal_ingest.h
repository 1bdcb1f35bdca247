// journal/ingest: a journal, the ingestor and the record store together.
#pragma once

#include <memory>

#include "sim/explore/scenario.h"

namespace permafrost::sim {

std::unique_ptr<Scenario> MakeJournalIngest(const ScenarioOptions& options);

}  // namespace permafrost::sim
