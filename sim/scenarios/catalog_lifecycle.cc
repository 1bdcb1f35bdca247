// Scripts, recovery and checks of the engine's store.
#include "sim/scenarios/catalog_lifecycle.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "sim/oracle/store_predicates.h"
#include "sim/scenarios/ledger_model.h"
#include "sim/scenarios/lifecycle_session.h"
#include "vfs/base/status.h"
#include "vfs/base/step_labels.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::sim {
namespace {

// "ingest" twice: it is drawn more often.
constexpr std::array<std::string_view, 12> kVerbs = {
    "lake",   "freeze", "freeze-failing", "index",  "hot",     "ingest",
    "ingest", "run",    "remake-hot",     "retain", "restart", "die"};

class CatalogLifecycle final : public Scenario {
 public:
  explicit CatalogLifecycle(const ScenarioOptions& options) : rocks_(options.rocks) {
    rocks_.queued_jobs = true;
    facts_ = {.chunks_per_window = kModelChunksPerWindow,
              .chunks_per_bucket = kModelChunksPerBucket,
              .rocks = rocks_,
              .chunk_file = FrozenFileBytes,
              .index_file = IndexFileBytes};
  }

  std::string_view name() const override { return "catalog/lifecycle"; }
  std::string_view description() const override {
    return "the engine's store: chunks frozen out of order, indexes built and committed, hot "
           "chunks, retention, restarts, deaths";
  }
  std::string FirstConfig() const override { return ToString(LifecycleConfig{}); }

  std::vector<std::string_view> Verbs() const override {
    std::vector<std::string_view> verbs(kVerbs.begin(), kVerbs.end());
    verbs.erase(std::unique(verbs.begin(), verbs.end()), verbs.end());
    return verbs;
  }

  Script FixedScript(ScriptSize size) const override {
    if (size == ScriptSize::kShort) {
      return {"lake 1",       "freeze 0", "index 0 0", "hot 1", "ingest 1 1",
              "remake-hot 1", "retain 1", "lake 2",    "run"};
    }
    return {"lake 4",     "freeze 0",   "freeze 3",   "freeze-failing 1",
            "freeze 1",   "index 0 1",  "freeze 2",   "index 0 2",
            "run",        "hot 4",      "ingest 4 1", "remake-hot 4",
            "ingest 4 3", "hot 5",      "ingest 5 1", "run",
            "die",        "ingest 5 1", "retain 3",   "run",
            "restart",    "ingest 5 1", "hot 6",      "retain 1",
            "run"};
  }

  Script RandomScript(vfs::Prng& prng) const override {
    std::vector<std::string> verbs{"run"};
    for (const std::string_view verb : kVerbs) {
      if (prng.Chance({2, 3})) verbs.emplace_back(verb);
    }
    Script script{fmt::format("lake {}", prng.Below(5))};
    const std::uint64_t count = prng.Between(4, 16);
    std::uint64_t hot = prng.Between(1, 5);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string& verb = verbs[prng.Below(verbs.size())];
      if (verb == "index") {
        const std::uint64_t first = prng.Below(7);
        script.push_back(fmt::format("index {} {}", first, first + prng.Below(3)));
      } else if (verb == "ingest") {
        script.push_back(fmt::format("ingest {} {}", hot, prng.Between(1, 3)));
      } else if (verb == "hot" || verb == "remake-hot") {
        if (prng.Chance({1, 2})) ++hot;
        script.push_back(fmt::format("{} {}", verb, hot));
      } else if (verb == "freeze" || verb == "freeze-failing" || verb == "lake") {
        script.push_back(fmt::format("{} {}", verb, prng.Below(8)));
      } else if (verb == "retain") {
        script.push_back(fmt::format("retain {}", prng.Below(4)));
      } else {
        script.push_back(verb);
      }
    }
    return script;
  }

  void Work(World& world, History& history, const Script& script) const override {
    LifecycleSession session(world, history, rocks_);
    if (!session.Start()) return;
    for (const std::string& op : script) {
      world.trace().AddNote(op);
      if (!session.Execute(op)) return;
    }
    session.Stop();
  }

  void CheckAtRest(World& clone, History& history) const override {
    Check(clone, history, Moment::kAlways, 0);
  }

  void Recover(World& world, History& history) const override {
    LifecycleSession session(world, history, rocks_);
    if (!session.Start()) return;
    if (!session.Execute("run")) return;
    {
      World clone(SettledCopy(world), {.seed = 3, .plan = {}}, nullptr);
      Check(clone, history, Moment::kSettled, session.floor());
    }
    if (!session.SettleAndContinue()) return;
    session.Stop();
  }

  std::string LogicalState(World& clone) const override {
    std::string text;
    const auto rows = CatalogRowsAtRest(clone.env(), rocks_);
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
        text +=
            fmt::format("{}:{};", file, bytes.ok() ? vfs::HashBytes(*bytes).Hex() : "unreadable");
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

  std::uint64_t OpenDatabases(World& clone) const override {
    std::uint64_t opens = CatalogRowsAtRest(clone.env(), rocks_).ok() ? 1 : 0;
    for (const auto& [path, db] : HotDatabases(clone)) {
      if (db->Scan(vfs::kDefaultFamily, {}).ok() && db->Close().ok()) ++opens;
    }
    return opens;
  }

  std::vector<std::string> RequiredLabels() const override {
    std::vector<std::string> labels;
    for (const vfs::StepLabel& step : vfs::kStepLabels) {
      if (step.label != "background" && step.label != "client.write")
        labels.emplace_back(step.label);
    }
    return labels;
  }

  std::vector<std::string> RequiredProbes(const Personality&) const override { return {}; }

 private:
  static DiskState SettledCopy(World& world) {
    // The at-rest look at a running store: as if its process had died just now.
    DiskState copy = world.disk().state();
    copy.ForgetAllUnlinked();
    return copy;
  }

  void Check(World& clone, History& history, Moment moment, std::int64_t floor) const {
    for (Violation& violation : CheckStore(clone.env(), facts_, moment, floor)) {
      history.Violate(violation.invariant, (moment == Moment::kAlways ? "at rest: " : "settled: ") +
                                               std::move(violation.text));
    }
  }

  std::vector<std::pair<std::string, std::unique_ptr<vfs::RocksDb>>> HotDatabases(
      World& clone) const {
    std::vector<std::pair<std::string, std::unique_ptr<vfs::RocksDb>>> databases;
    const auto entries = clone.env().fs->List("hot");
    if (!entries.ok()) return databases;
    for (const vfs::DirEntry& entry : *entries) {
      if (entry.kind != vfs::FileKind::kDirectory) continue;
      vfs::RocksDbOptions options;
      options.rocks = rocks_;
      options.rule = vfs::OpenRule::kMustExist;
      options.dir_owner = vfs::DirOwner::kCaller;
      auto db = vfs::RocksDb::Open(clone.env(), "hot/" + entry.name, options);
      if (db.ok()) databases.emplace_back("hot/" + entry.name, *std::move(db));
    }
    return databases;
  }

  vfs::RocksOptions rocks_;
  StoreFacts facts_;
};

}  // namespace

std::unique_ptr<Scenario> MakeCatalogLifecycle(const ScenarioOptions& options) {
  return std::make_unique<CatalogLifecycle>(options);
}

}  // namespace permafrost::sim
