// Scripts over a journal and a store.
#include "sim/scenarios/engine_journal.h"

#include <fmt/format.h>

#include "sim/scenarios/engine_scenario.h"
#include "sim/scenarios/journal_session.h"
#include "sim/scenarios/journaled_session.h"

namespace permafrost::sim {
namespace {

class EngineJournal final : public EngineScenario {
 public:
  explicit EngineJournal(const ScenarioOptions& options) : EngineScenario(options, kEngineSizes) {}

  std::string_view name() const override { return "engine/journal"; }
  std::string_view description() const override {
    return "ledgers pushed into a journal and taken from it into a store of ledgers: cursor, "
           "truncation, restart, death";
  }

  std::vector<std::string_view> Verbs() const override {
    return {"push", "drain", "truncate", "settle", "retain", "restart", "die"};
  }
  Script FixedScript(ScriptSize size) const override {
    if (size == ScriptSize::kShort)
      return {"push 3", "drain", "push 4", "die", "drain", "truncate", "push 1"};
    return {"push 2",   "drain",  "push 5",   "die",     "drain",    "truncate", "push 9",
            "truncate", "drain",  "push 1",   "restart", "truncate", "drain",    "retain 1",
            "push 8",   "settle", "truncate", "drain",   "truncate", "push 12",  "die",
            "push 3",   "drain",  "retain 2", "drain",   "truncate"};
  }

  Script RandomScript(vfs::Prng& prng) const override {
    std::vector<std::string> verbs{"push", "drain", "truncate"};
    for (const std::string_view verb : Verbs()) {
      if (prng.Chance({1, 2})) verbs.emplace_back(verb);
    }
    Script script;
    const std::uint64_t count = prng.Between(4, 14);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::string& verb = verbs[prng.Below(verbs.size())];
      if (verb == "push") {
        script.push_back(fmt::format("push {}", prng.Between(1, 9)));
      } else if (verb == "retain") {
        script.push_back(fmt::format("retain {}", prng.Below(4)));
      } else {
        script.push_back(verb);
      }
    }
    return script;
  }

  std::string LogicalState(World& clone) const override {
    return EngineScenario::LogicalState(clone) + JournalStateText(clone, kJournaledSegmentBytes);
  }

  // Those of the way from the journal into the hot tier; engine/lifecycle has the rest.
  std::vector<std::string> RequiredLabels() const override {
    return {"client.write",       "freeze.flip",  "hot.ready",      "journal.append",
            "journal.checkpoint", "journal.sync", "journal.unlink", "journal.sync.checkpoint"};
  }
  std::vector<std::string> RequiredProbes(const Personality&, ScriptSize) const override {
    return {"journal/tail_kept"};
  }

 private:
  std::shared_ptr<const EngineModel> model() const override { return SyntheticModel(); }
  std::unique_ptr<EngineSession> NewSession(World& world, History& history) const override {
    return std::make_unique<JournaledSession>(world, history, rocks(), model());
  }
  Script UpToSettled(vfs::Prng& /*prng*/) const override { return {"drain", "settle"}; }
  Script Epilogue() const override { return {"push 2", "drain", "truncate"}; }
};

}  // namespace

std::unique_ptr<Scenario> MakeEngineJournal(const ScenarioOptions& options) {
  return std::make_unique<EngineJournal>(options);
}

}  // namespace permafrost::sim
