// The registry of scenarios.
#include "sim/explore/scenario.h"
#include "sim/scenarios/catalog_concurrent.h"
#include "sim/scenarios/catalog_lifecycle.h"
#include "sim/scenarios/engine_journal.h"
#include "sim/scenarios/engine_lifecycle.h"
#include "sim/scenarios/engine_real.h"
#include "sim/scenarios/journal_append.h"
#include "sim/scenarios/journal_ingest.h"
#include "sim/scenarios/journal_rotate_truncate.h"
#include "sim/scenarios/rocksdb_basic.h"
#include "sim/scenarios/rocksdb_concurrent.h"

namespace permafrost::sim {

std::unique_ptr<Scenario> MakeScenario(std::string_view name, const ScenarioOptions& options) {
  if (name == "catalog/concurrent") return MakeCatalogConcurrent(options);
  if (name == "catalog/lifecycle") return MakeCatalogLifecycle(options);
  if (name == "engine/journal") return MakeEngineJournal(options);
  if (name == "engine/lifecycle") return MakeEngineLifecycle(options);
  if (name == "engine/real") return MakeEngineReal(options);
  if (name == "journal/append") return MakeJournalAppend(options);
  if (name == "journal/ingest") return MakeJournalIngest(options);
  if (name == "journal/rotate-truncate") return MakeJournalRotateTruncate(options);
  if (name == "rocksdb/basic") return MakeRocksDbBasic(options);
  if (name == "rocksdb/concurrent") return MakeRocksDbConcurrent(options);
  return nullptr;
}

std::vector<std::string> ScenarioNames() {
  return {"catalog/concurrent", "catalog/lifecycle", "engine/journal", "engine/lifecycle",
          "engine/real",        "journal/append",    "journal/ingest", "journal/rotate-truncate",
          "rocksdb/basic",      "rocksdb/concurrent"};
}

}  // namespace permafrost::sim
