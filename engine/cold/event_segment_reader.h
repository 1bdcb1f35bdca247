// Reads the events of a frozen chunk: by id, by ledger, by term.
#pragma once

#include <cstdint>
#include <roaring/roaring.hh>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/cold/pack_reader.h"
#include "engine/cold/term_directory.h"
#include "engine/geometry/ids.h"
#include "engine/ledger/event_term.h"

namespace permafrost::engine {

// Memory:   4 bytes a ledger; 12 bytes a record of up to 128 events; 8 bytes a bitmap; 16 bytes for
//           each 4 KiB of the directory
// Threads:  any thread
// Errors:   of each call kDataLoss for damage: names file, unit, offset and finding
class EventSegmentReader {
 public:
  struct Paths {
    std::string events;     // -events.pack
    std::string bitmaps;    // -index.pack
    std::string directory;  // -index.hash
  };
  static absl::StatusOr<EventSegmentReader> Open(vfs::FileSystem& fs,
                                                 const Paths& paths,
                                                 const ColdFileId& id);

  LedgerSeq first_ledger() const { return first_; }
  std::uint32_t ledger_count() const { return static_cast<std::uint32_t>(ends_.size()); }
  std::uint32_t event_count() const { return events_.item_count(); }

  // Ids begin to end - 1.
  struct IdRange {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    friend bool operator==(const IdRange&, const IdRange&) = default;
  };
  // Requires that the ledger is one of this segment.
  IdRange IdsOf(LedgerSeq ledger) const;
  // Requires id < event_count().
  LedgerSeq LedgerOf(std::uint32_t id) const;

  // The events that have this term, as far as 16 bytes tell: whoever asks for a contract or a topic
  // compares it with the payload's. One read of 4 KiB; of a term with many events one more.
  absl::StatusOr<Roaring> IdsOf(const EventTerm& term) const;

  // A payload, for ledger/event_payload.h to parse. Requires id < event_count().
  absl::StatusOr<std::string> Payload(std::uint32_t id) const { return events_.Item(id); }
  // Some payloads, ids strictly ascending; each record of neighbours is read and decoded
  // once.
  absl::Status Payloads(std::span<const std::uint32_t> ids, PackReader::VisitItem visit) const {
    return events_.Items(ids, visit);
  }
  absl::Status Payloads(const IdRange& ids, PackReader::VisitItem visit) const {
    return events_.Items(ids.begin, ids.end - ids.begin, visit);
  }

  // Reads every unit of the three files.
  absl::Status Verify() const;

 private:
  EventSegmentReader(PackReader events, PackReader bitmaps, TermDirectoryReader directory)
      : events_(std::move(events)),
        bitmaps_(std::move(bitmaps)),
        directory_(std::move(directory)) {}

  absl::Status Load();

  PackReader events_;
  PackReader bitmaps_;
  TermDirectoryReader directory_;
  LedgerSeq first_;
  std::vector<std::uint32_t> ends_;  // of each ledger the id behind its last event
};

}  // namespace permafrost::engine
