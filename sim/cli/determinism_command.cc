// `powercut check-determinism SCENARIO`: every seed in two processes, each with its own address
// layout; equal hashes.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "sim/campaign/life.h"
#include "sim/cli/command.h"
#include "sim/cli/commands.h"
#include "sim/cli/output.h"
#include "sim/explore/interrupt.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/command_line.h"

namespace permafrost::sim {
namespace {

struct DeterminismFlags {
  CommonFlags common;
  std::uint64_t seeds = 100;
  std::string base_seed = "1";
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

// "seed hash" lines into a map.
std::map<std::string, std::string> HashesOf(const std::string& text) {
  std::map<std::string, std::string> hashes;
  std::size_t begin = 0;
  while (begin < text.size()) {
    std::size_t end = text.find('\n', begin);
    if (end == std::string::npos) end = text.size();
    const std::string line = text.substr(begin, end - begin);
    const std::size_t blank = line.find(' ');
    if (blank != std::string::npos) hashes[line.substr(0, blank)] = line.substr(blank + 1);
    begin = end + 1;
  }
  return hashes;
}

struct Comparison {
  std::uint64_t seeds = 0;  // hashed by both
  std::uint64_t mismatches = 0;
};

absl::StatusOr<Comparison> Compare(const DeterminismFlags& flags,
                                   const std::vector<std::string>& arguments) {
  VFS_ASSIGN_OR_RETURN(const Child first, Spawn(arguments));
  const absl::StatusOr<Child> second = Spawn(arguments);
  const absl::StatusOr<std::string> first_text =
      Collect(first);  // reaped, whatever came of the other
  VFS_RETURN_IF_ERROR(second.status());
  const absl::StatusOr<std::string> second_text = Collect(*second);
  VFS_RETURN_IF_ERROR(first_text.status());
  VFS_RETURN_IF_ERROR(second_text.status());
  const auto one = HashesOf(*first_text);
  const auto two = HashesOf(*second_text);
  if (!IsInterrupted() && (one.size() != flags.seeds || two.size() != flags.seeds)) {
    return vfs::Internal("compare traces: {} and {} hashes for {} seeds", one.size(), two.size(),
                         flags.seeds);
  }
  Comparison comparison;
  for (const auto& [seed, hash] : one) {
    const auto other = two.find(seed);
    if (other == two.end()) continue;  // interrupted
    ++comparison.seeds;
    if (other->second == hash) continue;
    ++comparison.mismatches;
    Say(flags.common, fmt::format("seed {}: trace {} in one process, {} in the other\n", seed, hash,
                                  other->second));
  }
  return comparison;
}

int RunCheck(const DeterminismFlags& flags) {
  const auto scenario = MakeNamedScenario(flags.common);
  if (!scenario.ok()) return Fail(scenario.status());
  if (const auto personalities = PersonalitiesOf(flags.common.personality); !personalities.ok())
    return Fail(personalities.status());
  if (const auto seed = SeedOf("--base-seed", flags.base_seed); !seed.ok())
    return Fail(seed.status());
  std::vector<std::string> arguments{"powercut",
                                     "trace-hashes",
                                     flags.common.scenario,
                                     "--base-seed",
                                     flags.base_seed,
                                     "--seeds",
                                     fmt::format("{}", flags.seeds),
                                     "--personality",
                                     flags.common.personality};
  if (flags.common.is_stock) arguments.emplace_back("--stock");
  for (const std::string& name : flags.common.without)
    arguments.insert(arguments.end(), {"--without", name});
  for (const std::string& text : flags.common.mutate)
    arguments.insert(arguments.end(), {"--mutate", text});
  for (const auto& [name, value] :
       {std::pair{"--strategy", &flags.common.strategy}, std::pair{"--mode", &flags.common.mode}}) {
    if (!value->empty()) arguments.insert(arguments.end(), {name, *value});
  }
  if (flags.common.has_sync_points) arguments.emplace_back("--sync-points");
  const auto compared = Compare(flags, arguments);
  if (!compared.ok()) return Fail(compared.status());
  Say(flags.common, fmt::format("SUMMARY: powercut: {} {} seeds twice, {} mismatches{}\n",
                                flags.common.scenario, compared->seeds, compared->mismatches,
                                IsInterrupted() ? " (interrupted: a partial result)" : ""));
  if (flags.common.is_json) {
    PrintJson({{"scenario", flags.common.scenario},
               {"seeds", compared->seeds},
               {"mismatches", compared->mismatches},
               {"interrupted", IsInterrupted()}});
  }
  if (compared->mismatches > 0) return kExitNotDeterministic;
  return IsInterrupted() ? InterruptExitCode() : kExitClean;
}

// The other side: one line per seed, lives run in this process one after the other.
int RunHashes(const DeterminismFlags& flags) {
  const auto scenario = MakeNamedScenario(flags.common);
  if (!scenario.ok()) return Fail(scenario.status());
  const auto personalities = PersonalitiesOf(flags.common.personality);
  if (!personalities.ok()) return Fail(personalities.status());
  const auto base = SeedOf("--base-seed", flags.base_seed);
  if (!base.ok()) return Fail(base.status());
  const auto options = ExploreOptionsOf(flags.common, **scenario, personalities->front());
  if (!options.ok()) return Fail(options.status());
  constexpr std::size_t kLivesPerWorker = 32;
  const auto results = RunInWorkers(flags.seeds, kLivesPerWorker, {}, [&](std::size_t i) {
    const Life life = RunLife(**scenario, options->rules, options->repro, *base + i);
    return fmt::format("{} {}-{}-{}\n", life.seed, life.trace_hash.Hex(), life.crash_points,
                       life.violations.size());
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
      text += fmt::format("{} died\n", *base + i);
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
}

}  // namespace

void AddDeterminismCommands(CLI::App& app, ExitCode& exit) {
  const auto flags = std::make_shared<DeterminismFlags>();
  CLI::App* const check = app.add_subcommand(
      "check-determinism", "Run every seed in two processes and compare trace hashes");
  AddSeeds(*check, *flags);
  check->callback([flags, &exit] { exit.value = RunCheck(*flags); });

  const auto hash_flags = std::make_shared<DeterminismFlags>();
  CLI::App* const hashes = app.add_subcommand(
      "trace-hashes", "One line per seed: its trace hash (what check-determinism compares)");
  AddSeeds(*hashes, *hash_flags);
  hashes->callback([hash_flags, &exit] { exit.value = RunHashes(*hash_flags); });
}

}  // namespace permafrost::sim
