// The index of one hot chunk, in memory: which ledger has a hash, which events have a term.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/container/btree_map.h>
#include <absl/status/status.h>

#include "engine/hot/index_row.h"
#include "vfs/base/mutex.h"

namespace permafrost::engine {

// Events of a chunk are numbered from 0 in the order of ledgers and cursors: event ids.
struct EventRange {
  std::uint32_t first = 0;
  std::uint32_t end = 0;
};

// Written in place, copied on read: what a ledger costs does not grow with the chunk. About 24
// bytes a hash and 16 + 24 bytes a term and 4 bytes a posting.
//
// Threads: any thread; one of them adds.
class HotIndex {
 public:
  explicit HotIndex(LedgerSeq first) : first_(first) {}

  // The next ledger.
  //
  // Errors: kFailedPrecondition  another one
  //         kOutOfRange          more events than a chunk can number
  absl::Status Add(const IndexRow& row);

  // The last ledger that was added; nothing in an empty chunk.
  std::optional<LedgerSeq> last() const;
  // Of the last ledger, which the next one must name as its previous.
  std::optional<Hash> last_hash() const;

  // Ledgers that may have this transaction: every one that has, seldom another.
  std::vector<LedgerSeq> Candidates(const Hash& transaction) const;

  // The events that have a term, from `range.first` to below `range.end`, ascending.
  std::vector<std::uint32_t> EventsOf(const EventTerm& term, const EventRange& range) const;
  // Of one ledger. Requires that it was added.
  EventRange EventsOf(LedgerSeq ledger) const;
  // The ledger of an event. Requires that it was added.
  LedgerSeq LedgerOf(std::uint32_t event) const;

 private:
  static std::uint64_t PrefixOf(const Hash& hash);

  const LedgerSeq first_;
  mutable vfs::Mutex mu_;
  // By the first eight bytes of the hash; one of several ledgers, the others beside it.
  absl::btree_multimap<std::uint64_t, LedgerSeq> ledgers_ ABSL_GUARDED_BY(mu_);
  absl::btree_map<EventTerm, std::vector<std::uint32_t>> events_ ABSL_GUARDED_BY(mu_);
  std::vector<std::uint32_t> ends_ ABSL_GUARDED_BY(mu_);  // of each ledger: the next one's first id
  std::optional<Hash> last_hash_ ABSL_GUARDED_BY(mu_);
};

}  // namespace permafrost::engine
