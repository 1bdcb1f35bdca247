// Recovery and checks of the engine's store.
#include "sim/scenarios/catalog_scenario.h"

#include <fmt/format.h>

#include "sim/scenarios/ledger_model.h"
#include "sim/scenarios/lifecycle_session.h"
#include "vfs/base/hash.h"
#include "vfs/base/status.h"
#include "vfs/base/step_labels.h"

namespace permafrost::sim {

CatalogScenario::CatalogScenario(const ScenarioOptions& options)
    : rocks_(options.rocks), clone_rocks_(options.rocks) {
  clone_rocks_.queued_jobs = true;
  facts_ = {.chunks_per_window = kModelChunksPerWindow,
            .chunks_per_bucket = kModelChunksPerBucket,
            .rocks = clone_rocks_,
            .chunk_file = FrozenFileBytes,
            .index_file = IndexFileBytes};
}

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
  LifecycleSession session(world, history, rocks_);
  if (!session.Start()) return;
  if (!session.Execute("run")) return;
  if (!session.config().has_rot) {
    World clone(world.CopyOfDisk(), {.seed = 3, .plan = {}}, nullptr);
    Check(clone, history, Moment::kSettled, session.floor());
  }
  if (!session.SettleAndContinue()) return;
  session.Stop();
}

std::string CatalogScenario::LogicalState(World& clone) const {
  std::string text;
  const auto rows = CatalogRowsAtRest(clone.env(), clone_rocks_);
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

Scenario::Answers CatalogScenario::AnswersOf(World& world, const std::string& config) const {
  History history(config);
  return LifecycleSession(world, history, rocks_).Look();
}

// A finished window and an unfinished one, their files, and hot chunks whose rows lie in a table
// and in a log.
Script CatalogScenario::RotScript() const {
  return {"lake 5", "run", "hot 5", "ingest 5 2", "restart", "ingest 5 1", "hot 6", "ingest 6 3"};
}

std::uint64_t CatalogScenario::OpenDatabases(World& clone) const {
  std::uint64_t opens = CatalogRowsAtRest(clone.env(), clone_rocks_).ok() ? 1 : 0;
  for (const auto& [path, db] : HotDatabases(clone)) {
    if (db->Scan(vfs::kDefaultFamily, {}).ok() && db->Close().ok()) ++opens;
  }
  return opens;
}

std::vector<std::string> CatalogScenario::StoreLabels() {
  std::vector<std::string> labels;
  for (const vfs::StepLabel& step : vfs::kStepLabels) {
    const bool is_of_store = step.label != "background" && step.label != "client.write" &&
                             !step.label.starts_with("journal.") &&
                             !step.label.starts_with("records.");
    if (is_of_store) labels.emplace_back(step.label);
  }
  return labels;
}

void CatalogScenario::Check(World& clone,
                            History& history,
                            Moment moment,
                            std::int64_t floor) const {
  for (Violation& violation : CheckStore(clone.env(), facts_, moment, floor)) {
    history.Violate(violation.invariant, (moment == Moment::kAlways ? "at rest: " : "settled: ") +
                                             std::move(violation.text));
  }
}

std::vector<CatalogScenario::HotDatabase> CatalogScenario::HotDatabases(World& clone) const {
  std::vector<HotDatabase> databases;
  const auto entries = clone.env().fs->List("hot");
  if (!entries.ok()) return databases;
  for (const vfs::DirEntry& entry : *entries) {
    if (entry.kind != vfs::FileKind::kDirectory) continue;
    vfs::RocksDbOptions options;
    options.rocks = clone_rocks_;
    options.rule = vfs::OpenRule::kMustExist;
    options.dir_owner = vfs::DirOwner::kCaller;
    auto db = vfs::RocksDb::Open(clone.env(), "hot/" + entry.name, options);
    if (db.ok()) databases.emplace_back("hot/" + entry.name, *std::move(db));
  }
  return databases;
}

}  // namespace permafrost::sim
