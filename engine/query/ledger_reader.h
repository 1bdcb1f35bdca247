// Answers from a store of ledgers, all as of one view: a ledger, a transaction, events.
//
// The reader's contract (the reference's section 16): only ready hot chunks and frozen artifacts,
// nothing below the floor or above the latest ledger, cold before hot, and "not there" only if
// every place where it could be was searched.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/query/chunk_events.h"
#include "engine/query/event_query.h"
#include "engine/store/ledger_store.h"

namespace permafrost::engine {

struct FoundLedger {
  Home home = Home::kCold;
  std::string bytes;  // as they were ingested
};

struct FoundTransaction {
  LedgerSeq ledger;
  std::uint32_t apply_index = 0;  // from 1
  TransactionView transaction;
  Home home = Home::kCold;  // of its ledger
};

struct EventPage {
  std::vector<std::string> payloads;  // event_payload.h, in the order of the query
  // Where the next page goes on; where this one did if it is empty.
  std::optional<EventCursor> end;
  bool is_done = false;  // nothing follows
};

// Threads: one thread at a time.
class LedgerReader {
 public:
  // `decoder` must outlive the reader, the store both.
  LedgerReader(LedgerStoreView view, const LedgerDecoder& decoder);

  // What can be read: from the first ledger of the floor to the latest; empty: latest < oldest.
  LedgerSeq oldest() const { return oldest_; }
  LedgerSeq latest() const { return latest_; }
  // "ledgers 2 to 9 are there" or "there are none yet".
  std::string Extent() const;

  // Errors: kNotFound     outside what can be read: names Extent()
  //         kUnavailable  it has no home now
  //         kDataLoss     damaged: names the file
  absl::StatusOr<FoundLedger> Ledger(LedgerSeq sequence) const;

  // A transaction by its hash or, of a fee bump, its inner hash; nothing if no ledger that can be
  // read has it.
  //
  // Errors: kUnavailable  it was not found, and a place could not be searched: names the first
  //         kDataLoss     as Ledger
  absl::StatusOr<std::optional<FoundTransaction>> Transaction(const Hash& hash) const;

  // The next events that match, in cursor order or against it.
  //
  // Errors: kInvalidArgument  the range is inverted; no limit or too large a one; too many filters
  //         kOutOfRange       the query begins outside what can be read: names both
  absl::StatusOr<EventPage> Events(const EventQuery& query) const;

 private:
  // With everything up to `last`, a ledger of the chunk.
  absl::StatusOr<std::unique_ptr<ChunkEvents>> OpenEvents(ChunkId chunk, LedgerSeq last) const;
  // Ledgers of the window's frozen index that may have the transaction; none without an index.
  absl::StatusOr<std::vector<LedgerSeq>> CandidatesOf(WindowId window, const Hash& hash) const;
  // Whether a hash that was not found has no place left: each chunk that can be read is under an
  // index of its window, or hot with all of its ledgers that can be read.
  //
  // Errors: kUnavailable  names the first chunk that is neither
  absl::Status CheckAllSearched() const;
  absl::StatusOr<std::optional<FoundTransaction>> TransactionOf(LedgerSeq ledger,
                                                                const Hash& hash) const;
  absl::Status AddEvents(
      ChunkId chunk, const EventQuery& query, LedgerSeq from, LedgerSeq to, EventPage& page) const;
  bool IsReadable(LedgerSeq ledger) const { return oldest_ <= ledger && ledger <= latest_; }

  const LedgerStoreView view_;
  const LedgerDecoder& decoder_;
  const Geometry& geometry_;
  const LedgerSeq oldest_;
  const LedgerSeq latest_;
};

}  // namespace permafrost::engine
