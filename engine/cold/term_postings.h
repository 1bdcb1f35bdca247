// The events of each term: collected as ledgers come, handed on in the order of the terms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/btree_map.h>
#include <absl/functional/function_ref.h>
#include <absl/status/status.h>

#include "engine/ledger/event_term.h"

namespace permafrost::engine {

// Ids, strictly ascending, as varints: the first, then what each is above the one before.
void AppendIds(std::string& out, std::span<const std::uint32_t> ids);
// Nothing if these are not ids, at least one, that end with the bytes.
std::optional<std::vector<std::uint32_t>> ParseIds(std::string_view bytes);

// One of `count` parts of all terms, cut by their bytes: those of part 0 are below those of part 1.
struct TermShare {
  std::uint32_t index = 0;
  std::uint32_t count = 1;  // 1 to 65,536
};

// Memory:   about 80 bytes a term and 1 to 2 bytes an event of it, of its share of the terms; who
//           has less collects share after share, reading the events again for each
// Threads:  one thread at a time
class TermPostings {
 public:
  using VisitTerm =
      absl::FunctionRef<absl::Status(const EventTerm& term, std::span<const std::uint32_t> ids)>;

  explicit TermPostings(const TermShare& share = {});

  // Ids of a term ascend; one that is there already changes nothing. Terms of other shares are
  // passed over.
  void Add(const EventTerm& term, std::uint32_t event);
  // The events of a ledger, of which the first has this id.
  void AddLedger(const LedgerView& ledger, std::uint32_t first_event);

  // Terms ascending, ids ascending; ends with the first error. The ids are valid within the call.
  absl::Status ForEach(VisitTerm visit) const;

  std::size_t term_count() const { return terms_.size(); }

 private:
  struct Postings {
    std::uint32_t last = 0;
    std::string ids;  // as AppendIds
  };

  const TermShare share_;
  absl::btree_map<EventTerm, Postings> terms_;
};

}  // namespace permafrost::engine
