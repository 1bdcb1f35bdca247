// The ledgers of one chunk as its cold files need them, wherever they come from.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/hot/hot_rows.h"
#include "engine/ledger/ledger_source.h"
#include "engine/store/ledger_store.h"

namespace permafrost::engine {

// Whether the operator asked to stop; empty: never. Called by every thread that freezes.
using ShouldStop = std::function<bool()>;

// kAborted, which the lifecycle takes for deferred, once it is asked to stop.
absl::Status CheckGoesOn(const ShouldStop& should_stop);

// Each pass sees every ledger of the chunk once, in order, and ends with the first error.
//
// Memory: one ledger
// Threads: one thread at a time
class ChunkInput {
 public:
  // Once it is asked to stop, a pass ends with kAborted before the next ledger.
  explicit ChunkInput(const ShouldStop& should_stop) : should_stop_(should_stop) {}
  virtual ~ChunkInput() = default;
  ChunkInput(const ChunkInput&) = delete;
  ChunkInput& operator=(const ChunkInput&) = delete;

  using VisitStored = absl::FunctionRef<absl::Status(LedgerSeq sequence, std::string_view stored)>;
  using VisitRow = absl::FunctionRef<absl::Status(const IndexRow& row)>;
  using VisitEvents =
      absl::FunctionRef<absl::Status(const IndexRow& row, const StoredEvents& events)>;
  virtual absl::Status ForEachStored(VisitStored visit) = 0;
  virtual absl::Status ForEachIndexRow(VisitRow visit) = 0;
  virtual absl::Status ForEachEvents(VisitEvents visit) = 0;

 protected:
  absl::Status CheckGoesOn() const { return engine::CheckGoesOn(should_stop_); }

 private:
  const ShouldStop& should_stop_;
};

// Of the chunk's complete hot database, whose rows are copied; else of its frozen pack, unless that
// is what shall be written; else of the bulk source, if there is one. What is decoded is checked as
// an ingested ledger is: its sequence, and that it follows the one before.
//
// `store`, `bulk` and `should_stop` must outlive it.
//
// Errors: kNotFound  nowhere whole
absl::StatusOr<std::unique_ptr<ChunkInput>> OpenChunkInput(LedgerStore& store,
                                                           LedgerSource* bulk,
                                                           const ChunkArtifact& artifact,
                                                           const ShouldStop& should_stop);

}  // namespace permafrost::engine
