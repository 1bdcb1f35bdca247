// Makes a repro smaller for as long as it shows the same violation.
//
// Method: every kind of thing that a repro lists (operations, cuts, fault rules, lost units,
// choices of the schedule, numbers in operations) is minimized by delta debugging (ddmin.h). A
// candidate runs from scratch in a forked worker, where its cut is looked for again
// (candidate.h), and counts if its invariant breaks after a cut of the same step: the fingerprint
// stays. What was found so is the next repro, as it was run; at the end it is replayed once more.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include <absl/status/statusor.h>

#include "sim/explore/explorer.h"
#include "sim/repro/repro.h"

namespace permafrost::sim {

// What there is to make smaller.
struct ReproSize {
  std::uint64_t ops = 0;  // of all generations
  std::uint64_t faults = 0;
  std::uint64_t cuts = 0;
  std::uint64_t lost_units = 0;  // an effect lost as a whole is one, else each lost part of it
  std::uint64_t choices = 0;     // of the schedule
  friend bool operator==(const ReproSize&, const ReproSize&) = default;
};

struct Shrunk {
  Repro repro;
  ReproSize before;
  ReproSize after;
  std::uint64_t replays = 0;  // runs from scratch
  double seconds = 0;
  bool is_cut_short = false;  // the time was over before nothing smaller was left to try
};

// "9 -> 2 operations, 5 -> 1 lost units"; what the repro never had is left out.
std::string Compared(const ReproSize& before, const ReproSize& after);

struct ShrinkLimits {
  // Begins nothing new after so long; a candidate that hangs is ended ten seconds later.
  double seconds_max = 20;
  std::function<void(const ReproSize& now, std::uint64_t replays, double share_of_time)>
      progress;  // may be empty
};

// `base`: the switches of the scenario, mutations and threading, as for Replay. Equal input gives
// an equal result unless the time was over.
//
// Errors: kInvalidArgument    the repro is clean, or does not show what it expects
//         kAborted            the result did not replay: the scenario is not deterministic
//         kInternal           the harness itself failed, or an interruption came before the end
absl::StatusOr<Shrunk> Shrink(const Scenario& scenario,
                              const ExploreOptions& base,
                              const Repro& repro,
                              const ShrinkLimits& limits);

}  // namespace permafrost::sim
