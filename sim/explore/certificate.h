// What an exploration covered, as numbers: the certificate.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "sim/repro/repro.h"
#include "vfs/base/hash.h"

namespace permafrost::sim {

// How the cuts fell around the steps of one label.
struct LabelCoverage {
  std::uint64_t before = 0;  // cuts at the step's first call
  std::uint64_t inside =
      0;  // cuts between its calls, and images that keep part of what a call did or covered
  std::uint64_t after = 0;     // cuts after its last call
  std::uint64_t distinct = 0;  // distinct images of all of these
  std::uint64_t pending = 0;   // of these cuts, those at which something was unsettled
};

struct FoundViolation {
  std::string invariant;
  std::string fingerprint;  // invariant + label of the cut + kinds of what was lost
  std::string text;
  std::uint64_t count = 1;  // verdicts with this fingerprint
  Repro repro;              // the smallest one found, then minimized
  std::string minimized;    // what became smaller, in one line; empty: nobody tried
};

struct Certificate {
  std::string scenario;
  std::string personality;
  std::string threads;  // "fiber, pct 3 10000"; empty: the scenario has none
  std::uint32_t depth = 1;
  std::uint64_t crash_points = 0;  // of the workload
  std::uint64_t exhausted = 0;     // of those, all subsets down to effects were tried
  std::uint64_t deaths = 0;        // process deaths restarted
  std::uint64_t nested_points = 0;
  std::uint64_t nested_exhausted = 0;
  std::uint64_t candidates = 0;  // images offered, nested ones included
  std::uint64_t distinct = 0;    // distinct recovery keys
  std::uint64_t recoveries = 0;  // generations run
  std::uint64_t schedules = 0;   // workloads of lives run without a cut, under other schedules
  std::uint64_t judgements = 0;  // verdict keys judged
  std::uint64_t opens = 0;       // RocksDB opens in recoveries and checks
  std::uint64_t runs = 1;        // workloads (more than one with --faults each-call, or `run`)
  std::map<std::string, LabelCoverage> labels;
  std::set<std::string> labels_uncut;
  std::map<std::string, std::uint64_t> probes;
  std::set<std::string> probes_missed;
  std::map<std::string, FoundViolation>
      violations;               // by invariant and label: one each, the smallest
  double raw_open_seconds = 0;  // of one open + check + close, measured on the same images
  double seconds = 0;           // wall time
  double core_seconds = 0;      // processor time, workers included
  vfs::Hash128 trace_hash;
  bool is_interrupted = false;

  std::uint64_t violation_count() const;
  double exhaustive_share() const;
  double images_per_core_second() const;
  double raw_share() const;
  // 0 clean; 1 violations; 3 something demanded was not reached, or nothing ran; 130/143
  // interrupted.
  int ExitCode() const;
};

// Counts a finding under its invariant and the label of its last cut; of equal ones the smallest is
// kept: the fewest cuts, then the fewest lost effects.
void AddFinding(FoundViolation found, Certificate& certificate);

// Invariant, step of the last cut, kinds of what it lost.
std::string FingerprintOf(const FoundViolation& found);

// One object, keys as the README's table says.
nlohmann::ordered_json ToJson(const Certificate& certificate);
// For people, several lines.
std::string ToText(const Certificate& certificate);
// The stable failure block: FAIL, story, artifact, Reproduce, SUMMARY.
std::string FailureBlock(const Certificate& certificate,
                         const FoundViolation& violation,
                         const std::string& artifact);

}  // namespace permafrost::sim
