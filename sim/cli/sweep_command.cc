// `powercut sweep SCENARIO`: cuts a fixed workload at every step and prints the certificate.
#include <algorithm>
#include <cmath>
#include <memory>

#include <fmt/format.h>

#include "sim/campaign/fault_axis.h"
#include "sim/campaign/raw_open.h"
#include "sim/cli/command.h"
#include "sim/cli/commands.h"
#include "sim/cli/findings.h"
#include "sim/cli/output.h"
#include "sim/sched/sched.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/progress.h"

namespace permafrost::sim {
namespace {

bool WantsFaultAxis(const CommonFlags& flags) {
  // An ignored error shows only where there is an error: such a mutation brings the axis with it.
  const auto ignores = [](const std::string& text) {
    return text.find("ignore-error") != std::string::npos;
  };
  return flags.faults == "each-call" ||
         std::any_of(flags.mutate.begin(), flags.mutate.end(), ignores);
}

absl::Status SweepEachCall(const CommonFlags& flags,
                           const Scenario& scenario,
                           const ExploreOptions& options,
                           const RecoveryCache& cache,
                           Certificate& certificate,
                           vfs::Progress& progress) {
  FaultAxisOptions axis{.cuts_after = flags.cuts_after, .limit = flags.fault_limit};
  VFS_ASSIGN_OR_RETURN(axis.sync_failures, ParseSyncPersonalities(flags.sync_failures));
  axis.progress = [&](std::uint64_t done, std::uint64_t plans) {
    progress.Update(static_cast<double>(done) / static_cast<double>(plans),
                    fmt::format("failure {}/{} tried, {} images, {} violations", done, plans,
                                certificate.distinct, certificate.violation_count()));
  };
  return ExploreFaultAxis(scenario, options, axis, cache, certificate);
}

absl::StatusOr<Certificate> Sweep(const CommonFlags& flags,
                                  const Scenario& scenario,
                                  const Personality& personality) {
  VFS_ASSIGN_OR_RETURN(ExploreOptions options, ExploreOptionsOf(flags, scenario, personality));
  Certificate certificate;
  certificate.scenario = std::string(scenario.name());
  certificate.personality = ToString(personality);
  certificate.depth = flags.depth;
  if (scenario.has_threads()) {
    certificate.threads = fmt::format("{}, {}", ToString(options.rules.threading.mode),
                                      ToString(options.rules.threading.strategy));
  }
  RecoveryCache cache;
  const std::uint64_t start = RealNanos();
  const std::uint64_t cpu_start = CpuNanos();
  {
    vfs::Progress progress(flags.is_quiet, RealNanos);
    options.progress = [&](const Certificate& now, double share) {
      progress.Update(share,
                      fmt::format("{} {}: {} crash points, {} images, {} recoveries, {} violations",
                                  now.scenario, now.personality, now.crash_points, now.candidates,
                                  now.recoveries, now.violation_count()));
    };
    VFS_RETURN_IF_ERROR(Explore(scenario, options, cache, certificate));
    if (WantsFaultAxis(flags) && !certificate.is_interrupted) {
      VFS_RETURN_IF_ERROR(SweepEachCall(flags, scenario, options, cache, certificate, progress));
    }
  }
  certificate.seconds = static_cast<double>(RealNanos() - start) * 1e-9;
  certificate.core_seconds = static_cast<double>(CpuNanos() - cpu_start) * 1e-9;
  // A script of the user's own need not reach everything: what it runs is demanded, no more.
  const bool is_own_script = !flags.ops.empty();
  if (!certificate.is_interrupted && certificate.violations.empty() && !is_own_script) {
    const ScriptSize size = flags.is_short ? ScriptSize::kShort : ScriptSize::kFull;
    for (const std::string& probe : scenario.RequiredProbes(personality, size)) {
      if (certificate.probes[probe] == 0) certificate.probes_missed.insert(probe);
    }
    for (const std::string& label : scenario.RequiredLabels()) {
      if (!certificate.labels.contains(label)) certificate.labels_uncut.insert(label);
    }
  }
  if (!certificate.is_interrupted)
    certificate.raw_open_seconds = MeasureRawOpen(scenario, options).median;
  return certificate;
}

int RunSweep(const CommonFlags& flags) {
  const auto scenario = MakeNamedScenario(flags);
  if (!scenario.ok()) return Fail(scenario.status());
  const auto personalities = PersonalitiesOf(flags.personality);
  if (!personalities.ok()) return Fail(personalities.status());
  if (const absl::Status out = CheckOut(flags.out); !out.ok()) return Fail(out);
  int worst = kExitClean;
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Personality& personality : *personalities) {
    auto certificate = Sweep(flags, **scenario, personality);
    if (!certificate.ok()) return Fail(certificate.status());
    MinimizeFindings(flags, *certificate);
    Say(flags, ToText(*certificate));
    const absl::Status written = WriteFindings(flags, *certificate);
    if (!written.ok()) Fail(written);  // the violation stands, and outweighs it
    Say(flags,
        fmt::format("SUMMARY: powercut: {} {} {} ({} violations, {} crash points, {} images, {} "
                    "recoveries)\n",
                    VerdictOf(*certificate), certificate->scenario, certificate->personality,
                    certificate->violation_count(), certificate->crash_points,
                    certificate->candidates, certificate->recoveries));
    all.push_back(ToJson(*certificate));
    const int code = certificate->ExitCode();
    // A violation outweighs everything, an interruption everything else.
    if (worst != kExitViolation && (code == kExitViolation || code > worst)) worst = code;
    if (certificate->is_interrupted || HasReaderLeft()) break;
  }
  if (flags.is_json) {
    if (all.size() == 1) {
      PrintJson(all[0]);
    } else {
      PrintJson({{"scenario", flags.scenario}, {"sweeps", all}});
    }
  }
  return worst;
}

}  // namespace

void AddSweepCommand(CLI::App& app, ExitCode& exit) {
  CLI::App* const command =
      app.add_subcommand("sweep", "Cut the power at every step of a scenario's fixed script");
  const auto flags = std::make_shared<CommonFlags>();
  AddFlags(*command, *flags,
           {.exploring = true, .finding = true, .seeded = true, .mutable_ = true});
  command->callback([flags, &exit] { exit.value = RunSweep(*flags); });
}

}  // namespace permafrost::sim
