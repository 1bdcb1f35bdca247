// `powercut syncs SCENARIO`: the sync audit as a table.
#include <memory>

#include <fmt/format.h>

#include "sim/campaign/sync_audit.h"
#include "sim/cli/command.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/explore/interrupt.h"
#include "sim/sched/sched.h"
#include "vfs/posix/progress.h"

namespace permafrost::sim {
namespace {

struct SyncsFlags {
  CommonFlags common;
  bool by_instance = false;
};

std::string JoinedNames(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

absl::StatusOr<std::vector<SyncRow>> AuditWithProgress(const SyncsFlags& flags,
                                                       const Scenario& scenario,
                                                       const ExploreOptions& options) {
  vfs::Progress progress(flags.common.is_quiet, RealNanos);
  return AuditSyncs(scenario, options,
                    flags.by_instance ? AuditInstances::kYes : AuditInstances::kNo,
                    [&](double share, std::string_view what) { progress.Update(share, what); });
}

int RunSyncs(const SyncsFlags& flags) {
  const auto scenario = MakeNamedScenario(flags.common);
  if (!scenario.ok()) return Fail(scenario.status());
  const auto personalities = PersonalitiesOf(flags.common.personality);
  if (!personalities.ok()) return Fail(personalities.status());
  const auto options = ExploreOptionsOf(flags.common, **scenario, personalities->front());
  if (!options.ok()) return Fail(options.status());
  const auto rows = AuditWithProgress(flags, **scenario, *options);
  if (!rows.ok()) return Fail(rows.status());
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  std::size_t breaches = 0;
  Say(flags.common, fmt::format("{:<26} {:>8} {:<10} {:<34} {}\n", "sync", "instance", "verdict",
                                "call site", "violation or set"));
  for (const SyncRow& row : *rows) {
    std::string detail = row.reason.empty() ? row.violation : row.reason;
    if (!row.with.empty()) detail = fmt::format("with {{{}}}: {}", JoinedNames(row.with), detail);
    if (row.is_breach() && row.verdict != SyncVerdict::kNotShown)
      detail += " (listed as an exception: strike it from vfs::kSyncExceptions)";
    Say(flags.common, fmt::format("{:<26} {:>8} {:<10} {:<34} {}\n", row.label,
                                  row.instance == 0 ? "all" : fmt::format("{}", row.instance),
                                  ToString(row.verdict), row.call_site, detail));
    json.push_back({{"label", row.label},
                    {"call_site", row.call_site},
                    {"instance", row.instance},
                    {"engine", row.is_engine},
                    {"verdict", ToString(row.verdict)},
                    {"with", row.with},
                    {"violation", row.violation},
                    {"reason", row.reason},
                    {"exhaustive_share", row.exhaustive_share}});
    if (row.is_breach()) ++breaches;
  }
  Say(flags.common,
      fmt::format(
          "SUMMARY: powercut: {} sync rows, {} engine labels neither needed nor redundant nor "
          "excepted, or wrongly excepted{}\n",
          rows->size(), breaches, IsInterrupted() ? " (interrupted: a partial result)" : ""));
  if (flags.common.is_json) PrintJson(json);
  if (IsInterrupted()) return InterruptExitCode();
  return breaches == 0 ? kExitClean : kExitIndeterminate;
}

}  // namespace

void AddSyncsCommand(CLI::App& app, ExitCode& exit) {
  CLI::App* const command =
      app.add_subcommand("syncs", "Make each sync a lie and say which are needed");
  const auto flags = std::make_shared<SyncsFlags>();
  AddFlags(*command, flags->common, {.exploring = true, .seeded = true, .mutable_ = false});
  command->add_flag("--instances", flags->by_instance,
                    "Also each single sync call of a label, not only all of them together");
  command->callback([flags, &exit] { exit.value = RunSyncs(*flags); });
}

}  // namespace permafrost::sim
