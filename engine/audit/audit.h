// The audit: what the invariants say about a store, checked on its catalog and its directories.
// Changes nothing.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/catalog/view.h"
#include "engine/layout/layout.h"
#include "engine/retention/retention.h"
#include "vfs/env.h"
#include "vfs/rocksdb/rocks_options.h"

namespace permafrost::engine {

// Always: holds at every instant. Settled: holds when a lifecycle run has nothing left to do.
enum class WhenTrue { kAlways, kSettled };
std::string_view ToString(WhenTrue when);

// A predicate of the reference's section 21 that can be read off a store.
struct Invariant {
  int number = 0;
  WhenTrue when = WhenTrue::kAlways;
  std::string_view text;
};

// Those that Audit judges, by number: 5, 6, 8 to 16; and 18, which AuditContents judges.
const std::vector<Invariant>& AuditedInvariants();

struct Violation {
  int number = 0;
  WhenTrue when = WhenTrue::kAlways;
  std::string finding;  // one line; names the key or the path
  friend auto operator<=>(const Violation&, const Violation&) = default;
};

struct AuditReport {
  std::vector<Violation> violations;   // by number, then finding
  std::map<int, std::size_t> checked;  // by number: how many things were looked at
  std::set<std::string> orphans;       // files that no key names (10)
  std::set<std::string> tainted;       // keys whose files are not as recorded (11, 18), or are
                                       // marked so (6)
  std::size_t keys = 0;
  std::size_t files = 0;  // regular files under the roots, those of databases included
  ChunkId floor;          // against which 15 and 16 were judged
  CatalogView view;       // what parses of the rows

  // `number` is one of AuditedInvariants().
  void Add(int number, std::string finding);
};

struct AuditOptions {
  RetentionPolicy retention;  // for the floor
  vfs::RocksOptions rocks;    // for opening ready hot databases (12)
};

// Judges a catalog's rows and the directories below the roots. Nobody else may have the store open.
//
// A row that does not parse is a violation of 9, not an error: the audit goes on without it.
// Errors: of the file system while listing
absl::StatusOr<AuditReport> Audit(const vfs::Env& env,
                                  const Layout& layout,
                                  const CatalogRows& rows,
                                  const AuditOptions& options);

}  // namespace permafrost::engine
