// Scripts over synthetic ledgers.
#include "sim/scenarios/engine_lifecycle.h"

#include <fmt/format.h>

#include "sim/scenarios/engine_scenario.h"

namespace permafrost::sim {
namespace {

class EngineLifecycle final : public EngineScenario {
 public:
  explicit EngineLifecycle(const ScenarioOptions& options)
      : EngineScenario(options, kEngineSizes) {}

  std::string_view name() const override { return "engine/lifecycle"; }
  std::string_view description() const override {
    return "a store of ledgers: ingested, backfilled, frozen, indexed, pruned, read by sequence, "
           "hash and event";
  }

  Script FixedScript(ScriptSize size) const override {
    if (size == ScriptSize::kShort) {
      return {"bulk 8", "backfill", "append 5", "settle", "retain 1", "settle"};
    }
    return {"append 3", "ingest 3", "hold",
            "ingest 4", "release",  "bulk 18",
            "die",      "append 1", "backfill-failing 14",
            "backfill", "retain 2", "hold",
            "settle",   "release",  "settle",
            "retain 5", "restart",  "ingest 7",
            "bulk 24",  "restart",  "backfill",
            "append 2", "retain 1", "ingest 3",
            "retain 3", "die",      "append 2",
            "restart",  "settle"};
  }

  Script RandomScript(vfs::Prng& prng) const override {
    std::vector<std::string> verbs{"append", "ingest", "settle"};
    for (const std::string_view verb : Verbs()) {
      if (prng.Chance({2, 3})) verbs.emplace_back(verb);
    }
    Script script;
    const std::uint64_t count = prng.Between(4, 16);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string& verb = verbs[prng.Below(verbs.size())];
      if (verb == "append" || verb == "ingest") {
        script.push_back(fmt::format("{} {}", verb, prng.Between(1, 7)));
      } else if (verb == "bulk") {
        script.push_back(fmt::format("bulk {}", prng.Between(1, 30)));
      } else if (verb == "backfill-failing") {
        script.push_back(fmt::format("{} {}", verb, prng.Below(30)));
      } else if (verb == "retain") {
        script.push_back(fmt::format("retain {}", prng.Below(5)));
      } else {
        script.push_back(verb);
      }
    }
    return script;
  }

  std::vector<std::string> RequiredProbes(const Personality&) const override {
    return {"engine/freeze/from_bulk"};
  }

 private:
  std::shared_ptr<const EngineModel> model() const override { return SyntheticModel(); }
};

}  // namespace

std::unique_ptr<Scenario> MakeEngineLifecycle(const ScenarioOptions& options) {
  return std::make_unique<EngineLifecycle>(options);
}

}  // namespace permafrost::sim
