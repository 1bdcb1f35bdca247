// Whose cold files they are: from pins and keys to what stands in the files.
#pragma once

#include <absl/status/statusor.h>

#include "engine/catalog/pins.h"
#include "engine/catalog/read_file.h"
#include "engine/cold/cold_format.h"
#include "engine/cold/hash_run.h"
#include "engine/cold/ledger_pack.h"
#include "engine/cold/window_index_format.h"
#include "engine/layout/keys.h"

namespace permafrost::engine {

ColdFileId ColdFileIdOf(const Pins& pins, ChunkId chunk);
IndexIdentity IndexIdentityOf(const Pins& pins, const Coverage& coverage);

// A frozen pack of ledgers, compared with the catalog first.
absl::StatusOr<LedgerPackReader> OpenLedgerPack(const FrozenFile& file,
                                                const Pins& pins,
                                                ChunkId chunk);

}  // namespace permafrost::engine
