// `powercut rot SCENARIO`: every byte, sector and write of what a script leaves, damaged one at a
// time.
#include <memory>

#include <fmt/format.h>

#include "sim/campaign/rot_audit.h"
#include "sim/cli/command.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/explore/interrupt.h"
#include "sim/sched/sched.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/command_line.h"
#include "vfs/posix/progress.h"

namespace permafrost::sim {
namespace {

struct RotFlags {
  CommonFlags common;
  RotOptions rot;
  std::vector<std::string> only;
};

absl::StatusOr<RotReport> Audit(const RotFlags& flags) {
  VFS_ASSIGN_OR_RETURN(const auto scenario, MakeNamedScenario(flags.common));
  VFS_ASSIGN_OR_RETURN(ExploreOptions options,
                       ExploreOptionsOf(flags.common, *scenario, Personality{}));
  if (flags.common.ops.empty()) options.script = scenario->RotScript();
  RotOptions rot = flags.rot;
  for (const std::string& text : flags.only) {
    VFS_ASSIGN_OR_RETURN(Damage damage, ParseDamage(text));
    rot.only.push_back(std::move(damage));
  }
  vfs::Progress progress(flags.common.is_quiet, RealNanos);
  rot.progress = [&](std::uint64_t done, std::uint64_t damages) {
    progress.Update(static_cast<double>(done) / static_cast<double>(damages),
                    fmt::format("{} of {} damages tried", done, damages));
  };
  return AuditRot(*scenario, options, rot);
}

nlohmann::ordered_json CountsJson(const RotCounts& counts) {
  return {{"damages", counts.damages},
          {"unchanged", counts.unchanged},
          {"named", counts.named},
          {"last_commit", counts.last_commit},
          {"violations", counts.violations}};
}

void SayReport(const RotFlags& flags, const RotReport& report) {
  Say(flags.common, fmt::format("{:<24} {:>9} {:>10} {:>9} {:>12} {:>11}\n", "files of kind",
                                "damages", "unchanged", "named", "last commit", "violations"));
  for (const auto& [kind, counts] : report.by_kind) {
    Say(flags.common,
        fmt::format("{:<24} {:>9} {:>10} {:>9} {:>12} {:>11}\n", kind, counts.damages,
                    counts.unchanged, counts.named, counts.last_commit, counts.violations));
  }
  for (const RotFinding& finding : report.findings) {
    Say(flags.common, fmt::format("FAIL: {}: {}\nReproduce: powercut rot {} --only '{}'\n",
                                  ToString(finding.damage), finding.text, flags.common.scenario,
                                  ToString(finding.damage)));
  }
  const RotCounts total = report.total();
  Say(flags.common,
      fmt::format("SUMMARY: powercut: {} {} rot ({} violations, {} files, {} bytes, {} damages, {} "
                  "reported by name, {} in a last commit)\n",
                  total.violations > 0 ? "violated" : "clean", flags.common.scenario,
                  total.violations, report.files, report.bytes, total.damages, total.named,
                  total.last_commit));
}

int RunRot(const RotFlags& flags) {
  const auto report = Audit(flags);
  if (!report.ok()) return Fail(report.status());
  SayReport(flags, *report);
  if (flags.common.is_json) {
    nlohmann::ordered_json json = {{"scenario", flags.common.scenario},
                                   {"files", report->files},
                                   {"bytes", report->bytes},
                                   {"total", CountsJson(report->total())}};
    for (const auto& [kind, counts] : report->by_kind) json["kinds"][kind] = CountsJson(counts);
    json["findings"] = nlohmann::ordered_json::array();
    for (const RotFinding& finding : report->findings)
      json["findings"].push_back({{"damage", ToString(finding.damage)}, {"text", finding.text}});
    PrintJson(json);
  }
  if (report->total().violations > 0) return kExitViolation;
  return report->is_interrupted ? InterruptExitCode() : kExitClean;
}

}  // namespace

void AddRotCommand(CLI::App& app, ExitCode& exit) {
  CLI::App* const command = app.add_subcommand(
      "rot",
      "Flip every byte, zero every sector and misplace every sector of what a script leaves");
  const auto flags = std::make_shared<RotFlags>();
  AddFlags(*command, flags->common, {});
  command->add_option("--ops", flags->common.ops,
                      "Operations separated by ';' in place of the scenario's script for this");
  command->add_option("--jobs", flags->common.jobs, "Worker processes at a time")
      ->capture_default_str()
      ->transform(vfs::WholeNumber({.min = 1, .max = 256}));
  command->add_option("--files", flags->rot.files, "Only files that this glob matches")
      ->capture_default_str();
  command->add_option("--every", flags->rot.every, "One damage in N")
      ->capture_default_str()
      ->transform(vfs::WholeNumber({.min = 1}));
  command->add_option("--only", flags->only,
                      "'flip PATH BYTE', 'zero PATH SECTOR' or 'misdirect PATH SECTOR' "
                      "(repeatable): these in place of all");
  command->callback([flags, &exit] { exit.value = RunRot(*flags); });
}

}  // namespace permafrost::sim
