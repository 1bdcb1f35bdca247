// Scenario engine/journal: ledgers that clients push into a journal, on their way into both tiers
// of a store.
#pragma once

#include <memory>

#include "sim/explore/scenario.h"

namespace permafrost::sim {

// Verbs of its scripts: push N (records into the journal), drain (ingest from it), truncate (it
// forgets what its cursors allow), settle, retain N, restart, die.
std::unique_ptr<Scenario> MakeEngineJournal(const ScenarioOptions& options);

}  // namespace permafrost::sim
