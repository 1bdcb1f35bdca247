// What the scenarios over the engine's store have in common: checks of its disk and its logical
// state.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/explore/scenario.h"
#include "sim/oracle/store_predicates.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::sim {

class StoreScenario : public Scenario {
 public:
  std::string LogicalState(World& clone) const override;
  std::uint64_t OpenDatabases(World& clone) const override;

 protected:
  // `facts`: without its `rocks`, which clones get from the options.
  StoreScenario(const ScenarioOptions& options, StoreFacts facts);

  const vfs::RocksOptions& rocks() const { return rocks_; }
  const vfs::RocksOptions& clone_rocks() const { return facts_.rocks; }
  // The step labels of the store: not those of background jobs, clients and the journal's side.
  static std::vector<std::string> StoreLabels();
  // Judges the disk of a clone by the oracle's own predicates; `image` as of CheckStore.
  void Check(World& clone,
             History& history,
             Moment moment,
             std::int64_t floor,
             StoreImage* image = nullptr) const;

 private:
  using HotDatabase = std::pair<std::string, std::unique_ptr<vfs::RocksDb>>;

  std::vector<HotDatabase> HotDatabases(World& clone) const;

  const vfs::RocksOptions rocks_;
  StoreFacts facts_;
};

}  // namespace permafrost::sim
