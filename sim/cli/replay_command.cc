// `powercut replay FILE...`: shows the violation of a repro again, or that a mended bug stays
// mended.
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "sim/cli/command.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/explore/interrupt.h"
#include "sim/repro/replay.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

struct ReplayFlags {
  std::vector<std::string> files;
  bool is_json = false;
  bool is_quiet = false;
  bool shows_events = false;
};

absl::StatusOr<int> ReplayFile(const ReplayFlags& flags,
                               const CommonFlags& output,
                               const std::string& path) {
  VFS_ASSIGN_OR_RETURN(const Repro repro, ReadRepro(path));
  VFS_ASSIGN_OR_RETURN(const ReproSetup setup, SetupOf(repro));
  VFS_ASSIGN_OR_RETURN(const ReplayOutcome outcome,
                       ReplayInWorker(*setup.scenario, setup.options, repro,
                                      flags.shows_events ? ShowEvents::kYes : ShowEvents::kNo));
  for (const std::string& line : outcome.story) Say(output, fmt::format("  {}\n", line));
  const bool is_expected = outcome.Shows(repro.expect);
  for (const Violation& violation : outcome.violations)
    Say(output, fmt::format("FAIL {} {}\n", violation.invariant, violation.text));
  const bool is_clean = outcome.violations.empty();
  Say(output,
      fmt::format("SUMMARY: powercut: {} {} (expected {}, found {})\n",
                  is_clean ? "clean" : "violated", path,
                  repro.expect.empty() ? "clean" : repro.expect,
                  is_clean ? "no violation"
                           : fmt::format("{} violations{}", outcome.violations.size(),
                                         is_expected ? ", the expected one among them" : "")));
  if (flags.is_json) {
    nlohmann::ordered_json json{{"repro", path},
                                {"scenario", repro.scenario},
                                {"expect", repro.expect},
                                {"violations", outcome.violations.size()},
                                {"reproduced", is_expected}};
    json["found"] = nlohmann::ordered_json::array();
    for (const Violation& violation : outcome.violations)
      json["found"].push_back({{"invariant", violation.invariant}, {"text", violation.text}});
    PrintJson(json);
  }
  return is_clean ? kExitClean : kExitViolation;
}

int RunReplay(const ReplayFlags& flags) {
  CommonFlags output;
  output.is_json = flags.is_json;
  output.is_quiet = flags.is_quiet;
  int worst = kExitClean;
  for (const std::string& path : flags.files) {
    if (HasReaderLeft()) break;
    const auto code = ReplayFile(flags, output, path);
    if (code.ok()) worst = std::max(worst, *code);
    if (IsInterrupted()) {
      Say(output, fmt::format("SUMMARY: powercut: interrupted at {}\n", path));
      return worst == kExitViolation ? worst : InterruptExitCode();
    }
    if (!code.ok()) {
      // A file that cannot be read or understood is the caller's mistake.
      Fail(code.status());
      return absl::IsInternal(code.status()) ? kExitHarness : kExitUsage;
    }
  }
  return worst;
}

}  // namespace

void AddReplayCommand(CLI::App& app, ExitCode& exit) {
  CLI::App* const command =
      app.add_subcommand("replay", "Replay repro files: exit code 1 if one shows a violation");
  const auto flags = std::make_shared<ReplayFlags>();
  command->add_option("files", flags->files, "Repro files")->required();
  command->add_flag("--json", flags->is_json,
                    "One JSON object per file on stdout; text for people goes to stderr");
  command->add_flag("-q,--quiet", flags->is_quiet, "No text for people");
  command->add_flag("--events", flags->shows_events,
                    "Show what was attempted, acknowledged and served, generation by generation");
  command->callback([flags, &exit] { exit.value = RunReplay(*flags); });
}

}  // namespace permafrost::sim
