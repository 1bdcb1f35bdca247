// A repro on its way to a smaller one: what its cuts mean in the words of another run, and the
// search for them there.
//
// An operation less moves every crash point behind it, renumbers files and effects, and turns the
// decisions of threads into others. So a candidate is not replayed as it is written: the changed
// workload runs, and the cut is looked for at the points of the same step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "sim/explore/explorer.h"
#include "sim/repro/repro.h"

namespace permafrost::sim {

// Where a cut lies and what it takes, in words that mean the same in another run.
struct CutPlace {
  std::string call;             // of the crash point, every number as '#'
  std::uint64_t from_end = 0;   // crash points of its generation behind it
  Losses losses;                // of a power cut
  std::vector<LostUnit> parts;  // the same, whole effects split into their parts
};

struct Candidate {
  Repro repro;
  std::vector<CutPlace> places;  // of repro.cuts, in order
  std::uint64_t calls = 0;       // fallible calls of the workload when nothing fails
};

// How far from its place a cut is looked for, always among the points of its step.
enum class Width {
  kAsWritten,  // the point and the choice of the text, of the same step if its place is known
  kSamePoint,  // the likeliest point
  kNarrow,     // some likely points, losing the same units
  kWide,       // more of them, and other images there
};

struct SearchRules {
  Width width = Width::kNarrow;
  std::uint64_t deadline_nanos = 0;  // RealNanos() after which no further recovery begins
  // Of scenarios with threads: tried for the workload when its schedule shows nothing.
  std::vector<StrategySpec> strategies;
};

// Runs the candidate's workload and looks for cuts after which its invariant breaks. What comes
// back replays as it is written: cuts, choices, fault plan and schedule are those that were run.
//
// Threads: one thread at a time. An abort of the code under test aborts the caller; what it was
// doing then is the worker's breadcrumb, an encoded candidate, if that is what is looked for.
std::optional<Candidate> FindAgain(const Scenario& scenario,
                                   const ExploreOptions& base,
                                   const Candidate& candidate,
                                   const SearchRules& rules);

// For the pipe between a worker and its caller.
std::string Encode(const Candidate& candidate);
// Errors: kInternal  not an encoded candidate (a worker died in the middle of writing)
absl::StatusOr<Candidate> DecodeCandidate(std::string_view text);

}  // namespace permafrost::sim
