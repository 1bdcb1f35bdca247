// `powercut run SCENARIO`: random lives, each from one seed, each with several cuts and deaths.
#include <memory>

#include <fmt/format.h>

#include "sim/campaign/life.h"
#include "sim/cli/command.h"
#include "sim/cli/commands.h"
#include "sim/cli/findings.h"
#include "sim/cli/output.h"
#include "sim/explore/interrupt.h"
#include "sim/sched/sched.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/command_line.h"
#include "vfs/posix/progress.h"

namespace permafrost::sim {
namespace {

struct RunFlags {
  CommonFlags common;
  std::uint64_t runs = 1;
  std::string base_seed;
  double seconds_max = 0;
  std::uint32_t schedules = 8;
};

constexpr std::size_t kLivesPerRound = 64;
constexpr std::size_t kLivesPerWorker = 8;

absl::StatusOr<Certificate> Live(const RunFlags& flags,
                                 const Scenario& scenario,
                                 const Personality& personality,
                                 std::uint64_t first_seed) {
  VFS_ASSIGN_OR_RETURN(ExploreOptions options, LifeOptionsOf(flags.common, scenario, personality));
  options.rules.schedules = flags.schedules;
  Certificate certificate;
  certificate.scenario = std::string(scenario.name());
  certificate.personality = ToString(personality);
  certificate.runs = 0;
  const std::uint64_t start = RealNanos();
  const std::uint64_t cpu_start = CpuNanos();
  const auto seconds = [start] { return static_cast<double>(RealNanos() - start) * 1e-9; };
  vfs::Progress progress(flags.common.is_quiet, RealNanos);
  const bool has_budget = flags.seconds_max > 0;
  while (!IsInterrupted() && certificate.runs < flags.runs &&
         (!has_budget || seconds() < flags.seconds_max)) {
    // Small rounds where the time is watched between them.
    const std::size_t round = has_budget ? kLivesPerWorker * options.workers.jobs : kLivesPerRound;
    const std::size_t count = std::min<std::uint64_t>(round, flags.runs - certificate.runs);
    const std::uint64_t round_seed = first_seed + certificate.runs;
    VFS_ASSIGN_OR_RETURN(
        const auto results,
        RunInWorkers(count, kLivesPerWorker, options.workers, [&](std::size_t i) {
          return Encode(RunLife(scenario, options.rules, options.repro, round_seed + i));
        }));
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (results[i].is_finished) {
        VFS_ASSIGN_OR_RETURN(const Life life, DecodeLife(results[i].frame));
        AddTo(certificate, life);
        ++certificate.runs;
      } else if (!results[i].last_words.empty()) {
        AddDeathTo(certificate, ReproOf(results[i], options.repro), results[i].last_words);
        ++certificate.runs;
      }
    }
    const double share =
        has_budget ? seconds() / flags.seconds_max
                   : static_cast<double>(certificate.runs) / static_cast<double>(flags.runs);
    progress.Update(
        share, fmt::format("{} {}: {} lives, {} recoveries, {} violations", certificate.scenario,
                           certificate.personality, certificate.runs, certificate.recoveries,
                           certificate.violation_count()));
    if (options.stop_after > 0 && certificate.violations.size() >= options.stop_after) break;
  }
  certificate.is_interrupted = IsInterrupted();
  certificate.seconds = seconds();
  certificate.core_seconds = static_cast<double>(CpuNanos() - cpu_start) * 1e-9;
  return certificate;
}

int RunRun(const RunFlags& flags) {
  const auto scenario = MakeNamedScenario(flags.common);
  if (!scenario.ok()) return Fail(scenario.status());
  const auto personalities = PersonalitiesOf(flags.common.personality);
  if (!personalities.ok()) return Fail(personalities.status());
  const auto seed = FirstSeedOf(flags.common, flags.base_seed);
  if (!seed.ok()) return Fail(seed.status());
  const auto options = LifeOptionsOf(flags.common, **scenario, personalities->front());
  if (!options.ok()) return Fail(options.status());
  if (const absl::Status out = CheckOut(flags.common.out); !out.ok()) return Fail(out);
  Say(flags.common, fmt::format("base seed 0x{:016x}, {} lives, personality {}\n", *seed,
                                flags.runs, flags.common.personality));
  int worst = kExitClean;
  for (const Personality& personality : *personalities) {
    auto certificate = Live(flags, **scenario, personality, *seed);
    if (!certificate.ok()) return Fail(certificate.status());
    MinimizeFindings(flags.common, *certificate);
    const absl::Status written = WriteFindings(flags.common, *certificate);
    if (!written.ok()) Fail(written);  // the violation stands, and outweighs it
    Say(flags.common,
        fmt::format("SUMMARY: powercut: {} {} {} ({} violations, {} lives, {} cuts, {} deaths, {} "
                    "recoveries, {}{:.1f} lives/s)\n",
                    VerdictOf(*certificate), certificate->scenario, certificate->personality,
                    certificate->violation_count(), certificate->runs, certificate->candidates,
                    certificate->deaths, certificate->recoveries,
                    certificate->schedules > 0
                        ? fmt::format("{} schedules without a cut, ", certificate->schedules)
                        : "",
                    certificate->seconds > 0
                        ? static_cast<double>(certificate->runs) / certificate->seconds
                        : 0));
    if (flags.common.is_json) PrintJson(ToJson(*certificate));
    const int code = certificate->ExitCode();
    if (worst != kExitViolation && (code == kExitViolation || code > worst)) worst = code;
    if (certificate->is_interrupted || HasReaderLeft()) break;
  }
  return worst;
}

}  // namespace

void AddRunCommand(CLI::App& app, ExitCode& exit) {
  CLI::App* const command =
      app.add_subcommand("run", "Live random lives with many cuts, one from each seed");
  const auto flags = std::make_shared<RunFlags>();
  AddFlags(*command, flags->common,
           {.exploring = true, .finding = true, .seeded = true, .mutable_ = true});
  command->add_option("--runs", flags->runs, "Number of lives")
      ->capture_default_str()
      ->transform(vfs::WholeNumber({.min = 1}));
  command->add_option("--base-seed", flags->base_seed,
                      "Seed of the first life; the others follow (default: drawn and printed)");
  command
      ->add_option("--max-total-time", flags->seconds_max,
                   "Seconds after which no new lives begin; 0: no bound")
      ->transform(Duration());
  command
      ->add_option("--schedules", flags->schedules,
                   "Of scenarios with threads: more schedules that each life's workload runs "
                   "under, without a cut (default 8)")
      ->transform(vfs::WholeNumber({.max = 1'000'000}));
  command->callback([flags, &exit] { exit.value = RunRun(*flags); });
}

}  // namespace permafrost::sim
