// Raw rows, raw files and raw databases of a store's disk.
#include "sim/scenarios/store_scenario.h"

#include <fmt/format.h>

#include "vfs/base/hash.h"
#include "vfs/base/status.h"
#include "vfs/base/step_labels.h"

namespace permafrost::sim {

StoreScenario::StoreScenario(const ScenarioOptions& options, StoreFacts facts)
    : rocks_(options.rocks), facts_(std::move(facts)) {
  facts_.rocks = options.rocks;
  facts_.rocks.queued_jobs = true;  // clones have no threads
}

std::string StoreScenario::LogicalState(World& clone) const {
  std::string text;
  const auto rows = CatalogRowsAtRest(clone.env(), clone_rocks());
  if (!rows.ok()) return "catalog: " + vfs::Message(rows.status());
  for (const auto& [key, value] : *rows) {
    // The store's identity is drawn at the first start; everything else is a function of what was
    // done.
    if (key != "config:store_id") text += fmt::format("{}={};", key, value);
  }
  for (const char* root : {"ledgers", "events", "txhash"}) {
    const auto files = FilesBelow(*clone.env().fs, root);
    if (!files.ok()) continue;
    for (const std::string& file : *files) {
      const auto bytes = ReadWholeFile(*clone.env().fs, file);
      text += fmt::format("{}:{};", file, bytes.ok() ? vfs::HashBytes(*bytes).Hex() : "unreadable");
    }
  }
  for (const auto& [path, db] : HotDatabases(clone)) {
    const auto content = db->Scan(vfs::kDefaultFamily, {});
    if (!content.ok()) continue;
    for (const auto& [key, value] : *content)
      text += fmt::format("{}/{}={};", path, key, vfs::HashBytes(value).lo);
  }
  return text;
}

std::uint64_t StoreScenario::OpenDatabases(World& clone) const {
  std::uint64_t opens = CatalogRowsAtRest(clone.env(), clone_rocks()).ok() ? 1 : 0;
  for (const auto& [path, db] : HotDatabases(clone)) {
    if (db->Scan(vfs::kDefaultFamily, {}).ok() && db->Close().ok()) ++opens;
  }
  return opens;
}

std::vector<std::string> StoreScenario::StoreLabels() {
  std::vector<std::string> labels;
  for (const vfs::StepLabel& step : vfs::kStepLabels) {
    const bool is_of_store = step.label != "background" && step.label != "client.write" &&
                             !step.label.starts_with("journal.") &&
                             !step.label.starts_with("records.") &&
                             !step.label.starts_with("repair.");
    if (is_of_store) labels.emplace_back(step.label);
  }
  return labels;
}

void StoreScenario::Check(
    World& clone, History& history, Moment moment, std::int64_t floor, StoreImage* image) const {
  for (Violation& violation : CheckStore(clone.env(), facts_, moment, floor, image)) {
    history.Violate(violation.invariant, (moment == Moment::kAlways ? "at rest: " : "settled: ") +
                                             std::move(violation.text));
  }
}

std::vector<StoreScenario::HotDatabase> StoreScenario::HotDatabases(World& clone) const {
  std::vector<HotDatabase> databases;
  const auto entries = clone.env().fs->List("hot");
  if (!entries.ok()) return databases;
  for (const vfs::DirEntry& entry : *entries) {
    if (entry.kind != vfs::FileKind::kDirectory) continue;
    vfs::RocksDbOptions options;
    options.rocks = clone_rocks();
    options.rule = vfs::OpenRule::kMustExist;
    options.dir_owner = vfs::DirOwner::kCaller;
    auto db = vfs::RocksDb::Open(clone.env(), "hot/" + entry.name, options);
    if (db.ok()) databases.emplace_back("hot/" + entry.name, *std::move(db));
  }
  return databases;
}

}  // namespace permafrost::sim
