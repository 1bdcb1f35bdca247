// `powercut fiu`: a fault plan as the commands that make a real process suffer it.
#include <memory>
#include <string>

#include "faults/fault_plan.h"
#include "faults/fiu_bridge.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

absl::StatusOr<std::vector<std::string>> CommandsOf(const std::string& text) {
  VFS_ASSIGN_OR_RETURN(const faults::FaultPlan plan, faults::ParsePlan(text));
  return faults::FiuCommands(plan);
}

int RunFiu(const std::string& text) {
  const absl::StatusOr<std::vector<std::string>> commands = CommandsOf(text);
  if (!commands.ok()) return Fail(commands.status());
  for (const std::string& command : *commands) Print(command + "\n");
  return kExitClean;
}

}  // namespace

void AddFiuCommand(CLI::App& app, ExitCode& exit) {
  CLI::App* const command = app.add_subcommand(
      "fiu", "Print a fault plan as commands for fiu-run -c, one on each line (faults/README.md)");
  const auto plan = std::make_shared<std::string>();
  command->add_option("plan", *plan, "The plan, as --faults of sweep takes it")->required();
  command->callback([plan, &exit] { exit.value = RunFiu(*plan); });
}

}  // namespace permafrost::sim
