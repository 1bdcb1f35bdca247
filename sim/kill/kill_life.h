// One store on the real disk, ended by kill -9 again and again: each kill is checked there and made
// again in the simulator.
//
// The scenario runs twice, in a simulated world and in one on the real disk, from the same seed. Up
// to the kill both must have made the same calls with the same results, promised the same things,
// and left the same files. What the kill left is judged at rest, and by a restart on a copy. Then
// the process dies at that call in the simulator too, and the power is cut in its restart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "sim/explore/certificate.h"
#include "sim/explore/generation.h"

namespace permafrost::sim {

struct KillRules {
  CutRules cuts;
  std::uint64_t kills = 10;        // of one life, one in each process
  std::uint64_t restart_cuts = 6;  // points of a simulated restart at which the power is cut
  // In place of drawn moments: the mutating call before which each process is killed in turn. One
  // that makes fewer calls runs to its end.
  std::vector<std::uint64_t> at;
};

// Something wrong on the real disk.
struct KillFinding {
  std::string invariant;
  std::string text;
  std::vector<std::uint64_t> at;  // the kills of the life so far, as KillRules has them
};

// Two worlds that should be one: invariants of this room's own.
inline constexpr char kSameCalls[] = "real-disk-same-calls";
inline constexpr char kSameFiles[] = "real-disk-same-files";

struct KillLife {
  std::uint64_t seed = 0;
  std::uint64_t kills = 0;
  std::uint64_t in_call = 0;               // of those, inside a call that changes the disk
  std::uint64_t torn = 0;                  // of those, the call was left half done
  std::uint64_t in_restart = 0;            // of all, in a process that had a killed one before it
  std::uint64_t calls = 0;                 // of the real disk, held against the simulator's
  std::uint64_t checks = 0;                // restarts on the real disk that ran to their end
  std::uint64_t deaths = 0;                // of the simulator
  std::uint64_t power_cuts = 0;            // in their restarts
  std::vector<KillFinding> findings;       // on the real disk, after one kill; the life ends there
  std::vector<FoundViolation> violations;  // in the simulator
};

// `directory` is a path of the machine, empty. After a finding "disk" in it is what the kill left.
// `repro` holds the fields that are equal for every life of the command.
//
// Errors: kResourceExhausted  the machine has no space, processes or memory left; or what a file
//                             system answers in `directory`
absl::StatusOr<KillLife> RunKillLife(const Scenario& scenario,
                                     const KillRules& rules,
                                     const Repro& repro,
                                     std::uint64_t seed,
                                     const std::string& directory);

// For the pipe from a worker; a status too.
std::string Encode(const absl::StatusOr<KillLife>& life);
absl::StatusOr<KillLife> DecodeKillLife(std::string_view bytes);

}  // namespace permafrost::sim
