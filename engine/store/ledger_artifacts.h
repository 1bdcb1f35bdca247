// What the chunks of a store of ledgers are frozen from.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "engine/freeze/source.h"
#include "engine/ledger/ledger_source.h"
#include "engine/store/chunk_input.h"
#include "engine/store/ledger_store.h"
#include "vfs/base/mutex.h"

namespace permafrost::engine {

struct EventsPass;

// A chunk's ledgers come, in this order, from its complete hot database (whose rows are copied, not
// decoded again), from its frozen pack, or from a bulk source.
//
// Memory: of a chunk being frozen, 36 bytes a transaction hash, and its postings
// Threads: any thread
class LedgerArtifacts final : public ArtifactSource {
 public:
  // `store` and `bulk` must outlive this; `bulk` null: none. Once it is asked to stop, writers end
  // with kAborted at the next ledger.
  LedgerArtifacts(LedgerStore* store, LedgerSource* bulk, ShouldStop should_stop = {})
      : store_(*store), bulk_(bulk), should_stop_(std::move(should_stop)) {}

  // Of the bulk source none that lies below a hole: what is committed has no gap (invariant 26).
  std::vector<ChunkId> CompleteChunks() override;
  absl::StatusOr<ArtifactWriter> ChunkWriter(const ChunkArtifact& artifact,
                                             std::size_t file) override;
  // A chunk that is nowhere in the store yet comes behind the one before it only: what is committed
  // has no gap (invariant 26).
  absl::Status CheckTurn(ChunkId chunk) override;
  absl::StatusOr<ArtifactWriter> IndexWriter(const Coverage& coverage,
                                             HashRunFinder inputs) override;

 private:
  LedgerStore& store_;
  LedgerSource* const bulk_;
  const ShouldStop should_stop_;
  vfs::Mutex mu_;
  // Of the events whose writers are being asked for, one file after another.
  std::map<ChunkId, std::shared_ptr<EventsPass>> events_ ABSL_GUARDED_BY(mu_);
};

}  // namespace permafrost::engine
