// A configuration beside the disk and the store that it names. Nothing here changes the disk.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/catalog/pins.h"
#include "engine/config/config.h"
#include "engine/config/load.h"
#include "engine/journal/journal_options.h"
#include "engine/store/store.h"
#include "vfs/env.h"

namespace permafrost::engine {

// The roots below storage.default_data_dir. Requires a valid configuration.
Roots RootsOf(const Config& config);

// What a store is opened with, on a file system opened at storage.default_data_dir. `now` is the
// ledger that retention.earliest_ledger = "now" stands for: what is pinned, or at a first start the
// first ledger of the chunk that holds the tip. Requires a valid configuration.
StoreOptions StoreOptionsOf(const Config& config, LedgerSeq now);

// What a journal's writer is opened with, but for what identifies store, process and boot.
journal::JournalOptions JournalOptionsOf(const Config& config);

// What is on the disk now.
struct StoreOnDisk {
  std::optional<Pins> pins;  // nothing: no first start was completed
  std::vector<Finding> findings;
};

// Compares the directories with what the disk makes of them (links, files in the way), and the pins
// of the store, if there is one, with the configuration. Takes no lock, so that a configuration can
// be checked beside the running store that it is meant for. Requires a valid configuration.
//
// Errors: kDataLoss  the catalog cannot be read
absl::StatusOr<StoreOnDisk> CompareWithDisk(const vfs::Env& env, const LoadedConfig& loaded);

}  // namespace permafrost::engine
