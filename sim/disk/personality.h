// Which unsettled effects a crash may keep: one named rule set per kind of file system, and
// modifiers.
#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace permafrost::sim {

// The rules are those of sim/CRASH_MODEL.md "Personalities".
struct Personality {
  enum class Kind { kStrict, kOrdered, kWriteback, kTreelog, kPrefix, kAll, kNone };
  Kind kind = Kind::kStrict;
  bool da_alloc = false;    // a file's growth precedes a rename of it onto an existing name
  bool nopsow = false;      // a torn write garbles its whole physical sector (against D9)
  bool tear_bytes = false;  // any in-flight sector may mix old and new at any byte

  friend bool operator==(const Personality&, const Personality&) = default;
};

// "strict", "ordered+da_alloc+tear_bytes"; parses what it prints.
std::string ToString(const Personality& personality);
absl::StatusOr<Personality> ParsePersonality(std::string_view text);

}  // namespace permafrost::sim
