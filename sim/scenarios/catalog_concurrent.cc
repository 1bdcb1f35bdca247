// Scripts of threads on one store; between two joins everything runs at once.
#include "sim/scenarios/catalog_concurrent.h"

#include <array>
#include <string>

#include <fmt/format.h>

#include "sim/scenarios/catalog_scenario.h"
#include "sim/scenarios/concurrent_phase.h"
#include "sim/scenarios/lifecycle_session.h"

namespace permafrost::sim {
namespace {

class CatalogConcurrent final : public CatalogScenario {
 public:
  using CatalogScenario::CatalogScenario;

  std::string_view name() const override { return "catalog/concurrent"; }
  std::string_view description() const override {
    return "threads on the engine's store: freezes and index builds on several workers, "
           "ingestion, a pruner, readers with snapshots";
  }
  bool has_threads() const override { return true; }

  std::vector<std::string_view> Verbs() const override {
    return {"freeze", "index", "ingest", "run",     "read", "join",
            "lake",   "hot",   "retain", "restart", "die",  "settle"};
  }

  Script FixedScript(ScriptSize size) const override {
    if (size == ScriptSize::kShort) {
      return {"lake 2", "hot 2",  "freeze 0", "freeze 0", "freeze 1", "ingest 4", "run 1",
              "read 2", "settle", "retain 1", "ingest 2", "run 1",    "read 2"};
    }
    return {"lake 4",   "hot 4",    "freeze 0",  "freeze 1", "freeze 1", "ingest 4",
            "read 2",   "join",     "index 0 1", "freeze 2", "freeze 3", "run 1",
            "ingest 2", "read 2",   "settle",    "retain 3", "run 2",    "ingest 3",
            "read 3",   "freeze 5", "die",       "ingest 2", "run 1",    "read 2"};
  }

  // Small ones more often: bugs of threads need few of them, and the fewer decisions there are, the
  // likelier each is to be hit.
  Script RandomScript(vfs::Prng& prng) const override {
    switch (prng.Below(5)) {
      case 0: return {"lake 1", "freeze 0", "freeze 0", "read 1"};
      case 1:
        return {"lake 3", "freeze 0", "freeze 1",  "freeze 2",
                "join",   "run 1",    "index 0 1", "read 1"};
      case 2:
        return {"lake 3",
                "settle",
                fmt::format("retain {}", prng.Between(1, 2)),
                "run 1",
                fmt::format("read {}", prng.Between(2, 6)),
                "read 2"};
      case 3: return {"lake 1", "hot 1", "ingest 4", "run 2", "read 3"};
      default: return MixedScript(prng);
    }
  }

  void Work(World& world, History& history, const Script& script) const override {
    LifecycleSession session(world, history, rocks());
    if (!session.Start()) return;
    Script phase;
    for (const std::string& op : script) {
      world.trace().AddNote(op);
      if (IsThreadOp(op)) {
        phase.push_back(op);
        continue;
      }
      if (!RunPhase(world, history, session, phase)) return;
      if (op == "settle" && !session.Execute("run")) return;
      if (op != "settle" && op != "join" && !session.Execute(op)) return;
    }
    if (!RunPhase(world, history, session, phase)) return;
    session.Stop();
  }

  std::vector<std::string> RequiredLabels() const override {
    std::vector<std::string> labels = StoreLabels();
    // Only debris of an earlier life is wiped.
    std::erase(labels, "hot.wipe");
    return labels;
  }
  std::vector<std::string> RequiredProbes(const Personality&, ScriptSize) const override {
    return {};
  }

 private:
  static Script MixedScript(vfs::Prng& prng) {
    const std::uint64_t lake = prng.Between(1, 4);
    Script script{fmt::format("lake {}", lake), fmt::format("hot {}", lake)};
    const std::uint64_t phases = prng.Between(1, 3);
    for (std::uint64_t phase = 0; phase < phases; ++phase) {
      if (phase > 0) {
        static constexpr std::array kBetween = {"join", "settle", "restart", "die"};
        script.emplace_back(kBetween[prng.Below(kBetween.size())]);
        if (prng.Chance({1, 3})) script.push_back(fmt::format("retain {}", prng.Between(1, 3)));
      }
      AddPhase(prng, lake, script);
    }
    return script;
  }

  static void AddPhase(vfs::Prng& prng, std::uint64_t lake, Script& script) {
    const std::uint64_t freezes = prng.Below(4);
    for (std::uint64_t i = 0; i < freezes; ++i)
      script.push_back(fmt::format("freeze {}", prng.Below(lake + 2)));
    if (prng.Chance({1, 2})) {
      const std::uint64_t first = prng.Below(lake);
      script.push_back(fmt::format("index {} {}", first, first + prng.Below(3)));
    }
    if (prng.Chance({2, 3})) script.push_back(fmt::format("ingest {}", prng.Between(1, 5)));
    if (prng.Chance({2, 3})) script.push_back(fmt::format("run {}", prng.Between(1, 2)));
    if (prng.Chance({1, 4})) script.emplace_back("run 1");
    const std::uint64_t readers = prng.Between(1, 2);
    for (std::uint64_t i = 0; i < readers; ++i)
      script.push_back(fmt::format("read {}", prng.Between(1, 3)));
  }

  // Carries out the collected threads and empties `phase`. False: nothing more can be done.
  static bool RunPhase(World& world, History& history, LifecycleSession& session, Script& phase) {
    if (phase.empty()) return true;
    ConcurrentPhase(world, history, session).Run(phase);
    phase.clear();
    return session.ServeAfterThreads();
  }
};

}  // namespace

std::unique_ptr<Scenario> MakeCatalogConcurrent(const ScenarioOptions& options) {
  return std::make_unique<CatalogConcurrent>(options);
}

}  // namespace permafrost::sim
