// Scripts over synthetic ledgers.
#include "sim/scenarios/engine_lifecycle.h"

#include <fmt/format.h>

#include "sim/oracle/crash_matrix.h"
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
    // A window finished under a narrow retention, then a wider one; both tiers side by side; a
    // source that ends too early, shrinks and returns; what a narrow retention prunes; debris below
    // it.
    return {"bulk 12",
            "retain 2",
            "backfill",
            "retain 3",
            "restart",
            "backfill",
            "append 6",
            "ingest 3",
            "hold",
            "ingest 1",
            "release",
            "bulk 30",
            "die",
            "append 1",
            "backfill-failing 26",
            "bulk 24",
            "restart",
            "bulk 30",
            "backfill",
            "retain 1",
            "hold",
            "settle",
            "release",
            "settle",
            "retain 4",
            "restart",
            "bulk 32",
            "backfill-failing 31",
            "bulk 36",
            "retain 1",
            "settle",
            "die",
            "append 2",
            "restart",
            "settle"};
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

  // The disk that keeps any subset of what was not synced leaves every state of the crash matrix.
  std::vector<std::string> RequiredProbes(const Personality& personality,
                                          ScriptSize size) const override {
    std::vector<std::string> probes{"engine/freeze/from_bulk"};
    if (personality.kind != Personality::Kind::kStrict) return probes;
    probes.emplace_back("engine/hot/transient_wiped");
    if (size == ScriptSize::kFull)
      for (const CrashRow& row : CrashMatrix()) probes.push_back(ProbeOf(row));
    return probes;
  }

 private:
  std::shared_ptr<const EngineModel> model() const override { return SyntheticModel(); }
};

}  // namespace

std::unique_ptr<Scenario> MakeEngineLifecycle(const ScenarioOptions& options) {
  return std::make_unique<EngineLifecycle>(options);
}

}  // namespace permafrost::sim
