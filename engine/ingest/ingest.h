// Brings a source's ledgers into a store: whole chunks straight to cold files where the source can
// deliver any ledger, the rest one by one through the hot tier; frozen, indexed and pruned on the
// way.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/ledger/ledger_source.h"
#include "engine/store/chunk_input.h"
#include "engine/store/ledger_store.h"

namespace permafrost::engine {

struct IngestReport {
  std::uint64_t appended = 0;     // ledgers that went through the hot tier
  std::optional<LedgerSeq> last;  // the last that is committed
  LifecycleReport lifecycle;      // of all runs together
  bool is_stopped = false;        // asked to stop before the source ended
};

struct IngestHooks {
  // Asked between two ledgers, those of a backfill included; by one thread at a time.
  ShouldStop should_stop = [] { return false; };
  // After each ledger. Cheap.
  std::function<void(const IngestReport&)> on_progress = [](const IngestReport&) {};
};

// Goes on where the store is, until the source ends; then settles: freezes what is complete,
// prunes. A backfill that is asked to stop drops the chunk at hand and indexes those before it.
//
// Durable: every ledger up to `last`, when it returns
// Errors:  of the source, the store and the lifecycle; what was committed before stays, and a
//          second call goes on behind it
absl::StatusOr<IngestReport> Ingest(LedgerStore& store,
                                    LedgerSource& source,
                                    const IngestHooks& hooks);

// Freezes, indexes, discards and prunes until nothing is left; `bulk` null: from what the store
// holds. Once it is asked to stop, the rest is deferred.
//
// Threads: any thread, beside the one that appends
absl::StatusOr<LifecycleReport> Settle(LedgerStore& store,
                                       LedgerSource* bulk,
                                       ShouldStop should_stop = {});

}  // namespace permafrost::engine
