// What the powercut commands share: parsed flags, the scenario they name, output, exit codes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <absl/status/statusor.h>

#include "sim/explore/explorer.h"

namespace permafrost::sim {

inline constexpr int kExitClean = 0;
inline constexpr int kExitViolation = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitIndeterminate = 3;
inline constexpr int kExitNotDeterministic = 4;
inline constexpr int kExitHarness = 5;
inline constexpr int kExitReaderLeft = 141;  // what a shell shows for SIGPIPE

// Flags that several commands take. Zero means "the command's default" where the help says so.
struct CommonFlags {
  std::string scenario;
  std::string personality = "strict";
  std::string seed;
  std::uint32_t depth = 1;
  std::uint32_t jobs = 1;
  std::uint32_t deaths = 16;
  std::uint64_t images = 0;
  std::uint64_t nested_images = 0;
  bool is_short = false;
  std::string ops;  // separated by ";"; empty: the script of the scenario
  bool is_stock = false;
  bool is_thorough = false;
  bool is_json = false;
  bool is_quiet = false;
  std::vector<std::string> without;
  std::vector<std::string> mutate;
  std::string faults;
  std::string sync_failures = "reverted;late,reverted";  // of --faults each-call
  std::uint32_t cuts_after = 6;   // the same: crash points cut after a failure
  std::uint64_t fault_limit = 0;  // the same: failures tried; 0: all
  std::string strategy;  // of threads; empty: run-to-block, in random lives drawn from the seed
  std::string mode;      // of threads; empty: fiber where it can be used
  bool has_sync_points = false;
  std::string out = "corpus/found";
  std::uint64_t stop_after = 0;
  double minimize_seconds = 20;  // for each finding
};

// Adds the flags to a subcommand; which ones as asked.
struct FlagSet {
  bool exploring = false;  // personality, depth, short, thorough, jobs, deaths, images, faults
  bool finding = false;    // out, stop-after, minimize-time
  bool seeded = false;     // seed
  bool mutable_ = false;   // stock, without, mutate
  bool threaded = false;   // strategy, mode, sync-points (exploring has them anyway)
};
void AddFlags(CLI::App& app, CommonFlags& flags, const FlagSet& set);

// The scenario, or kInvalidArgument naming the nearest known ones.
absl::StatusOr<std::unique_ptr<Scenario>> MakeNamedScenario(const CommonFlags& flags);
absl::StatusOr<vfs::RocksOptions> RocksOptionsOf(const CommonFlags& flags);

// The number that a flag like --seed names; `flag` is for the refusal.
absl::StatusOr<std::uint64_t> SeedOf(std::string_view flag, std::string_view text);
// The first seed of a command of many lives: --seed, or `base_seed` of --base-seed. Without either
// there is no default: one is drawn, for the command to print first.
absl::StatusOr<std::uint64_t> FirstSeedOf(const CommonFlags& flags, std::string_view base_seed);

// Personalities named by the flag: one, several joined with ',', or "every".
absl::StatusOr<std::vector<Personality>> PersonalitiesOf(std::string_view text);

// Everything an exploration needs, from flags; the script is the scenario's fixed one.
absl::StatusOr<ExploreOptions> ExploreOptionsOf(const CommonFlags& flags,
                                                const Scenario& scenario,
                                                const Personality& personality);

// What a repro runs on: its scenario with its switches; what changes from repro to repro of one
// scenario (seed, operations, ...) is sim/repro's to add.
struct ReproSetup {
  std::unique_ptr<Scenario> scenario;
  ExploreOptions options;
};
// Errors: kInvalidArgument  a name that is not known
absl::StatusOr<ReproSetup> SetupOf(const Repro& repro);

// For Option::transform: "90", "90s", "1.5m" or "2h" into seconds.
CLI::Validator Duration();

// The same for random lives: `--faults` is a plan for each workload, or 'drawn'.
absl::StatusOr<ExploreOptions> LifeOptionsOf(const CommonFlags& flags,
                                             const Scenario& scenario,
                                             const Personality& personality);

// Errors: kInvalidArgument  not a repro, with the line; or as ErrnoToStatus
absl::StatusOr<Repro> ReadRepro(const std::string& path);

}  // namespace permafrost::sim
