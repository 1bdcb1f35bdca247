// What events are looked up by: 16 bytes for a contract, and for a topic at its position.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <absl/functional/function_ref.h>

#include "engine/ledger/ledger_view.h"

namespace permafrost::engine {

// XXH3-128 of the field's byte and the value, low half first, each half little-endian; compared as
// bytes. Field 0 is the contract, 1 to 4 are the first four topics (their XDR).
using EventTerm = std::array<std::uint8_t, 16>;

inline constexpr std::size_t kIndexedTopicsMax = 4;

EventTerm ContractTerm(std::string_view contract);
// Requires position < kIndexedTopicsMax.
EventTerm TopicTerm(std::size_t position, std::string_view topic);

// Each term of an event once, in the order of the fields.
void ForEachTerm(const LedgerView& ledger,
                 const EventView& event,
                 absl::FunctionRef<void(const EventTerm&)> visit);

}  // namespace permafrost::engine
