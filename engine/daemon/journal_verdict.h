// A journal read segment by segment: what is wrong with it, and how far it can be read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/journal/recovery.h"
#include "engine/journal/segment_scan.h"

namespace permafrost::engine {

// One segment as it was read.
struct CheckedSegment {
  std::uint64_t base = 0;
  std::string path;
  absl::Status status;       // not OK: it cannot be opened or read
  journal::Segment segment;  // if OK, and what follows
  bool is_spent = false;     // wholly below what is needed; not read
  std::uint64_t limit = 0;   // global offset at which the next one begins, or the end of the file
  journal::ScanEnd end;
  std::uint64_t log_end = 0;   // global offset behind its last record that is no trailer
  journal::Beyond beyond;      // of the last segment
  journal::Lsn first_lsn = 0;  // of the first record that is needed
  std::uint64_t records = 0;   // not the journal's own
  std::uint64_t bytes = 0;     // of all records
};

struct JournalDamage {
  std::string file;
  std::uint64_t offset = 0;  // global
  std::string finding;
  friend bool operator==(const JournalDamage&, const JournalDamage&) = default;
};

struct JournalVerdict {
  std::vector<CheckedSegment> segments;
  std::vector<JournalDamage> damages;
  journal::RecoveryReport report;               // without damage
  std::optional<journal::LogEnd> readable_end;  // before the first damage, if there is one
  journal::Lsn known_lsn = 0;                   // the highest that anything speaks of
};

// Reads two segments at a time. Besides CRC32C, which is always checked, `hash` asks for the BLAKE3
// of every record. Beside a writer the moving end may look like damage.
absl::StatusOr<JournalVerdict> ReadVerdict(const vfs::Env& env,
                                           const std::string& directory,
                                           const journal::JournalOptions& options,
                                           journal::HashCheck hash);

}  // namespace permafrost::engine
