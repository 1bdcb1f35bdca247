// A repro: a text file from which one violation can be shown again in any process.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "sim/disk/personality.h"
#include "sim/explore/record.h"
#include "sim/explore/scenario.h"
#include "sim/sched/threads.h"

namespace permafrost::sim {

// Format: first line "powercut-repro 1"; then "# comment" and "key: value" lines in any order;
// unknown keys are errors. "op" and "cut" may stand several times, in order: ops before the first
// cut are the workload, ops after a cut are what the restarted code does once it has recovered.
// Source: corpus/README.md "Repro files".
struct Repro {
  std::string scenario;
  std::uint64_t seed = 0;
  Personality personality;
  bool is_stock = false;                   // every hardening off
  bool reverts_after_failed_sync = false;  // live reads after a failed sync show what is durable
  std::vector<std::string> without;        // names of single hardenings that are off
  std::string mutate;                      // in force in every generation
  std::string faults;                      // in force in the workload only
  // Of scenarios with threads; ThreadMode and StrategySpec print as these lines.
  bool has_threads = false;
  ThreadMode thread_mode = ThreadMode::kFiber;
  bool has_sync_points = false;      // RocksDB's own are scheduling points
  StrategySpec strategy;             // of every generation
  std::optional<Schedule> schedule;  // of the workload, in place of `strategy`
  Script ops;
  std::vector<Cut> cuts;  // outermost first
  std::string
      expect;         // the invariant that is broken; empty: the repro must be clean (a mended bug)
  std::string text;   // what was found
  std::string story;  // comment lines, '\n'-separated
};

std::string ToString(const Repro& repro);
// Errors: kInvalidArgument  "parse NAME line N: ..." with what was found and what was expected
absl::StatusOr<Repro> ParseRepro(std::string_view text, std::string_view name);

}  // namespace permafrost::sim
