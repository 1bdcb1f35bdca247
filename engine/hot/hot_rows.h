// The rows of a hot chunk: three for each ledger, written in one synced batch.
//
//   'L' <sequence, 4 bytes, big-endian>  the stored ledger (stored_ledger.h)
//   'E' <sequence>                       its stored events (stored_events.h)
//   'X' <sequence>                       its index row (index_row.h)
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/geometry/geometry.h"
#include "engine/hot/hot_index.h"
#include "engine/hot/hot_store.h"
#include "engine/ledger/stored_events.h"
#include "engine/ledger/stored_ledger.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::engine {

// Everything about a ledger that can fail before its batch exists.
struct PreparedLedger {
  IndexRow index;
  vfs::RocksBatch rows;
};
absl::StatusOr<PreparedLedger> PrepareLedger(const LedgerView& ledger,
                                             LedgerCompressor& compressor,
                                             RecordCompressor& event_compressor);

// The index of what a chunk's database holds. Every tripwire fails the open: index rows are of
// consecutive ledgers from the chunk's first, the last ledger has all three rows, and no row is of
// another chunk or a later ledger. The other ledgers and events are looked for when they are read.
//
// Memory: as of HotIndex, and 256 index rows
// Errors: kDataLoss  names the chunk and the ledger
absl::StatusOr<std::unique_ptr<HotIndex>> WarmUp(const vfs::RocksDb& db,
                                                 const Geometry& geometry,
                                                 ChunkId chunk);

// Single rows. Errors: kDataLoss  the row is missing or damaged: names the database and the ledger
absl::StatusOr<std::string> ReadStoredLedger(const vfs::RocksDb& db, LedgerSeq sequence);
absl::StatusOr<StoredEvents> ReadStoredEvents(const vfs::RocksDb& db, LedgerSeq sequence);
absl::StatusOr<IndexRow> ReadIndexRow(const vfs::RocksDb& db, LedgerSeq sequence);

// A hot chunk that has every ledger of its chunk: the only one that may be frozen.
class CompleteHotChunk {
 public:
  // Errors: kNotFound  the chunk lacks ledgers
  static absl::StatusOr<CompleteHotChunk> Check(HotHandle db,
                                                const HotIndex& index,
                                                const Geometry& geometry,
                                                ChunkId chunk);

  const vfs::RocksDb& db() const { return *db_; }
  LedgerSeq first() const { return first_; }
  LedgerSeq last() const { return last_; }

 private:
  CompleteHotChunk(HotHandle db, LedgerSeq first, LedgerSeq last)
      : db_(std::move(db)), first_(first), last_(last) {}

  HotHandle db_;
  LedgerSeq first_;
  LedgerSeq last_;
};

}  // namespace permafrost::engine
