// `powercut list`: the scenarios.
#include <memory>

#include <fmt/format.h>

#include "sim/cli/command.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "vfs/base/step_labels.h"

namespace permafrost::sim {
namespace {

int RunList(const CommonFlags& flags) {
  nlohmann::ordered_json json;
  json["scenarios"] = nlohmann::ordered_json::array();
  for (const std::string& name : ScenarioNames()) {
    const auto scenario = MakeScenario(name, {});
    const auto full = scenario->FixedScript(ScriptSize::kFull).size();
    const auto brief = scenario->FixedScript(ScriptSize::kShort).size();
    Say(flags, fmt::format("{:<20} {} ({} operations, {} short)\n", name, scenario->description(),
                           full, brief));
    json["scenarios"].push_back({{"name", name},
                                 {"description", scenario->description()},
                                 {"operations", full},
                                 {"operations_short", brief}});
  }
  json["labels"] = nlohmann::ordered_json::array();
  Say(flags, "\nstep labels (for --mutate and fault plans)\n");
  for (const vfs::StepLabel& step : vfs::kStepLabels) {
    Say(flags, fmt::format("{:<26} {}\n", step.label, step.meaning));
    json["labels"].push_back({{"label", step.label}, {"meaning", step.meaning}});
  }
  if (flags.is_json) PrintJson(json);
  return kExitClean;
}

}  // namespace

void AddListCommand(CLI::App& app, ExitCode& exit) {
  CLI::App* const command = app.add_subcommand("list", "List scenarios and step labels");
  const auto flags = std::make_shared<CommonFlags>();
  command->add_flag("--json", flags->is_json, "One JSON object on the last line of stdout");
  command->callback([flags, &exit] { exit.value = RunList(*flags); });
}

}  // namespace permafrost::sim
