// What the chunks of a store of ledgers are frozen from.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include <absl/base/thread_annotations.h>

#include "engine/freeze/source.h"
#include "engine/ledger/ledger_source.h"
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
  // All must outlive this; `bulk` null: none. Once `is_stopping` is set, writers end with
  // kCancelled at the next ledger; null: never.
  LedgerArtifacts(LedgerStore* store,
                  LedgerSource* bulk,
                  const std::atomic<bool>* is_stopping = nullptr)
      : store_(*store), bulk_(bulk), is_stopping_(is_stopping) {}

  std::vector<ChunkId> CompleteChunks() override;
  absl::StatusOr<ArtifactWriter> ChunkWriter(const ChunkArtifact& artifact,
                                             std::size_t file) override;
  absl::StatusOr<ArtifactWriter> IndexWriter(const Coverage& coverage,
                                             HashRunFinder inputs) override;

 private:
  LedgerStore& store_;
  LedgerSource* const bulk_;
  const std::atomic<bool>* const is_stopping_;
  vfs::Mutex mu_;
  // Of the events whose writers are being asked for, one file after another.
  std::map<ChunkId, std::shared_ptr<EventsPass>> events_ ABSL_GUARDED_BY(mu_);
};

}  // namespace permafrost::engine
