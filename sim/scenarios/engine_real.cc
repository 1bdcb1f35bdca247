// Scripts over real ledgers, a megabyte each: the first chunk stands in the middle of its window,
// the second ends it.
#include "sim/scenarios/engine_real.h"

#include "sim/scenarios/engine_scenario.h"
#include "vfs/base/check.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

constexpr char kLedgers[] = "tests/data/stellar/pubnet-p26.xdr.zst";

class EngineReal final : public EngineScenario {
 public:
  explicit EngineReal(const ScenarioOptions& options) : EngineScenario(options, kRealSizes) {}

  std::string_view name() const override { return "engine/real"; }
  std::string_view description() const override {
    return "ten ledgers of the public network: ingested over a chunk edge, backfilled, frozen, "
           "indexed, pruned, read";
  }

  absl::Status Prepare() override {
    VFS_ASSIGN_OR_RETURN(model_, RealModel(kLedgers));
    return absl::OkStatus();
  }

  Script FixedScript(ScriptSize size) const override {
    if (size == ScriptSize::kShort) return {"append 5", "settle"};
    return {"ingest 5", "bulk 8", "die", "backfill", "append 1", "retain 1", "settle"};
  }

  Script RandomScript(vfs::Prng& prng) const override {
    Script script{"append 3"};
    for (const char* op : {"append 2", "bulk 4", "backfill", "settle", "die", "append 2", "bulk 9",
                           "backfill", "retain 1", "settle"}) {
      if (prng.Chance({1, 2})) script.emplace_back(op);
    }
    return script;
  }

  // A ledger is a megabyte: the steps of a chunk's life, not every one of the store's.
  std::vector<std::string> RequiredLabels() const override {
    return {"client.write", "freeze.flip", "hot.ready", "index.commit"};
  }
  std::vector<std::string> RequiredProbes(const Personality&, ScriptSize) const override {
    return {};
  }

 private:
  std::shared_ptr<const EngineModel> model() const override {
    VFS_CHECK(model_ != nullptr, "engine/real was not prepared");
    return model_;
  }

  std::shared_ptr<const EngineModel> model_;
};

}  // namespace

std::unique_ptr<Scenario> MakeEngineReal(const ScenarioOptions& options) {
  return std::make_unique<EngineReal>(options);
}

}  // namespace permafrost::sim
