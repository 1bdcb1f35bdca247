// Scripts of the engine's store, one operation after another.
#include "sim/scenarios/catalog_lifecycle.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "sim/scenarios/catalog_scenario.h"
#include "sim/scenarios/lifecycle_session.h"
#include "sim/scenarios/live_through.h"

namespace permafrost::sim {
namespace {

// "ingest" twice: it is drawn more often.
constexpr std::array<std::string_view, 12> kVerbs = {
    "lake",   "freeze", "freeze-failing", "index",  "hot",     "ingest",
    "ingest", "run",    "remake-hot",     "retain", "restart", "die"};

class CatalogLifecycle final : public CatalogScenario {
 public:
  using CatalogScenario::CatalogScenario;

  std::string_view name() const override { return "catalog/lifecycle"; }
  std::string_view description() const override {
    return "the engine's store: chunks frozen out of order, indexes built and committed, hot "
           "chunks, retention, restarts, deaths";
  }

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
    LiveThrough(LifecycleSession(world, history, rocks()), script,
                [&](const std::string& op) { world.trace().AddNote(op); });
  }

  std::vector<std::string> RequiredLabels() const override { return StoreLabels(); }
  std::vector<std::string> RequiredProbes(const Personality&, ScriptSize) const override {
    return {};
  }
};

}  // namespace

std::unique_ptr<Scenario> MakeCatalogLifecycle(const ScenarioOptions& options) {
  return std::make_unique<CatalogLifecycle>(options);
}

}  // namespace permafrost::sim
