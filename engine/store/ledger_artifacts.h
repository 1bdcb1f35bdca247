// What the chunks of a store of ledgers are frozen from.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "engine/freeze/source.h"
#include "engine/ledger/ledger_source.h"
#include "engine/store/ledger_store.h"

namespace permafrost::engine {

// A chunk's ledgers come, in this order, from its complete hot database (whose rows are copied, not
// decoded again), from its frozen pack, or from a bulk source.
//
// Memory: of a chunk being frozen, 36 bytes a transaction hash, and its postings
// Threads: any thread
class LedgerArtifacts final : public ArtifactSource {
 public:
  // Both must outlive this; `bulk` null: none.
  LedgerArtifacts(LedgerStore* store, LedgerSource* bulk) : store_(*store), bulk_(bulk) {}

  std::vector<ChunkId> CompleteChunks() override;
  absl::StatusOr<ArtifactWriter> ChunkWriter(const ChunkArtifact& artifact,
                                             std::size_t file) override;
  absl::StatusOr<ArtifactWriter> IndexWriter(const Coverage& coverage,
                                             HashRunFinder inputs) override;

 private:
  LedgerStore& store_;
  LedgerSource* const bulk_;
};

}  // namespace permafrost::engine
