// What the scenarios over the engine's store with a model for ledgers have in common: recovery and
// checks.
#pragma once

#include <optional>
#include <string>

#include "sim/scenarios/store_scenario.h"

namespace permafrost::sim {

class CatalogScenario : public StoreScenario {
 public:
  explicit CatalogScenario(const ScenarioOptions& options);

  std::string FirstConfig() const override;
  std::optional<std::string> FirstConfigUnderRot() const override;
  void CheckAtRest(World& clone, History& history) const override;
  // A LifecycleSession starts, runs the lifecycle, checks what must hold when settled, goes on.
  void Recover(World& world, History& history) const override;
  Answers AnswersOf(World& world, const std::string& config) const override;
  Script RotScript() const override;
};

}  // namespace permafrost::sim
