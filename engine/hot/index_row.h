// What the hot tier knows of one ledger without decoding it: one packed row for its hashes and its
// postings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/ledger/event_term.h"
#include "engine/ledger/ledger_view.h"

namespace permafrost::engine {

// A term and the events of the ledger that have it, ascending, counted from 0 within the ledger.
struct Posting {
  EventTerm term = {};
  std::vector<std::uint32_t> events;
  friend bool operator==(const Posting&, const Posting&) = default;
};

struct IndexRow {
  LedgerSeq sequence;
  bool is_undecoded = false;
  std::int64_t close_time = 0;
  std::uint32_t protocol = 0;
  Hash hash = {};
  Hash previous_hash = {};
  std::uint32_t transaction_count = 0;
  std::uint32_t event_count = 0;
  std::vector<Hash> hashes;       // ascending: of its transactions, and the inner ones
  std::vector<Posting> postings;  // by term
  friend bool operator==(const IndexRow&, const IndexRow&) = default;
};

IndexRow IndexRowOf(const LedgerView& ledger);

// Shape: engine/FORMATS.md "Hot index row"
std::string EncodeIndexRow(const IndexRow& row);

// The row that encodes as `bytes`, of this ledger.
//
// Errors: kDataLoss  not such a row: names what is wrong, not where it was read from
absl::StatusOr<IndexRow> ParseIndexRow(LedgerSeq sequence, std::string_view bytes);

}  // namespace permafrost::engine
