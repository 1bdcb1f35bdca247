// `powercut check-determinism SCENARIO`: every seed in two processes, each with its own address
// layout; equal hashes.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "sim/campaign/life.h"
#include "sim/cli/command.h"
#include "sim/cli/commands.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

struct DeterminismFlags {
  CommonFlags common;
  std::uint64_t seeds = 100;
  std::string base_seed = "1";
};

// What one child process is: its id and the read end of its standard output.
struct Child {
  pid_t pid = -1;
  int out = -1;
};

absl::StatusOr<Child> Spawn(const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe(ends) != 0) return vfs::ErrnoToStatus(errno, "make pipe for", "second process");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&actions, ends[0]);
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  Child child{.pid = -1, .out = ends[0]};
  const int error =
      posix_spawn(&child.pid, "/proc/self/exe", &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  if (error != 0) return vfs::ErrnoToStatus(error, "start", "second process");
  return child;
}

absl::StatusOr<std::string> Collect(const Child& child) {
  std::string text;
  char chunk[65536];
  ssize_t count = 0;
  while ((count = read(child.out, chunk, sizeof(chunk))) > 0)
    text.append(chunk, static_cast<std::size_t>(count));
  close(child.out);
  int wait_status = 0;
  waitpid(child.pid, &wait_status, 0);
  if (!WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0) {
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

absl::StatusOr<std::uint64_t> CountMismatches(const DeterminismFlags& flags,
                                              const std::vector<std::string>& arguments) {
  VFS_ASSIGN_OR_RETURN(const Child first, Spawn(arguments));
  VFS_ASSIGN_OR_RETURN(const Child second, Spawn(arguments));
  VFS_ASSIGN_OR_RETURN(const std::string first_text, Collect(first));
  VFS_ASSIGN_OR_RETURN(const std::string second_text, Collect(second));
  const auto one = HashesOf(first_text);
  const auto two = HashesOf(second_text);
  if (one.size() != flags.seeds || two.size() != flags.seeds) {
    return vfs::Internal("compare traces: {} and {} hashes for {} seeds", one.size(), two.size(),
                         flags.seeds);
  }
  std::uint64_t mismatches = 0;
  for (const auto& [seed, hash] : one) {
    if (two.at(seed) == hash) continue;
    ++mismatches;
    Say(flags.common, fmt::format("seed {}: trace {} in one process, {} in the other\n", seed, hash,
                                  two.at(seed)));
  }
  return mismatches;
}

int RunCheck(const DeterminismFlags& flags) {
  const auto scenario = MakeNamedScenario(flags.common);
  if (!scenario.ok()) return Fail(scenario.status());
  if (const auto personalities = PersonalitiesOf(flags.common.personality); !personalities.ok())
    return Fail(personalities.status());
  if (const auto seed = ParseNumber(flags.base_seed); !seed.ok())
    return Fail(vfs::InvalidArgument("--base-seed {}", vfs::Message(seed.status())));
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
  const auto mismatches = CountMismatches(flags, arguments);
  if (!mismatches.ok()) return Fail(mismatches.status());
  Say(flags.common, fmt::format("SUMMARY: powercut: {} {} seeds twice, {} mismatches\n",
                                flags.common.scenario, flags.seeds, *mismatches));
  if (flags.common.is_json)
    PrintJson(
        {{"scenario", flags.common.scenario}, {"seeds", flags.seeds}, {"mismatches", *mismatches}});
  return *mismatches == 0 ? kExitClean : kExitNotDeterministic;
}

// The other side: one line per seed, lives run in this process one after the other.
int RunHashes(const DeterminismFlags& flags) {
  const auto scenario = MakeNamedScenario(flags.common);
  if (!scenario.ok()) return Fail(scenario.status());
  const auto personalities = PersonalitiesOf(flags.common.personality);
  if (!personalities.ok()) return Fail(personalities.status());
  const auto base = ParseNumber(flags.base_seed);
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
  for (std::size_t i = 0; i < results->size(); ++i) {
    const ItemResult& result = (*results)[i];
    // A life that dies is as good a trace as any, as long as it dies of the same thing.
    const std::string line =
        result.is_finished ? result.frame : fmt::format("{} died\n", *base + i);
    std::fwrite(line.data(), 1, line.size(), stdout);
  }
  std::fflush(stdout);
  return kExitClean;
}

void AddSeeds(CLI::App& command, DeterminismFlags& flags) {
  AddFlags(command, flags.common, {.exploring = false, .seeded = false, .mutable_ = true});
  command.add_option("--seeds", flags.seeds, "Number of seeds")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
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
