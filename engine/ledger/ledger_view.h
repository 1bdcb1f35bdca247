// What the engine knows of a ledger, whatever format its bytes have.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/geometry/ids.h"

namespace permafrost::engine {

// 32 bytes: of a ledger, a transaction or a contract.
using Hash = std::array<std::uint8_t, 32>;

struct TransactionView {
  Hash hash = {};
  std::optional<Hash> inner_hash = {};  // of a fee bump, which is found under both
  bool is_successful = false;
};

// Where an event stands in its ledger; the order is that of cursors.
struct EventPosition {
  // The transaction's place in apply order, from 1; 0 and kAfterAllTransactions: the events that
  // precede and follow all transactions.
  std::uint32_t transaction = 0;
  std::uint32_t operation = 0;  // from 0; kAfterOperations: behind those of the transaction
  std::uint32_t event = 0;      // within the two
  friend constexpr auto operator<=>(const EventPosition&, const EventPosition&) = default;
};
inline constexpr std::uint32_t kAfterAllTransactions = 1'048'575;
inline constexpr std::uint32_t kAfterOperations = 4'095;

struct EventView {
  EventPosition position;
  std::uint32_t apply_index = 0;   // of the transaction that emitted it, from 1
  std::string_view contract = {};  // 32 bytes, or none
  std::string_view xdr = {};       // the whole contract event, as it stands in the ledger
  std::uint32_t first_topic = 0;   // in LedgerView::topics
  std::uint32_t topic_count = 0;
};

// Why the transactions of a ledger are not known although its frame and header are.
struct Undecoded {
  std::string reason;  // names the type, the value and the offset
};

// Spans borrow from the bytes that were decoded.
struct LedgerView {
  LedgerSeq sequence;
  std::int64_t close_time = 0;  // Unix seconds
  std::uint32_t protocol = 0;
  Hash hash = {};
  Hash previous_hash = {};
  std::string_view bytes = {};
  std::vector<TransactionView> transactions = {};  // in apply order
  std::vector<EventView> events = {};              // in cursor order
  std::vector<std::string_view> topics = {};       // of all events
  // Set: stored raw, without transactions and events, until a later decoder understands it.
  std::optional<Undecoded> undecoded = {};

  std::span<const std::string_view> TopicsOf(const EventView& event) const {
    return std::span(topics).subspan(event.first_topic, event.topic_count);
  }
};

}  // namespace permafrost::engine
