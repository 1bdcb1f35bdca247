// Transactions sorted by hash: what hash runs deliver and a window's index is built from.
#pragma once

#include <compare>
#include <cstddef>
#include <span>

#include <absl/status/statusor.h>

#include "engine/geometry/ids.h"
#include "engine/ledger/ledger_view.h"

namespace permafrost::engine {

struct IndexEntry {
  Hash hash = {};
  LedgerSeq ledger;
  friend constexpr auto operator<=>(const IndexEntry&, const IndexEntry&) = default;
};
static_assert(sizeof(IndexEntry) == 36);

// A stream of entries, ascending by hash, then by ledger.
//
// Threads: one thread at a time.
class SortedEntries {
 public:
  SortedEntries() = default;
  virtual ~SortedEntries() = default;
  SortedEntries(const SortedEntries&) = delete;
  SortedEntries& operator=(const SortedEntries&) = delete;

  // Fills `out`, which is not empty, from its front with the next entries and returns how many; 0
  // only at the end. After an error the stream is of no further use.
  virtual absl::StatusOr<std::size_t> Next(std::span<IndexEntry> out) = 0;
};

}  // namespace permafrost::engine
