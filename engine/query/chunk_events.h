// The events of one chunk, hot or cold, behind one interface.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/cold/event_segment_reader.h"
#include "engine/hot/hot_index.h"
#include "engine/hot/hot_rows.h"
#include "engine/ledger/event_term.h"

namespace permafrost::engine {

// Events are known by their ids, which ascend with ledgers and cursors (hot_index.h).
//
// Threads: one thread at a time.
class ChunkEvents {
 public:
  ChunkEvents() = default;
  virtual ~ChunkEvents() = default;
  ChunkEvents(const ChunkEvents&) = delete;
  ChunkEvents& operator=(const ChunkEvents&) = delete;

  // The ids of the events of ledgers first..last. Requires ledgers of the chunk that are there.
  virtual absl::StatusOr<EventRange> RangeOf(LedgerSeq first, LedgerSeq last) = 0;
  // Those of a range that have a term, ascending.
  virtual absl::StatusOr<std::vector<std::uint32_t>> Find(const EventTerm& term,
                                                          const EventRange& range) = 0;
  // Stored events (event_payload.h) of these ids, which ascend.
  using VisitPayload = absl::FunctionRef<absl::Status(std::uint32_t id, std::string_view payload)>;
  virtual absl::Status Payloads(std::span<const std::uint32_t> ids, VisitPayload visit) = 0;
};

std::unique_ptr<ChunkEvents> ColdChunkEvents(std::shared_ptr<const EventSegmentReader> segment);
// `db` and `index` are of the same chunk.
std::unique_ptr<ChunkEvents> HotChunkEvents(HotHandle db, std::shared_ptr<const HotIndex> index);

}  // namespace permafrost::engine
