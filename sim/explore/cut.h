// One cut of a generation, as a value that prints and parses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace permafrost::sim {

enum class CutKind : std::uint8_t { kPowerCut = 0, kProcessDeath = 1 };

// Enough to make the same image again from the same generation.
struct Cut {
  CutKind kind = CutKind::kPowerCut;
  std::uint64_t point = 0;  // index of the mutating call that the cut stands before
  std::string choice;       // of CrashImages; empty for a death
  std::string label;        // step stack at the cut, '/'-joined
  std::string
      lost;  // kinds of the lost effects, sorted, ','-joined: part of a fingerprint, not printed
  std::uint64_t lost_effects = 0;  // how many effects were lost; not printed
  std::vector<std::string>
      ops;  // what the restarted code does after it recovered, before the next cut; not printed
};

// The engine's innermost step at the cut ("freeze.flip" of "freeze.flip/rocksdb.wal.sync"): half of
// a fingerprint. RocksDB's own steps say little about a protocol.
std::string StepOf(const Cut& cut);

// "power point=N label=LABEL choice=CHOICE" or "death point=N label=LABEL"; a label may hold
// blanks, a choice is the rest of the line.
std::string ToString(const Cut& cut);
// Errors: kInvalidArgument  says what was found and what was expected
absl::StatusOr<Cut> ParseCut(std::string_view text);
// One printed cut a line, as a worker's breadcrumb holds them; what is no cut is left out.
std::vector<Cut> ParseCutLines(std::string_view text);

// Decimal, or hexadecimal after 0x.
absl::StatusOr<std::uint64_t> ParseNumber(std::string_view text);

}  // namespace permafrost::sim
