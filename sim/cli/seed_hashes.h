// What lives of one seed each were, as hashes: the text that processes and builds are compared by.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace permafrost::sim {

// Words without blanks.
struct SeedHashes {
  std::string trace;
  std::string schedule;  // "-": no threads
  friend bool operator==(const SeedHashes&, const SeedHashes&) = default;
};

// One line per seed, "SEED TRACE SCHEDULE", below a line "# RUN" that says what ran.
struct HashTable {
  std::string run;  // empty: no such line
  std::map<std::uint64_t, SeedHashes> seeds;
};

std::string ToString(const HashTable& table);
// Parses what it prints; `name` is for the refusal.
// Errors: kInvalidArgument  the line, what it is and what was expected
absl::StatusOr<HashTable> ParseHashTable(std::string_view text, std::string_view name);

// How many schedules differ from each other.
std::uint64_t DistinctSchedules(const HashTable& table);

// The first line in which two texts differ.
struct LineDifference {
  std::size_t number = 0;  // from 1
  std::string one;         // "(end)" behind the last line
  std::string other;
};
std::optional<LineDifference> FirstDifference(std::string_view one, std::string_view other);

}  // namespace permafrost::sim
