// Sessions, and the product's own audit beside the oracle's predicates.
#include "sim/scenarios/engine_scenario.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/audit/audit.h"
#include "sim/scenarios/live_through.h"
#include "vfs/base/status.h"

namespace permafrost::sim {
namespace {

void Audit(World& clone, History& history, const engine::StoreOptions& options) {
  const auto layout = engine::Layout::Create(options.geometry, options.roots);
  const auto rows = CatalogRowsAtRest(clone.env(), options.rocks);
  if (!layout.ok() || !rows.ok()) {
    history.Violate("audit", "the catalog does not open");
    return;
  }
  const engine::RetentionPolicy retention{
      .retention_chunks = options.retention_chunks,
      .earliest = options.geometry.ChunkOf(options.earliest_ledger)};
  const auto report = engine::Audit(clone.env(), *layout, {rows->begin(), rows->end()},
                                    {.retention = retention, .rocks = options.rocks});
  if (!report.ok()) {
    history.Violate("audit", vfs::Message(report.status()));
    return;
  }
  for (const engine::Violation& violation : report->violations)
    history.Violate(fmt::format("audit-{}", violation.number), violation.finding);
}

}  // namespace

EngineScenario::EngineScenario(const ScenarioOptions& options, const engine::GeometrySizes& sizes)
    : StoreScenario(options,
                    {.chunks_per_window = sizes.chunks_per_window,
                     .chunks_per_bucket = sizes.chunks_per_bucket,
                     .rocks = {},
                     .chunk_file = {},
                     .index_file = {}}) {}

std::vector<std::string_view> EngineScenario::Verbs() const {
  return {"append", "ingest",  "bulk",    "backfill", "backfill-failing", "settle", "retain",
          "hold",   "release", "restart", "die"};
}

std::string EngineScenario::FirstConfig() const { return ToString(EngineConfig{}); }

void EngineScenario::Work(World& world, History& history, const Script& script) const {
  LiveThrough(*NewSession(world, history), script,
              [&](const std::string& op) { world.trace().AddNote(op); });
}

void EngineScenario::CheckAtRest(World& clone, History& history) const {
  const EngineConfig config = ParseEngineConfig(history.config());
  const engine::Geometry& geometry = model()->geometry();
  StoreImage image{
      .ledgers_per_chunk = geometry.sizes().ledgers_per_chunk,
      .chunks_per_window = geometry.sizes().chunks_per_window,
      .retention_chunks = config.retention_chunks,
      .first_chunk = static_cast<std::uint32_t>(geometry.ChunkOf(model()->first()).value()),
      .bulk_ledgers = config.bulk_ledgers};
  Check(clone, history, Moment::kAlways, 0, &image);
  CountCrashRows(image);
}

void EngineScenario::Recover(World& world, History& history) const {
  const std::unique_ptr<EngineSession> session = NewSession(world, history);
  const auto execute = [&](const std::string& op) { return session->Execute(op); };
  vfs::Prng prng = world.prng().Fork("recover");
  const Script before = UpToSettled(prng);
  if (!session->Start() || !std::all_of(before.begin(), before.end(), execute)) return;
  {
    World clone(world.CopyOfDisk(), {.seed = 3, .plan = {}}, nullptr);
    Check(clone, history, Moment::kSettled, session->floor());
    Audit(clone, history, EngineStoreOptions(session->config(), *model(), clone_rocks()));
  }
  const Script after = Epilogue();
  if (std::all_of(after.begin(), after.end(), execute)) session->Stop();
}

Script EngineScenario::UpToSettled(vfs::Prng& prng) const {
  // serve takes ledgers before its first run is over: so do some of the starts.
  if (prng.Chance({1, 4})) return {"append 1", "settle"};
  return {"settle"};
}

std::unique_ptr<EngineSession> EngineScenario::NewSession(World& world, History& history) const {
  return std::make_unique<EngineSession>(world, history, rocks(), model());
}

std::vector<std::string> EngineScenario::RequiredLabels() const {
  std::vector<std::string> labels = StoreLabels();
  // Only a start that follows a cut finds leftovers; RequiredProbes asks for it.
  std::erase(labels, "hot.wipe");
  labels.emplace_back("client.write");
  return labels;
}

}  // namespace permafrost::sim
