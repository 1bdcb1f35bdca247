// `powercut check-determinism SCENARIO`: every seed in two processes, each with its own address
// layout; equal hashes.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include <fmt/format.h>

#include "sim/campaign/life.h"
#include "sim/cli/command.h"
#include "sim/cli/commands.h"
#include "sim/cli/host_file.h"
#include "sim/cli/output.h"
#include "sim/cli/seed_hashes.h"
#include "sim/explore/interrupt.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/command_line.h"
#include "vfs/posix/host_file.h"

namespace permafrost::sim {
namespace {

struct DeterminismFlags {
  CommonFlags common;
  std::uint64_t seeds = 100;
  std::string base_seed = "1";
  std::string hashes;      // file to write; empty: none
  std::string compare;     // file to read in place of a second process; empty: none
  bool has_lines = false;  // of trace-hashes
};

constexpr int kTickMillis = 100;  // how long an interruption may go unnoticed

// What one child process is: its id and the read end of its standard output.
struct Child {
  pid_t pid = -1;
  int out = -1;
};

absl::StatusOr<Child> Spawn(const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    return vfs::ErrnoToStatus(errno, "make pipe for", "second process");
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = getpid();
  Child child{.pid = fork(), .out = ends[0]};
  if (child.pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);  // it ends with us, however we end
    if (getppid() == parent && dup2(ends[1], STDOUT_FILENO) >= 0)
      execv("/proc/self/exe", argv.data());
    _exit(kExitHarness);
  }
  const int error = errno;
  close(ends[1]);
  if (child.pid > 0) return child;
  close(ends[0]);
  return vfs::ErrnoToStatus(error, "start", "second process");
}

// Everything that it prints. One that is interrupted prints the seeds that it has finished.
absl::StatusOr<std::string> Collect(const Child& child) {
  std::string text;
  char chunk[65536];
  while (true) {
    // Told at every tick: a signal between its fork and its exec is lost.
    if (IsInterrupted()) kill(child.pid, SIGTERM);
    pollfd ready{.fd = child.out, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, kTickMillis) <= 0) continue;
    const ssize_t count = read(child.out, chunk, sizeof(chunk));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    text.append(chunk, static_cast<std::size_t>(count));
  }
  close(child.out);
  int wait_status = 0;
  while (waitpid(child.pid, &wait_status, 0) < 0 && errno == EINTR) {
  }
  if (!IsInterrupted() && (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0)) {
    return vfs::Internal("hash traces in a second process: it ended with status {}", wait_status);
  }
  return text;
}

// `trace-hashes` with the flags of this check, for another process.
std::vector<std::string> HashArguments(const DeterminismFlags& flags) {
  const CommonFlags& common = flags.common;
  std::vector<std::string> words{"powercut", "trace-hashes", common.scenario, "--personality",
                                 common.personality};
  if (common.is_stock) words.emplace_back("--stock");
  for (const std::string& name : common.without) words.insert(words.end(), {"--without", name});
  for (const std::string& text : common.mutate) words.insert(words.end(), {"--mutate", text});
  for (const auto& [name, value] :
       {std::pair{"--strategy", &common.strategy}, std::pair{"--mode", &common.mode},
        std::pair{"--faults", &common.faults}}) {
    if (!value->empty()) words.insert(words.end(), {name, *value});
  }
  if (common.has_sync_points) words.emplace_back("--sync-points");
  return words;
}

std::vector<std::string> WithSeeds(std::vector<std::string> words,
                                   std::string_view base,
                                   std::uint64_t count) {
  words.insert(words.end(),
               {"--base-seed", std::string(base), "--seeds", fmt::format("{}", count)});
  return words;
}

// What everything but the seeds is; two tables are about the same runs only if this is equal.
std::string RunOf(const DeterminismFlags& flags, const ExploreOptions& options) {
  std::vector<std::string> words = HashArguments(flags);
  words.erase(words.begin(), words.begin() + 2);
  const std::string mode(ToString(options.rules.threading.mode));
  if (flags.common.mode.empty()) words.insert(words.end(), {"--mode", mode});
  return fmt::format("{}", fmt::join(words, " "));
}

// What two processes with the same arguments print.
struct Outputs {
  std::string one;
  std::string other;
};

absl::StatusOr<Outputs> RunTwice(const std::vector<std::string>& arguments) {
  VFS_ASSIGN_OR_RETURN(const Child first, Spawn(arguments));
  const absl::StatusOr<Child> second = Spawn(arguments);
  absl::StatusOr<std::string> one = Collect(first);  // reaped, whatever came of the other
  VFS_RETURN_IF_ERROR(second.status());
  absl::StatusOr<std::string> other = Collect(*second);
  VFS_RETURN_IF_ERROR(one.status());
  VFS_RETURN_IF_ERROR(other.status());
  return Outputs{*std::move(one), *std::move(other)};
}

// The hashes of one process, and what they are held against: those of another, or a file.
struct Tables {
  HashTable own;
  HashTable other;
};

absl::StatusOr<Tables> Hash(const DeterminismFlags& flags, const std::string& run) {
  const std::vector<std::string> arguments =
      WithSeeds(HashArguments(flags), flags.base_seed, flags.seeds);
  Tables tables;
  if (flags.compare.empty()) {
    VFS_ASSIGN_OR_RETURN(const Outputs outputs, RunTwice(arguments));
    VFS_ASSIGN_OR_RETURN(tables.own, ParseHashTable(outputs.one, "one process"));
    VFS_ASSIGN_OR_RETURN(tables.other, ParseHashTable(outputs.other, "the other process"));
  } else {
    const auto text = vfs::ReadHostFile("hashes", flags.compare);
    if (!text.ok()) return vfs::InvalidArgument("--compare: {}", vfs::Message(text.status()));
    VFS_ASSIGN_OR_RETURN(tables.other, ParseHashTable(*text, flags.compare));
    if (tables.other.run != run) {
      return vfs::InvalidArgument("--compare {}: it is about '{}', and this is '{}'", flags.compare,
                                  tables.other.run, run);
    }
    VFS_ASSIGN_OR_RETURN(const Child child, Spawn(arguments));
    VFS_ASSIGN_OR_RETURN(const std::string own, Collect(child));
    VFS_ASSIGN_OR_RETURN(tables.own, ParseHashTable(own, "one process"));
  }
  tables.own.run = run;
  return tables;
}

struct Comparison {
  std::uint64_t seeds = 0;  // hashed by both
  std::vector<std::uint64_t> mismatches;
};

absl::StatusOr<Comparison> Compare(const DeterminismFlags& flags, const Tables& tables) {
  if (!IsInterrupted() && tables.own.seeds.size() != flags.seeds) {
    return vfs::Internal("compare traces: {} hashes for {} seeds", tables.own.seeds.size(),
                         flags.seeds);
  }
  const std::string other = flags.compare.empty() ? "the other" : flags.compare;
  Comparison comparison;
  for (const auto& [seed, hashes] : tables.own.seeds) {
    const auto found = tables.other.seeds.find(seed);
    if (found == tables.other.seeds.end()) {
      if (IsInterrupted()) continue;
      return vfs::InvalidArgument("compare traces: seed {} is not in {}", seed, other);
    }
    ++comparison.seeds;
    if (found->second == hashes) continue;
    comparison.mismatches.push_back(seed);
    Say(flags.common, fmt::format("seed {}: trace {} schedule {} in one process, {} {} in {}\n",
                                  seed, hashes.trace, hashes.schedule, found->second.trace,
                                  found->second.schedule, other));
  }
  return comparison;
}

// Where the two processes part, as far as the seed alone shows it.
absl::Status ShowDifference(const DeterminismFlags& flags, std::uint64_t seed) {
  std::vector<std::string> arguments = WithSeeds(HashArguments(flags), fmt::format("{}", seed), 1);
  arguments.emplace_back("--lines");
  if (!flags.compare.empty()) {
    Say(flags.common, fmt::format("seed {}: for the first line that differs compare what both "
                                  "builds print: {}\n",
                                  seed, fmt::join(arguments, " ")));
    return absl::OkStatus();
  }
  VFS_ASSIGN_OR_RETURN(const Outputs outputs, RunTwice(arguments));
  const auto difference = FirstDifference(outputs.one, outputs.other);
  if (!difference.has_value()) {
    Say(flags.common, fmt::format("seed {}: alone it gives equal lines twice; what ran before it "
                                  "in its process matters\n",
                                  seed));
    return absl::OkStatus();
  }
  Say(flags.common, fmt::format("seed {}: the first line that differs is {}:\n  {}\n  {}\n", seed,
                                difference->number, difference->one, difference->other));
  return absl::OkStatus();
}

absl::StatusOr<Comparison> Check(const DeterminismFlags& flags,
                                 const std::string& run,
                                 std::uint64_t& schedules) {
  if (!flags.hashes.empty()) {
    const absl::Status writable = WriteWhole(flags.hashes, "");  // asked before all the work
    if (!writable.ok()) return vfs::InvalidArgument("--hashes: {}", vfs::Message(writable));
  }
  VFS_ASSIGN_OR_RETURN(const Tables tables, Hash(flags, run));
  if (!flags.hashes.empty()) VFS_RETURN_IF_ERROR(WriteWhole(flags.hashes, ToString(tables.own)));
  schedules = DistinctSchedules(tables.own);
  VFS_ASSIGN_OR_RETURN(Comparison comparison, Compare(flags, tables));
  if (!comparison.mismatches.empty())
    VFS_RETURN_IF_ERROR(ShowDifference(flags, comparison.mismatches.front()));
  return comparison;
}

int RunCheck(const DeterminismFlags& flags) {
  const auto scenario = MakeNamedScenario(flags.common);
  if (!scenario.ok()) return Fail(scenario.status());
  const auto personalities = PersonalitiesOf(flags.common.personality);
  if (!personalities.ok()) return Fail(personalities.status());
  if (const auto seed = SeedOf("--base-seed", flags.base_seed); !seed.ok())
    return Fail(seed.status());
  const auto options = LifeOptionsOf(flags.common, **scenario, personalities->front());
  if (!options.ok()) return Fail(options.status());
  std::uint64_t schedules = 0;
  const auto compared = Check(flags, RunOf(flags, *options), schedules);
  if (!compared.ok()) return Fail(compared.status());
  const std::size_t mismatches = compared->mismatches.size();
  Say(flags.common,
      fmt::format("SUMMARY: powercut: {} {} seeds {}, {} mismatches{}{}\n", flags.common.scenario,
                  compared->seeds, flags.compare.empty() ? "twice" : "against " + flags.compare,
                  mismatches,
                  (*scenario)->has_threads() ? fmt::format(", {} schedules", schedules) : "",
                  IsInterrupted() ? " (interrupted: a partial result)" : ""));
  if (flags.common.is_json) {
    PrintJson({{"scenario", flags.common.scenario},
               {"seeds", compared->seeds},
               {"mismatches", mismatches},
               {"distinct_schedules", schedules},
               {"interrupted", IsInterrupted()}});
  }
  if (mismatches > 0) return kExitNotDeterministic;
  return IsInterrupted() ? InterruptExitCode() : kExitClean;
}

// A life as a line of the table, or as the lines of its traces.
std::string TextOf(const Life& life, bool has_lines) {
  if (has_lines) return fmt::format("{}\n", fmt::join(life.lines, "\n"));
  return fmt::format("{} {}-{}-{} {}\n", life.seed, life.trace_hash.Hex(), life.crash_points,
                     life.violations.size(),
                     life.schedule_hash == 0 ? "-" : fmt::format("{:016x}", life.schedule_hash));
}

// The other side: one line per seed, lives run in this process one after the other.
int RunHashes(const DeterminismFlags& flags) {
  const auto scenario = MakeNamedScenario(flags.common);
  if (!scenario.ok()) return Fail(scenario.status());
  const auto personalities = PersonalitiesOf(flags.common.personality);
  if (!personalities.ok()) return Fail(personalities.status());
  const auto base = SeedOf("--base-seed", flags.base_seed);
  if (!base.ok()) return Fail(base.status());
  auto options = LifeOptionsOf(flags.common, **scenario, personalities->front());
  if (!options.ok()) return Fail(options.status());
  options->rules.keep_lines = flags.has_lines ? KeepLines::kYes : KeepLines::kNo;
  constexpr std::size_t kLivesPerWorker = 32;
  const auto results = RunInWorkers(flags.seeds, kLivesPerWorker, {}, [&](std::size_t i) {
    return TextOf(RunLife(**scenario, options->rules, options->repro, *base + i), flags.has_lines);
  });
  if (!results.ok()) return Fail(results.status());
  std::string text;
  for (std::size_t i = 0; i < results->size(); ++i) {
    const ItemResult& result = (*results)[i];
    // A life that dies is as good a trace as any, as long as it dies of the same thing. One that an
    // interruption left unlived has no last words.
    if (result.is_finished) {
      text += result.frame;
    } else if (!result.last_words.empty()) {
      text += fmt::format("{} died -\n", *base + i);
    }
  }
  Print(text);
  return IsInterrupted() ? InterruptExitCode() : kExitClean;
}

void AddSeeds(CLI::App& command, DeterminismFlags& flags) {
  AddFlags(command, flags.common,
           {.exploring = false, .seeded = false, .mutable_ = true, .threaded = true});
  command.add_option("--seeds", flags.seeds, "Number of seeds")
      ->capture_default_str()
      ->transform(vfs::WholeNumber({.min = 1}));
  command.add_option("--base-seed", flags.base_seed, "First seed")->capture_default_str();
  command
      .add_option("--personality", flags.common.personality,
                  "Which unsettled effects a cut may keep")
      ->capture_default_str();
  command.add_option("--faults", flags.common.faults,
                     "A fault plan (faults/README.md) for each life's workload, or 'drawn': each "
                     "life draws a few calls that fail");
}

}  // namespace

void AddDeterminismCommands(CLI::App& app, ExitCode& exit) {
  const auto flags = std::make_shared<DeterminismFlags>();
  CLI::App* const check = app.add_subcommand(
      "check-determinism", "Run every seed in two processes and compare trace hashes");
  AddSeeds(*check, *flags);
  check->add_option("--hashes", flags->hashes,
                    "Write one line per seed: its number, the hashes of its traces and schedules");
  check->add_option("--compare", flags->compare,
                    "Compare with a file that --hashes wrote, of another build perhaps, in place "
                    "of a second process");
  check->callback([flags, &exit] { exit.value = RunCheck(*flags); });

  const auto hash_flags = std::make_shared<DeterminismFlags>();
  CLI::App* const hashes = app.add_subcommand("trace-hashes",
                                              "One line per seed: the hashes of its traces and "
                                              "schedules (what check-determinism compares)");
  AddSeeds(*hashes, *hash_flags);
  hashes->add_flag("--lines", hash_flags->has_lines, "The traces themselves, a line per disk call");
  hashes->callback([hash_flags, &exit] { exit.value = RunHashes(*hash_flags); });
}

}  // namespace permafrost::sim
