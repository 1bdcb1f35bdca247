// The three files of a chunk's events: payloads, bitmaps of the terms that many events have, and
// the directory of all terms. Each is written on its own; a chunk without events has all three.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "engine/cold/pack_writer.h"
#include "engine/cold/term_directory.h"
#include "engine/ledger/event_term.h"
#include "engine/ledger/ledger_view.h"
#include "engine/ledger/stored_events.h"

namespace permafrost::engine {

// -events.pack. The id of an event is how many were added before it. After an error every call
// repeats it.
//
// Shape:    engine/FORMATS.md "Event segment"
// Memory:   128 payloads twice, 1 MiB that waits to be written, 4 bytes a ledger and 8 bytes for
//           each 128 events
// Durable:  never
// Threads:  one thread at a time
class EventPackWriter {
 public:
  // `file` is empty and must outlive this.
  EventPackWriter(vfs::File* file, const ColdFileId& id, LedgerSeq first);

  // The next event of the ledger that FinishLedger names next, as ledger/event_payload.h makes it.
  absl::Status Add(std::string_view payload);
  // Also of ledgers without events.
  //
  // Errors: kInvalidArgument  not the next ledger
  absl::Status FinishLedger(LedgerSeq sequence);

  // All events of a ledger, and its end: records of 32 and more are copied as they are, the events
  // of smaller ones gathered into larger ones.
  //
  // Errors: kDataLoss  a small record is damaged
  absl::Status AddLedger(LedgerSeq sequence, const StoredEvents& events);
  absl::Status AddLedger(const LedgerView& ledger);

  // Errors: kInvalidArgument  the ledger of the last events was not finished
  absl::Status Finish();

  std::uint32_t event_count() const { return pack_.item_count(); }

 private:
  absl::Status AddRecord(const StoredEvents& events, std::size_t record);

  PackWriter pack_;
  RecordCompressor compressor_;
  RecordDecompressor decompressor_;
  const LedgerSeq first_;
  std::vector<std::uint32_t> counts_;  // events of each ledger
  std::uint32_t finished_ = 0;         // events of all of them
  absl::Status failure_;
};

// -index.pack. Takes every term and keeps those that need a bitmap: the same terms as
// TermDirectoryWriter gets, in the same order.
//
// Memory:   the bitmap and the ids of one term, 1 MiB that waits to be written, 4 bytes a bitmap
// Durable:  never
// Threads:  one thread at a time
class TermBitmapWriter {
 public:
  // `file` is empty and must outlive this.
  TermBitmapWriter(vfs::File* file, const ColdFileId& id);

  // Terms ascending, each with its ids, ascending, at least one.
  absl::Status Add(const EventTerm& term, std::span<const std::uint32_t> ids);
  absl::Status Finish() { return pack_.Finish({}); }

 private:
  PackWriter pack_;
};

}  // namespace permafrost::engine
