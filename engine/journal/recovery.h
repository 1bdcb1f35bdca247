// What an open does with what the last writer left: tells a torn tail from damage, keeps what
// continues the log, and makes it durable in a new segment before anything is served.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/journal/journal_options.h"
#include "engine/journal/journal_state.h"
#include "engine/journal/segment_file.h"
#include "vfs/env.h"

namespace permafrost::engine::journal {

struct RecoveryReport {
  Lsn proved = 0;                   // what is known to have been durable
  Lsn last = 0;                     // the last record that is kept
  std::uint64_t kept_bytes = 0;     // of records above `proved`
  std::uint64_t dropped_bytes = 0;  // behind the last one kept
  bool is_provable = false;         // that nothing dropped was acknowledged
};
// "tail above LSN 7: 128 bytes kept (LSN 8 to 9), 40 bytes dropped, provably unacknowledged".
std::string ToString(const RecoveryReport& report);

struct Recovered {
  std::vector<Segment> segments;  // ascending; the last is new and open for writing
  JournalState state;
  RecoveryReport report;
  std::uint64_t next_spare = 0;  // number of the next spare file
};

// The caller holds the writer's lock, and has settled the directory.
//
// Durable: everything that `segments` hold, names included, when it returns OK
// Errors:  kDataLoss            damage: file, offset, expected, found; nothing was changed
//          kFailedPrecondition  another store's journal
//          kResourceExhausted   no space for the new segment; nothing was lost
absl::StatusOr<Recovered> Recover(const vfs::Env& env,
                                  const std::string& directory,
                                  const JournalOptions& options,
                                  std::uint64_t nonce);

// Where an operator says that a log ends.
struct LogEnd {
  JournalPlace place;                 // of the first record that is not of it any more
  std::optional<std::uint64_t> base;  // of the segment in which that lies; nothing: none is kept
  bool Keeps(std::uint64_t segment_base) const { return base.has_value() && segment_base <= *base; }
};
// The same for a log that ends there, whatever stands behind: bytes in the segment and segments
// behind it are neither looked at nor touched, but for one whose name the new segment takes.
//
// Errors: kDataLoss  it cannot be read up to there
absl::StatusOr<Recovered> RecoverUpTo(const vfs::Env& env,
                                      const std::string& directory,
                                      const JournalOptions& options,
                                      std::uint64_t nonce,
                                      const LogEnd& end);

// As Recover without changing anything: no new segment.
absl::StatusOr<Recovered> Inspect(const vfs::Env& env,
                                  const std::string& directory,
                                  const JournalOptions& options);

}  // namespace permafrost::engine::journal
