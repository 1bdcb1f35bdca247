// What is asked of events, and the cursor that goes on with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/ledger/event_payload.h"

namespace permafrost::engine {

// An event matches if everything that is given matches: the contract, and each topic at its
// position. What is not given matches anything, missing positions at the end too.
struct EventFilter {
  std::optional<Hash> contract = {};
  std::vector<std::optional<std::string>> topics = {};  // XDR

  bool Matches(const EventPayload& event) const;
  friend bool operator==(const EventFilter&, const EventFilter&) = default;
};

// Where a page ended: the next one begins behind it in the direction of the query.
struct EventCursor {
  LedgerSeq ledger;
  EventPosition position;
  friend bool operator==(const EventCursor&, const EventCursor&) = default;
};

inline constexpr std::size_t kEventFiltersMax = 256;
inline constexpr std::size_t kEventLimitMax = 10'000;

struct EventQuery {
  LedgerSeq from;
  LedgerSeq to;
  std::vector<EventFilter> filters = {};  // any of them; none: every event
  std::size_t limit = 100;
  bool is_descending = false;
  std::optional<EventCursor> after = {};
};

// A cursor as text: "pec1_" and base64url. It names no tier and no file and never expires, and
// holds what it was made for.
//
// Shape: big-endian: flags u8 (bit 0: descending), ledger, transaction, operation, event u32 each,
//        CRC32C of all that and of what the query asks for
std::string CursorText(const EventQuery& query, const EventCursor& cursor);
// Errors: kInvalidArgument  not a cursor, or one of another query
absl::StatusOr<EventCursor> ParseCursor(const EventQuery& query, std::string_view text);

}  // namespace permafrost::engine
