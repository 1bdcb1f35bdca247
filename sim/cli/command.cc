// Flags into options.
#include "sim/cli/command.h"

#include <sys/random.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <map>

#include <absl/strings/ascii.h>
#include <absl/strings/str_split.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "vfs/base/nearest.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step_labels.h"
#include "vfs/posix/command_line.h"
#include "vfs/posix/host_file.h"
#include "vfs/rocksdb/rocks_labels.h"

namespace permafrost::sim {
namespace {

// Our own labels, and those that the adapter gives to RocksDB's calls.
std::vector<std::string_view> KnownLabels() {
  std::vector<std::string_view> labels;
  for (const vfs::StepLabel& step : vfs::kStepLabels) labels.push_back(step.label);
  for (const auto& verbs : vfs::kRocksFileLabels)
    labels.insert(labels.end(), verbs.begin(), verbs.end());
  labels.insert(
      labels.end(),
      {vfs::kRocksLabelDirSync, vfs::kRocksLabelDirCreate, vfs::kRocksLabelRename,
       vfs::kRocksLabelUnlink, vfs::kRocksLabelSettleName, vfs::kRocksLabelSettleRename,
       vfs::kRocksLabelSettleChain, vfs::kRocksLabelSettleCheckpoint,
       vfs::kRocksLabelSettleManifest, vfs::kRocksLabelScanCut, vfs::kRocksLabelScanSync});
  return labels;
}

// Mutations are in force in every generation, faults in the workload only.
absl::StatusOr<faults::FaultPlan> PlanOf(const CommonFlags& flags) {
  faults::FaultPlan plan;
  for (const std::string& text : flags.mutate) {
    VFS_ASSIGN_OR_RETURN(const faults::FaultPlan more, faults::ParseMutation(text));
    VFS_RETURN_IF_ERROR(faults::CheckLabels(more, KnownLabels()));
    plan = faults::Join(std::move(plan), more);
  }
  return plan;
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) {
    if (!text.empty()) text += "; ";
    text += part;
  }
  return text;
}

}  // namespace

void AddFlags(CLI::App& app, CommonFlags& flags, const FlagSet& set) {
  app.add_option("scenario", flags.scenario, "Scenario, as `powercut list` names it")->required();
  app.add_flag("--json", flags.is_json,
               "One JSON object on the last line of stdout; text for people goes to stderr");
  app.add_flag("-q,--quiet", flags.is_quiet, "No progress, no text for people");
  if (set.seeded)
    app.add_option("--seed", flags.seed, "Seed, decimal or 0x hexadecimal (default: 0 for sweep)");
  if (set.mutable_) {
    app.add_flag("--stock", flags.is_stock, "RocksDB without any hardening of the adapter");
    app.add_option("--without", flags.without,
                   "Switch one hardening off (repeatable; names in vfs/rocksdb/README.md)");
    app.add_option("--mutate", flags.mutate,
                   "'drop LABEL', 'unsynced LABEL' or 'ignore-error LABEL' (repeatable)");
  }
  if (set.finding) {
    app.add_option("--out", flags.out, "Directory for the repro files of violations")
        ->capture_default_str();
    app.add_option("--stop-after", flags.stop_after, "Stop after N distinct violations; 0: never")
        ->capture_default_str()
        ->transform(vfs::WholeNumber({}));
    app.add_option(
           "--minimize-time", flags.minimize_seconds,
           "Time to make the repro of each finding smaller, at most three times that for all "
           "of a personality; 0: not at all (default 20s). Only a result that the time "
           "ended depends on the machine, none on --jobs")
        ->transform(Duration());
  }
  if (set.exploring || set.threaded) {
    app.add_option(
        "--strategy", flags.strategy,
        "Of scenarios with threads: run-to-block (default), random-walk N/M, uniform, pct "
        "DEPTH LENGTH, replay SCHEDULE; random lives draw one");
    app.add_option("--mode", flags.mode,
                   "Of scenarios with threads: fiber (default) or futex, which debuggers and "
                   "sanitizers understand");
    app.add_flag("--sync-points", flags.has_sync_points,
                 "RocksDB's own sync points are scheduling points too");
  }
  if (!set.exploring) return;
  app.add_option("--personality", flags.personality,
                 "strict, ordered, writeback, treelog, prefix, all, none, with +da_alloc +nopsow "
                 "+tear_bytes; several "
                 "with commas; 'every' for all seven")
      ->capture_default_str();
  app.add_option("--depth", flags.depth, "Cuts in a row")
      ->capture_default_str()
      ->transform(vfs::WholeNumber({.min = 1, .max = 4}));
  app.add_flag("--short", flags.is_short, "The scenario's short script");
  app.add_option(
      "--ops", flags.ops,
      "Operations separated by ';' in place of the scenario's script, as a repro's `op:` "
      "lines");
  app.add_flag("--thorough", flags.is_thorough,
               "Every settled state is restarted three ways, every point also dies");
  app.add_option("--jobs", flags.jobs, "Worker processes at a time")
      ->capture_default_str()
      ->transform(vfs::WholeNumber({.min = 1, .max = 256}));
  app.add_option("--deaths", flags.deaths, "One crash point in N is also a process death; 0: none")
      ->capture_default_str()
      ->transform(vfs::WholeNumber({.max = std::numeric_limits<std::uint32_t>::max()}));
  app.add_option("--nested-images", flags.nested_images,
                 "Images offered per point of a later generation (default 8)")
      ->transform(vfs::WholeNumber({.min = 1}));
  app.add_option("--images", flags.images, "Images offered per crash point (default 48)")
      ->transform(vfs::WholeNumber({.min = 1}));
  app.add_option(
      "--faults", flags.faults,
      "A fault plan (faults/README.md); sweep: or 'each-call', each call of the script fails once; "
      "run: or 'drawn', each life draws a few");
  app.add_option("--sync-failures", flags.sync_failures,
                 "Of --faults each-call: how syncs fail, as after `fail:` in a plan, with 'late' "
                 "before it for a write-out that fails behind the caller's back; several with ';', "
                 "or 'every'")
      ->capture_default_str();
  app.add_option("--cuts-after", flags.cuts_after,
                 "Of --faults each-call: crash points cut after each failure, and the end; 0: all")
      ->capture_default_str()
      ->transform(vfs::WholeNumber({.max = std::numeric_limits<std::uint32_t>::max()}));
  app.add_option("--fault-limit", flags.fault_limit,
                 "Of --faults each-call: only so many failures, spread over all; 0: all")
      ->capture_default_str()
      ->transform(vfs::WholeNumber({}));
}

absl::StatusOr<Script> ParseOps(std::string_view text, const Scenario& scenario) {
  Script script;
  const std::vector<std::string_view> verbs = scenario.Verbs();
  for (const auto piece : absl::StrSplit(absl::string_view(text.data(), text.size()), ';')) {
    std::string op(absl::StripAsciiWhitespace(piece));
    if (op.empty()) continue;
    const std::string verb = op.substr(0, op.find(' '));
    if (!verbs.empty() && std::find(verbs.begin(), verbs.end(), verb) == verbs.end()) {
      return vfs::InvalidArgument("--ops: {} has no operation '{}'; it has: {}", scenario.name(),
                                  verb, fmt::join(verbs, ", "));
    }
    script.push_back(std::move(op));
  }
  if (script.empty()) return vfs::InvalidArgument("--ops: no operation in '{}'", text);
  return script;
}

absl::StatusOr<vfs::RocksOptions> RocksOptionsOf(const CommonFlags& flags) {
  vfs::RocksOptions rocks;
  rocks.stock = flags.is_stock;
  rocks.queued_jobs = true;
  for (const std::string& name : flags.without) {
    const auto hardening = vfs::ParseHardening(name);
    if (!hardening.has_value()) {
      std::string known;
      for (const vfs::Hardening each : vfs::kAllHardenings)
        known += fmt::format(" {}", vfs::ToString(each));
      return vfs::InvalidArgument("--without {}: no such hardening; known:{}", name, known);
    }
    rocks = rocks.Without(*hardening);
  }
  return rocks;
}

absl::StatusOr<std::unique_ptr<Scenario>> MakeNamedScenario(const CommonFlags& flags) {
  VFS_ASSIGN_OR_RETURN(const vfs::RocksOptions rocks, RocksOptionsOf(flags));
  std::unique_ptr<Scenario> scenario = MakeScenario(flags.scenario, {.rocks = rocks});
  if (scenario == nullptr) {
    std::string known;
    for (const std::string& name : ScenarioNames()) known += fmt::format(" {}", name);
    const std::vector<std::string> names = ScenarioNames();
    const std::vector<std::string_view> views(names.begin(), names.end());
    return vfs::InvalidArgument("no scenario '{}'{}; known:{}", flags.scenario,
                                vfs::DidYouMean(flags.scenario, views), known);
  }
  VFS_RETURN_IF_ERROR(scenario->Prepare());
  return scenario;
}

absl::StatusOr<std::uint64_t> SeedOf(std::string_view flag, std::string_view text) {
  const auto seed = ParseNumber(text);
  if (seed.ok()) return *seed;
  return vfs::InvalidArgument("{}: {}; give 0 to 2^64-1, decimal or 0x hexadecimal", flag,
                              vfs::Message(seed.status()));
}

absl::StatusOr<std::uint64_t> FirstSeedOf(const CommonFlags& flags, std::string_view base_seed) {
  if (!flags.seed.empty()) return SeedOf("--seed", flags.seed);
  if (!base_seed.empty()) return SeedOf("--base-seed", base_seed);
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
    return vfs::Internal("draw a seed: the kernel gave none");
  return seed;
}

absl::StatusOr<std::vector<Personality>> PersonalitiesOf(std::string_view text) {
  if (text == "every") text = "strict,ordered,writeback,treelog,prefix,all,none";
  std::vector<Personality> personalities;
  while (true) {
    const std::size_t comma = text.find(',');
    VFS_ASSIGN_OR_RETURN(const Personality personality, ParsePersonality(text.substr(0, comma)));
    personalities.push_back(personality);
    if (comma == std::string_view::npos) return personalities;
    text.remove_prefix(comma + 1);
  }
}

absl::StatusOr<Threading> ThreadingOf(const CommonFlags& flags) {
  Threading threading;
  threading.mode = CanUseFibers() ? ThreadMode::kFiber : ThreadMode::kFutex;
  if (!flags.mode.empty()) {
    VFS_ASSIGN_OR_RETURN(threading.mode, ParseThreadMode(flags.mode));
  }
  if (threading.mode == ThreadMode::kFiber && !CanUseFibers()) {
    return vfs::InvalidArgument(
        "thread mode 'fiber': this processor, kernel or build cannot swap thread-local storage; "
        "use --mode futex");
  }
  threading.is_drawn = flags.strategy.empty();
  if (!flags.strategy.empty()) {
    VFS_ASSIGN_OR_RETURN(threading.strategy, ParseStrategy(flags.strategy));
  }
  threading.rocksdb_sync_points = flags.has_sync_points;
  return threading;
}

absl::StatusOr<ExploreOptions> ExploreOptionsOf(const CommonFlags& flags,
                                                const Scenario& scenario,
                                                const Personality& personality) {
  ExploreOptions options;
  if (!flags.seed.empty()) {
    VFS_ASSIGN_OR_RETURN(options.seed, SeedOf("--seed", flags.seed));
  }
  VFS_ASSIGN_OR_RETURN(options.rules.plan, PlanOf(flags));
  if (!flags.faults.empty() && flags.faults != "each-call") {
    VFS_ASSIGN_OR_RETURN(options.faults, faults::ParsePlan(flags.faults));
    VFS_RETURN_IF_ERROR(CheckRot(scenario, options.faults));
  }
  options.rules.personality = personality;
  VFS_ASSIGN_OR_RETURN(options.rules.threading, ThreadingOf(flags));
  options.rules.convergence_share = flags.is_thorough ? 1 : 16;
  if (flags.nested_images > 0) options.rules.nested_budget.images_max = flags.nested_images;
  if (flags.images > 0) options.rules.workload_budget.images_max = flags.images;
  options.workers.jobs = flags.jobs;
  options.depth = flags.depth;
  options.death_share = flags.is_thorough ? 1 : flags.deaths;
  options.stop_after = flags.stop_after;
  options.script = scenario.FixedScript(flags.is_short ? ScriptSize::kShort : ScriptSize::kFull);
  if (!flags.ops.empty()) {
    VFS_ASSIGN_OR_RETURN(options.script, ParseOps(flags.ops, scenario));
  }
  options.repro = {.scenario = flags.scenario,
                   .seed = options.seed,
                   .personality = personality,
                   .is_stock = flags.is_stock,
                   .without = flags.without,
                   .mutate = Joined(flags.mutate),
                   .faults = faults::ToString(options.faults),
                   .has_threads = scenario.has_threads(),
                   .thread_mode = options.rules.threading.mode,
                   .has_sync_points = options.rules.threading.rocksdb_sync_points,
                   .strategy = options.rules.threading.strategy,
                   .schedule = {},
                   .ops = options.script,
                   .cuts = {},
                   .expect = "",
                   .text = "",
                   .story = ""};
  return options;
}

absl::StatusOr<ExploreOptions> LifeOptionsOf(const CommonFlags& flags,
                                             const Scenario& scenario,
                                             const Personality& personality) {
  if (flags.faults == "each-call") {
    return vfs::InvalidArgument(
        "--faults each-call is for sweep; lives take a fault plan, or 'drawn'");
  }
  CommonFlags planned = flags;
  const bool draws_faults = flags.faults == "drawn";
  if (draws_faults) planned.faults.clear();
  VFS_ASSIGN_OR_RETURN(ExploreOptions options, ExploreOptionsOf(planned, scenario, personality));
  options.rules.life_faults = options.faults;
  options.rules.draws_faults = draws_faults;
  return options;
}

absl::StatusOr<ReproSetup> SetupOf(const Repro& repro) {
  CommonFlags flags;
  flags.scenario = repro.scenario;
  flags.is_stock = repro.is_stock;
  flags.without = repro.without;
  flags.faults = repro.faults;
  if (!repro.mutate.empty()) flags.mutate = {repro.mutate};
  if (repro.has_threads) {
    flags.mode = std::string(ToString(repro.thread_mode));
    flags.strategy = ToString(repro.strategy);
    flags.has_sync_points = repro.has_sync_points;
  }
  ReproSetup setup;
  VFS_ASSIGN_OR_RETURN(setup.scenario, MakeNamedScenario(flags));
  VFS_ASSIGN_OR_RETURN(setup.options, ExploreOptionsOf(flags, *setup.scenario, repro.personality));
  return setup;
}

CLI::Validator Duration() {
  return CLI::Validator(
      [](std::string& text) {
        const std::map<std::string_view, double> seconds_of = {
            {"", 1}, {"s", 1}, {"m", 60}, {"h", 3600}};
        double number = 0;
        const char* const last = text.data() + text.size();
        const auto [end, error] = std::from_chars(text.data(), last, number);
        const auto unit =
            seconds_of.find(std::string_view(end, static_cast<std::size_t>(last - end)));
        const bool is_good = error == std::errc() && unit != seconds_of.end() &&
                             std::isfinite(number) && number >= 0;
        if (!is_good)
          return fmt::format("'{}' is not a time; give a number of seconds, or with s, m or h",
                             text);
        text = fmt::format("{}", number * unit->second);
        return std::string();
      },
      "", "duration");
}

absl::StatusOr<Repro> ReadRepro(const std::string& path) {
  VFS_ASSIGN_OR_RETURN(const std::string text, vfs::ReadHostFile("repro", path));
  return ParseRepro(text, path);
}

}  // namespace permafrost::sim
