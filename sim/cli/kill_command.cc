// `powercut kill SCENARIO`: lives on the real disk, each ended by kill -9 many times; and each kill
// made again in the simulator.
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "sim/campaign/life.h"
#include "sim/cli/command.h"
#include "sim/cli/commands.h"
#include "sim/cli/findings.h"
#include "sim/cli/host_file.h"
#include "sim/cli/output.h"
#include "sim/explore/interrupt.h"
#include "sim/kill/kill_life.h"
#include "sim/oracle/expectation.h"
#include "sim/sched/sched.h"
#include "sim/world/tree.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/command_line.h"
#include "vfs/posix/posix_file_system.h"
#include "vfs/posix/progress.h"

namespace permafrost::sim {
namespace {

constexpr std::uint64_t kKillsPerLife = 10;

struct KillFlags {
  CommonFlags common;
  std::uint64_t kills = 300;
  std::string base_seed;
  std::string dir = "/tmp";
  std::vector<std::uint64_t> at;
  std::uint64_t restart_cuts = 6;
  double seconds_max = 0;
};

// One life's findings on the real disk, and where they are kept.
struct Kept {
  std::uint64_t seed = 0;
  std::string directory;
  KillFinding finding;
};

// What all lives did.
struct Tally {
  KillLife sum;
  std::uint64_t lives = 0;
  std::vector<Kept> kept;
  Certificate certificate;  // of the simulator's findings

  bool is_clean() const { return kept.empty() && certificate.violations.empty(); }
};

absl::Status BadDir(const std::string& directory, std::string_view finding) {
  return vfs::InvalidArgument("--dir '{}': {}; name a directory that can be written", directory,
                              finding);
}

// A new directory below --dir for all lives of the command; one that holds nothing in the end is
// removed.
class Workshop {
 public:
  static absl::StatusOr<Workshop> Make(const std::string& parent) {
    struct stat info = {};
    if (stat(parent.c_str(), &info) != 0) return BadDir(parent, std::strerror(errno));
    if (!S_ISDIR(info.st_mode)) return BadDir(parent, "it is not a directory");
    auto path = MakeUniqueDir(parent + "/powercut-kill-");
    if (path.ok()) return Workshop(*std::move(path));
    return BadDir(parent, fmt::format("cannot make anything in it: {}",
                                      std::strerror(vfs::ErrnoOf(path.status()))));
  }
  Workshop(Workshop&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  Workshop& operator=(Workshop&&) = delete;
  ~Workshop() {
    if (!path_.empty()) rmdir(path_.c_str());
  }

  const std::string& path() const { return path_; }

 private:
  explicit Workshop(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

void Add(const KillLife& life, KillLife& sum) {
  sum.kills += life.kills;
  sum.in_call += life.in_call;
  sum.torn += life.torn;
  sum.in_restart += life.in_restart;
  sum.calls += life.calls;
  sum.checks += life.checks;
  sum.deaths += life.deaths;
  sum.power_cuts += life.power_cuts;
}

// Removes the directory of a life and what is in it.
absl::Status RemoveLife(const std::string& path) {
  VFS_ASSIGN_OR_RETURN(const auto fs, vfs::PosixFileSystem::Open(path));
  VFS_RETURN_IF_ERROR(RemoveAll(*fs));
  return rmdir(path.c_str()) == 0 ? absl::OkStatus() : vfs::ErrnoToStatus(errno, "remove", path);
}

// Lives one life in a worker, in a directory of its own that stays only with a finding.
absl::Status LiveOnce(const Scenario& scenario,
                      const ExploreOptions& options,
                      const KillRules& rules,
                      std::uint64_t seed,
                      const Workshop& workshop,
                      Tally& tally) {
  const std::string path = fmt::format("{}/life-{:016x}", workshop.path(), seed);
  if (mkdir(path.c_str(), 0777) != 0) return vfs::ErrnoToStatus(errno, "make directory", path);
  const auto results = RunInWorkers(1, 1, options.workers, [&](std::size_t) {
    return Encode(RunKillLife(scenario, rules, options.repro, seed, path));
  });
  // A victim whose worker was ended is ours now.
  while (waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {
  }
  absl::Status status = results.status();
  bool is_kept = false;
  if (status.ok() && results->front().is_finished) {
    const auto life = DecodeKillLife(results->front().frame);
    status = life.status();
    if (life.ok()) {
      Add(*life, tally.sum);
      ++tally.lives;
      for (const KillFinding& found : life->findings)
        tally.kept.push_back({seed, path + "/disk", found});
      for (const FoundViolation& found : life->violations) AddFinding(found, tally.certificate);
      is_kept = !life->findings.empty();
    }
  } else if (status.ok() && !results->front().last_words.empty()) {
    AddDeathTo(tally.certificate, ReproOf(results->front(), options.repro),
               results->front().last_words);
  }
  const absl::Status removed = is_kept ? absl::OkStatus() : RemoveLife(path);
  if (status.ok()) status = removed;
  return status;
}

absl::Status LiveAll(const KillFlags& flags,
                     const Scenario& scenario,
                     const ExploreOptions& options,
                     std::uint64_t first_seed,
                     const Workshop& workshop,
                     Tally& tally) {
  KillRules rules{.cuts = options.rules, .restart_cuts = flags.restart_cuts, .at = flags.at};
  rules.cuts.nested_budget = {.images_max = 4, .random_images = 2, .seed = first_seed};
  const std::uint64_t start = RealNanos();
  const auto seconds = [start] { return static_cast<double>(RealNanos() - start) * 1e-9; };
  vfs::Progress progress(flags.common.is_quiet, RealNanos);
  const auto is_over = [&] {
    const bool stops_here =
        flags.common.stop_after > 0 &&
        tally.kept.size() + tally.certificate.violations.size() >= flags.common.stop_after;
    const bool is_late = flags.seconds_max > 0 && seconds() >= flags.seconds_max;
    const bool has_lived_once = !flags.at.empty() && tally.lives > 0;
    return IsInterrupted() || tally.sum.kills >= flags.kills || stops_here || is_late ||
           has_lived_once;
  };
  std::uint64_t next_seed = first_seed;
  while (!is_over()) {
    rules.kills = std::min(kKillsPerLife, flags.kills - tally.sum.kills);
    VFS_RETURN_IF_ERROR(LiveOnce(scenario, options, rules, next_seed++, workshop, tally));
    progress.Update(
        static_cast<double>(tally.sum.kills) / static_cast<double>(flags.kills),
        fmt::format("{}: {} kills, {} deaths and {} power cuts simulated, {} findings",
                    flags.common.scenario, tally.sum.kills, tally.sum.deaths, tally.sum.power_cuts,
                    tally.kept.size() + tally.certificate.violation_count()));
  }
  tally.certificate.seconds = seconds();
  tally.certificate.is_interrupted = IsInterrupted();
  return absl::OkStatus();
}

std::string BlockOf(const KillFlags& flags, const Kept& kept) {
  std::string switches = flags.common.is_stock ? " --stock" : "";
  for (const std::string& name : flags.common.without) switches += " --without " + name;
  for (const std::string& text : flags.common.mutate)
    switches += fmt::format(" --mutate '{}'", text);
  return fmt::format(
      "FAIL {} scenario={} seed=0x{:016x} kill={} call={}\n"
      "  {}\n"
      "  left by the kill: {}\n"
      "Reproduce:   powercut kill {} --seed 0x{:016x} --at {}{}\n",
      kept.finding.invariant, flags.common.scenario, kept.seed, kept.finding.at.size(),
      kept.finding.at.back(), kept.finding.text, kept.directory, flags.common.scenario, kept.seed,
      fmt::join(kept.finding.at, ","), switches);
}

nlohmann::ordered_json ToJson(const Tally& tally, std::uint64_t seed, const std::string& dir) {
  nlohmann::ordered_json json;
  json["scenario"] = tally.certificate.scenario;
  json["base_seed"] = fmt::format("0x{:016x}", seed);
  json["dir"] = dir;
  json["lives"] = tally.lives;
  json["kills"] = tally.sum.kills;
  json["kills_inside_a_call"] = tally.sum.in_call;
  json["calls_torn"] = tally.sum.torn;
  json["kills_of_a_restarted_process"] = tally.sum.in_restart;
  json["calls_equal"] = tally.sum.calls;
  json["restarts_checked"] = tally.sum.checks;
  json["simulated_deaths"] = tally.sum.deaths;
  json["simulated_power_cuts"] = tally.sum.power_cuts;
  json["violations"] = tally.kept.size() + tally.certificate.violation_count();
  json["violation_list"] = nlohmann::ordered_json::array();
  for (const Kept& kept : tally.kept) {
    json["violation_list"].push_back({{"invariant", kept.finding.invariant},
                                      {"text", kept.finding.text},
                                      {"seed", fmt::format("0x{:016x}", kept.seed)},
                                      {"at", kept.finding.at},
                                      {"directory", kept.directory}});
  }
  for (const auto& [place, found] : tally.certificate.violations) {
    json["violation_list"].push_back(
        {{"invariant", found.invariant}, {"text", found.text}, {"count", found.count}});
  }
  json["seconds"] = tally.certificate.seconds;
  json["interrupted"] = tally.certificate.is_interrupted;
  return json;
}

int Report(const KillFlags& flags, std::uint64_t seed, Tally& tally) {
  MinimizeFindings(flags.common, tally.certificate);
  if (const absl::Status written = WriteFindings(flags.common, tally.certificate); !written.ok())
    Fail(written);  // the violation stands, and outweighs it
  for (const Kept& kept : tally.kept) Say(flags.common, BlockOf(flags, kept));
  const KillLife& sum = tally.sum;
  const bool is_interrupted = tally.certificate.is_interrupted;
  Say(flags.common,
      fmt::format("SUMMARY: powercut: {} {} killed in {} ({} violations, {} kills, {} inside a "
                  "call, {} torn, {} of restarted processes, {} restarts checked, {} calls as "
                  "simulated, {} simulated deaths, {} power cuts, {:.1f} s)\n",
                  !tally.is_clean() ? "NOT CLEAN"
                  : is_interrupted  ? "interrupted"
                                    : "clean",
                  tally.certificate.scenario, flags.dir,
                  tally.kept.size() + tally.certificate.violation_count(), sum.kills, sum.in_call,
                  sum.torn, sum.in_restart, sum.checks, sum.calls, sum.deaths, sum.power_cuts,
                  tally.certificate.seconds));
  if (flags.common.is_json) PrintJson(ToJson(tally, seed, flags.dir));
  if (!tally.is_clean()) return kExitViolation;
  if (is_interrupted) return InterruptExitCode();
  return sum.kills == 0 ? kExitIndeterminate : kExitClean;
}

int RunKill(const KillFlags& flags) {
  const auto scenario = MakeNamedScenario(flags.common);
  if (!scenario.ok()) return Fail(scenario.status());
  if ((*scenario)->has_threads()) {
    return Fail(vfs::InvalidArgument(
        "kill {}: the calls of threads come in another order on a real disk; name a scenario "
        "without threads",
        flags.common.scenario));
  }
  const auto seed = FirstSeedOf(flags.common, flags.base_seed);
  if (!seed.ok()) return Fail(seed.status());
  const auto personalities = PersonalitiesOf(flags.common.personality);
  if (!personalities.ok()) return Fail(personalities.status());
  const auto options = ExploreOptionsOf(flags.common, **scenario, personalities->front());
  if (!options.ok()) return Fail(options.status());
  if (const absl::Status out = CheckOut(flags.common.out); !out.ok()) return Fail(out);
  const auto workshop = Workshop::Make(flags.dir);
  if (!workshop.ok()) return Fail(workshop.status());
  prctl(PR_SET_CHILD_SUBREAPER, 1);  // victims of a worker that was ended come to us
  Say(flags.common,
      fmt::format("base seed 0x{:016x}, {} kills in {}\n", *seed, flags.kills, flags.dir));
  Tally tally;
  tally.certificate.scenario = flags.common.scenario;
  tally.certificate.personality = flags.common.personality;
  const absl::Status lived = LiveAll(flags, **scenario, *options, *seed, *workshop, tally);
  const int code = Report(flags, *seed, tally);
  return lived.ok() || code == kExitViolation ? code : Fail(lived);
}

}  // namespace

void AddKillCommand(CLI::App& app, ExitCode& exit) {
  CLI::App* const command = app.add_subcommand(
      "kill", "Kill -9 on the real disk, restart, check; and the same in the simulator");
  const auto flags = std::make_shared<KillFlags>();
  AddFlags(*command, flags->common, {.finding = true, .seeded = true, .mutable_ = true});
  command->add_option("--kills", flags->kills, "How many, ten to a life")
      ->capture_default_str()
      ->transform(vfs::WholeNumber({.min = 1}));
  command->add_option("--base-seed", flags->base_seed,
                      "Seed of the first life; the others follow (default: drawn and printed)");
  command->add_option("--dir", flags->dir, "Where on the real disk; what a finding leaves stays")
      ->capture_default_str();
  command
      ->add_option("--at", flags->at,
                   "One life: before which mutating call each process is killed, in place of "
                   "drawn moments")
      ->delimiter(',')
      ->transform(vfs::WholeNumber({}));
  command
      ->add_option("--cuts", flags->restart_cuts,
                   "Points of each simulated restart at which the power is cut")
      ->capture_default_str()
      ->transform(vfs::WholeNumber({.min = 1, .max = 1'000'000}));
  command
      ->add_option("--max-total-time", flags->seconds_max,
                   "Seconds after which no new life begins; 0: no bound")
      ->transform(Duration());
  command->callback([flags, &exit] {
    if (!flags->at.empty()) flags->kills = flags->at.size();
    exit.value = RunKill(*flags);
  });
}

}  // namespace permafrost::sim
