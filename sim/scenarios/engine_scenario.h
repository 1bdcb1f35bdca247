// What the scenarios over a store of ledgers have in common: work, recovery and checks.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/scenarios/engine_model.h"
#include "sim/scenarios/engine_session.h"
#include "sim/scenarios/store_scenario.h"

namespace permafrost::sim {

// Verbs of scripts: append N (ledger after ledger), ingest N (from a stream, settling at each chunk
// boundary), bulk N (the bulk source has N ledgers), backfill (ingest from it), backfill-failing N
// (its ledger N, from 0, cannot be read), settle, retain N, hold (a reader stays), release (it
// answers as before, and goes), restart, die.
class EngineScenario : public StoreScenario {
 public:
  EngineScenario(const ScenarioOptions& options, const engine::GeometrySizes& sizes);

  std::vector<std::string_view> Verbs() const override;
  std::string FirstConfig() const override;
  void Work(World& world, History& history, const Script& script) const override;
  void CheckAtRest(World& clone, History& history) const override;
  // Starts, settles, lets both judges look at the disk, goes on.
  void Recover(World& world, History& history) const override;
  std::vector<std::string> RequiredLabels() const override;

 protected:
  virtual std::shared_ptr<const EngineModel> model() const = 0;
  virtual std::unique_ptr<EngineSession> NewSession(World& world, History& history) const;
  // What a recovery does before the disk is looked at, and at its end.
  virtual Script UpToSettled(vfs::Prng& prng) const;
  virtual Script Epilogue() const { return {"append 2"}; }
};

}  // namespace permafrost::sim
