// The sync audit: which of the syncs that a scenario makes are needed, and how the simulator shows
// it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "sim/explore/explorer.h"

namespace permafrost::sim {

enum class SyncVerdict {
  kNeeded,     // made a lie, a violation follows
  kVacuous,    // nothing was pending that it could have settled
  kRedundant,  // not needed alone; needed when the syncs named in `with` are lies too
  kNotShown,   // explored, and no violation was found in any combination
  kExcepted,   // the same, and vfs::kSyncExceptions says why it is made
};
std::string_view ToString(SyncVerdict verdict);

struct SyncRow {
  std::string label;
  std::string call_site;  // file:line of the engine's step; "" for RocksDB's own
  std::uint64_t instance =
      0;  // n-th sync of this label in the workload, from 1; 0: all of them together
  bool is_engine = true;  // false: RocksDB's own sync, whatever engine step caused it
  SyncVerdict verdict = SyncVerdict::kNotShown;
  std::vector<std::string> with;  // labels, for kRedundant
  std::string violation;          // fingerprint
  std::string reason;             // for kExcepted
  double exhaustive_share = 0;    // of the exploration that gave the verdict

  // Whether this row contradicts that every sync with an engine label is needed or excepted.
  bool is_breach() const;
};

enum class AuditInstances { kNo, kYes };

// Rows by label, then instance. Every variant is explored under `base` with deaths and epilogue and
// without any memory of other variants.
//
// Errors: as Explore
absl::StatusOr<std::vector<SyncRow>> AuditSyncs(
    const Scenario& scenario,
    const ExploreOptions& base,
    AuditInstances instances,
    const std::function<void(double share, std::string_view what)>& progress);

}  // namespace permafrost::sim
