// Whose cold files they are: from pins and keys to what stands in the files.
#pragma once

#include <vector>

#include <absl/status/statusor.h>

#include "engine/catalog/pins.h"
#include "engine/catalog/read_file.h"
#include "engine/cold/cold_format.h"
#include "engine/cold/event_segment_reader.h"
#include "engine/cold/ledger_pack.h"
#include "engine/cold/window_index_format.h"
#include "engine/layout/keys.h"

namespace permafrost::engine {

ColdFileId ColdFileIdOf(const Pins& pins, ChunkId chunk);
IndexIdentity IndexIdentityOf(const Pins& pins, const Coverage& coverage);

// Frozen files of a chunk: as long as the catalog says, and of the chunk's ledgers, all of them.
//
// Errors: kDataLoss  names the file
absl::StatusOr<LedgerPackReader> OpenLedgerPack(const FrozenFile& file,
                                                const Pins& pins,
                                                ChunkId chunk);
absl::StatusOr<EventSegmentReader> OpenEventSegment(const std::vector<FrozenFile>& files,
                                                    const Pins& pins,
                                                    ChunkId chunk);

}  // namespace permafrost::engine
