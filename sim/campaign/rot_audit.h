// Damage at rest, exhaustively: every byte of every file flipped, every sector zeroed, every sector
// written in the wrong place, one at a time. What is answered then is an error that names the file,
// or what was answered before.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "sim/explore/explorer.h"

namespace permafrost::sim {

enum class DamageKind {
  kFlip,       // one bit of the byte `at`
  kZero,       // the sector `at`
  kMisdirect,  // the sector `at` was written over the next one, and its own place is zero
};

struct Damage {
  DamageKind kind = DamageKind::kFlip;
  std::string path;
  std::uint64_t at = 0;  // byte, or sector of 512 bytes
  friend bool operator==(const Damage&, const Damage&) = default;
};
// "flip PATH 17", "zero PATH 0", "misdirect PATH 3".
std::string ToString(const Damage& damage);
// Errors: kInvalidArgument  names the text and what was expected
absl::StatusOr<Damage> ParseDamage(std::string_view text);

// What damage of the files of one kind came to.
struct RotCounts {
  std::uint64_t damages = 0;
  std::uint64_t unchanged = 0;  // every answer as before
  std::uint64_t named = 0;      // at least one error, all of them naming the file
  // The last commit of a log looks torn and was cut off: other answers are right there, and only
  // there.
  std::uint64_t last_commit = 0;
  std::uint64_t violations = 0;
};

struct RotFinding {
  Damage damage;
  std::string text;  // what was answered, where
};

struct RotReport {
  std::map<std::string, RotCounts> by_kind;  // "ledgers .pack", "catalog .log"
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::vector<RotFinding> findings;  // the first of each kind of file and damage
  bool is_interrupted = false;

  RotCounts total() const;
};

struct RotOptions {
  std::string files = "**";  // glob
  std::uint64_t every = 1;   // one damage in so many
  std::vector<Damage> only;  // these, in place of all
  std::function<void(std::uint64_t done, std::uint64_t damages)> progress;  // may be empty
};

// Runs the workload of `base` once and damages what it leaves.
//
// Errors: kInvalidArgument  the scenario answers nothing, no file matches, a damage lies outside
//                           its file
//         kInternal         the harness itself failed
absl::StatusOr<RotReport> AuditRot(const Scenario& scenario,
                                   const ExploreOptions& base,
                                   const RotOptions& options);

}  // namespace permafrost::sim
