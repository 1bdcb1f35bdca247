// Recovery and checks of the engine's store.
#include "sim/scenarios/catalog_scenario.h"

#include "sim/scenarios/ledger_model.h"
#include "sim/scenarios/lifecycle_session.h"

namespace permafrost::sim {

CatalogScenario::CatalogScenario(const ScenarioOptions& options)
    : StoreScenario(options,
                    {.chunks_per_window = kModelChunksPerWindow,
                     .chunks_per_bucket = kModelChunksPerBucket,
                     .rocks = {},
                     .chunk_file = FrozenFileBytes,
                     .index_file = IndexFileBytes}) {}

std::string CatalogScenario::FirstConfig() const { return ToString(LifecycleConfig{}); }

std::optional<std::string> CatalogScenario::FirstConfigUnderRot() const {
  return ToString(LifecycleConfig{.has_rot = true});
}

void CatalogScenario::CheckAtRest(World& clone, History& history) const {
  // Damaged files break the predicates that look at files; what is answered is judged all the same.
  if (ParseLifecycleConfig(history.config()).has_rot) return;
  Check(clone, history, Moment::kAlways, 0);
}

void CatalogScenario::Recover(World& world, History& history) const {
  LifecycleSession session(world, history, rocks());
  if (!session.Start()) return;
  if (!session.Execute("run")) return;
  if (!session.config().has_rot) {
    World clone(world.CopyOfDisk(), {.seed = 3, .plan = {}}, nullptr);
    Check(clone, history, Moment::kSettled, session.floor());
  }
  if (!session.SettleAndContinue()) return;
  session.Stop();
}

Scenario::Answers CatalogScenario::AnswersOf(World& world, const std::string& config) const {
  History history(config);
  return LifecycleSession(world, history, rocks()).Look();
}

// A finished window and an unfinished one, their files, and hot chunks whose rows lie in a table
// and in a log.
Script CatalogScenario::RotScript() const {
  return {"lake 5", "run", "hot 5", "ingest 5 2", "restart", "ingest 5 1", "hot 6", "ingest 6 3"};
}

}  // namespace permafrost::sim
