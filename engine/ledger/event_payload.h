// One stored event: the same bytes in the hot tier and in a cold pack.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/ledger/ledger_view.h"

namespace permafrost::engine {

// Spans borrow from the stored bytes.
struct EventPayload {
  LedgerSeq ledger;
  EventPosition position;
  std::int64_t close_time = 0;
  Hash transaction = {};           // its hash
  std::string_view contract = {};  // 32 bytes, or none
  std::vector<std::string_view> topics = {};
  std::string_view xdr = {};
};

// Shape:     engine/FORMATS.md "Event payload"
// Requires:  contract (32 bytes or none) and topics lie inside event.xdr; apply_index names a
//            transaction of the ledger
void AppendEventPayload(std::string& out, const LedgerView& ledger, const EventView& event);

// Errors: kDataLoss  not a payload: names what is wrong, not where it was read from
absl::StatusOr<EventPayload> ParseEventPayload(std::string_view bytes);

}  // namespace permafrost::engine
