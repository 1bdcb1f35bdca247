// What the scenarios over the engine's store have in common: recovery, checks and the logical
// state.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/explore/scenario.h"
#include "sim/oracle/store_predicates.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::sim {

class CatalogScenario : public Scenario {
 public:
  explicit CatalogScenario(const ScenarioOptions& options);

  std::string FirstConfig() const override;
  std::optional<std::string> FirstConfigUnderRot() const override;
  void CheckAtRest(World& clone, History& history) const override;
  // A LifecycleSession starts, runs the lifecycle, checks what must hold when settled, goes on.
  void Recover(World& world, History& history) const override;
  std::string LogicalState(World& clone) const override;
  Answers AnswersOf(World& world, const std::string& config) const override;
  Script RotScript() const override;
  std::uint64_t OpenDatabases(World& clone) const override;

 protected:
  const vfs::RocksOptions& rocks() const { return rocks_; }
  // The step labels of the store: not those of background jobs, clients and the journal's side.
  static std::vector<std::string> StoreLabels();

 private:
  using HotDatabase = std::pair<std::string, std::unique_ptr<vfs::RocksDb>>;

  void Check(World& clone, History& history, Moment moment, std::int64_t floor) const;
  std::vector<HotDatabase> HotDatabases(World& clone) const;

  const vfs::RocksOptions rocks_;
  vfs::RocksOptions clone_rocks_;  // clones have no threads
  StoreFacts facts_;
};

}  // namespace permafrost::sim
