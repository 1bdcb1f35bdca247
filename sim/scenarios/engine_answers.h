// What a reader of a store of ledgers answers, compared with the model, as values of domains.
#pragma once

#include <string>
#include <vector>

#include "engine/query/ledger_reader.h"
#include "sim/oracle/expectation.h"
#include "sim/scenarios/engine_model.h"

namespace permafrost::sim {

// "absent", "1 of 4", ..., "full".
std::string EngineCountText(std::uint32_t ledgers);

// Of one chunk: how many of its ledgers are there, from its first without a gap, and all of them as
// the model has them; or "wrong: ..." or "error: ...". What has no home now (kUnavailable) counts
// as not there.
std::string LedgersIn(const engine::LedgerReader& reader,
                      const EngineModel& model,
                      engine::ChunkId chunk);
std::string LookupsIn(const engine::LedgerReader& reader,
                      const EngineModel& model,
                      engine::ChunkId chunk);
std::string EventsIn(const engine::LedgerReader& reader,
                     const EngineModel& model,
                     engine::ChunkId chunk);

// Questions whose answer must be "no".
//
// `is_whole`: everything that can be read has a home; only without that may a search be left open.
std::vector<Violation> AskForNothing(const engine::LedgerReader& reader,
                                     const EngineModel& model,
                                     bool is_whole);

}  // namespace permafrost::sim
