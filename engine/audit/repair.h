// Repair: what is damaged in the cold tier is made again from what it came from.
#pragma once

#include <set>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/catalog/view.h"
#include "engine/layout/layout.h"
#include "engine/ledger/ledger_source.h"
#include "engine/store/chunk_input.h"
#include "engine/store/ledger_store.h"
#include "vfs/file_system.h"

namespace permafrost::engine {

// What became of a damaged artifact or index.
struct Repaired {
  std::string key;
  bool is_done = false;
  std::string told;  // how it was made again; or why it was not, and the remedy
};

// Makes again what is damaged of `keys` (AuditReport::tainted) and what is tainted already, all
// that can be: ledgers from the chunk's hot database or from `bulk` (null: none), events and hash
// runs from there or from an intact ledger pack, an index from the hash runs, which are made again
// if they are gone.
//
// Each file is read once more, and what would replace ledgers is compared with what the catalog has
// recorded of them, before anything is changed. Then the keys become tainted in one batch, and one
// lifecycle run makes them again under new inodes, as it would after a crash at any moment of this.
// What cannot be made again stays as it is.
//
// Durable: what it says is done, when it returns
// Errors:  of reading and writing the catalog. What a run could not do is told of the keys.
// Threads: any thread, beside the one that appends and those that read
absl::StatusOr<std::vector<Repaired>> Repair(vfs::FileSystem* fs,
                                             LedgerStore& store,
                                             LedgerSource* bulk,
                                             const std::set<std::string>& keys,
                                             const ShouldStop& should_stop = {});

// The frozen keys that an error names a file of: what to look at after a read that failed.
std::set<std::string> KeysNamedIn(const absl::Status& error,
                                  const CatalogView& view,
                                  const Layout& layout);

}  // namespace permafrost::engine
