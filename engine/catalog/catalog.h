// The catalog: the one durable record of every file and directory, its operations and their
// preconditions.
//
// Every write is one atomic batch, synced before it returns, under the step label of the protocol
// step it is. At most one writer touches a key at any time (single-threaded for now), so
// read-check-write needs no lock.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/catalog/pins.h"
#include "engine/catalog/view.h"
#include "engine/layout/layout.h"
#include "vfs/env.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::engine {

// The frozen coverage of a window and what its value records.
struct FrozenIndex {
  Coverage coverage;
  FileDigest file;
};

// What one deletion is about, in one batch.
struct DeletionRefs {
  std::vector<ChunkArtifact> artifacts = {};
  std::vector<Coverage> coverages = {};
  bool empty() const { return artifacts.empty() && coverages.empty(); }
  friend bool operator==(const DeletionRefs&, const DeletionRefs&) = default;
};

// After a write returned an error nobody knows what is durable, so the catalog is poisoned: every
// later call returns that error, and only a reopen (full recovery) decides. (The error may be of a
// commit that took place.)
//
// Threads: one thread at a time.
class Catalog {
 public:
  // Opens the database under the layout's catalog directory, which exists and is durable. A catalog
  // without pins is a first start: draws the store id and writes all pins in one batch (step
  // pins.write).
  //
  // Errors: kFailedPrecondition  a pin differs from `expected`; a catalog without pins over roots
  //                              that hold artifacts
  //         kDataLoss            a key or value is malformed; names it
  static absl::StatusOr<std::unique_ptr<Catalog>> Open(const vfs::Env& env,
                                                       const Layout& layout,
                                                       const ExpectedPins& expected,
                                                       const vfs::RocksOptions& rocks);

  // The rows of the catalog in `directory` without judging or changing them: for commands that look
  // at any store and hold its locks.
  static absl::StatusOr<CatalogRows> ReadRows(const vfs::Env& env,
                                              std::string_view directory,
                                              const vfs::RocksOptions& rocks);

  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  const Pins& pins() const { return pins_; }
  bool is_poisoned() const { return !poison_.ok(); }

  // ---- Reads. Each sees one moment.

  // Everything, from one snapshot.
  //
  // Errors: kDataLoss  a malformed key or value (named), or two frozen coverages of one window
  absl::StatusOr<CatalogView> View() const;
  absl::StatusOr<std::optional<ArtifactRecord>> Find(const ChunkArtifact& artifact) const;
  absl::StatusOr<std::optional<ArtifactRecord>> Find(const Coverage& coverage) const;
  absl::StatusOr<std::optional<HotState>> Find(HotChunkKey hot) const;
  // Every coverage key of a window.
  absl::StatusOr<std::map<Coverage, ArtifactRecord>> FindCoverages(WindowId window) const;
  // Errors: kDataLoss  two are frozen
  absl::StatusOr<std::optional<FrozenIndex>> FindFrozenIndex(WindowId window) const;

  // ---- Writes. Durable: yes, when they return OK.

  // freeze.mark (F1): every kind -> freezing.
  //
  // Errors: kFailedPrecondition  a kind is frozen; nothing was written
  absl::Status MarkChunkFreezing(ChunkId chunk, std::span<const ArtifactKind> kinds);

  // freeze.flip (F6): every artifact -> frozen with its digests. The caller has done the barriers.
  //
  // Errors: kFailedPrecondition  an artifact is not freezing; nothing was written
  absl::Status FlipChunkFrozen(std::span<const std::pair<ChunkArtifact, ArtifactRecord>> artifacts);

  // index.mark (N1). Errors: kFailedPrecondition  the coverage is frozen
  absl::Status MarkIndexFreezing(const Coverage& coverage);

  // index.commit (N5), one batch: the coverage -> frozen; the window's other frozen coverage,
  // re-read here, -> pruning; if the coverage is terminal, every existing txhash key of its chunks
  // -> pruning.
  //
  // Errors: kFailedPrecondition  the coverage is not freezing
  absl::Status CommitIndex(const Coverage& coverage, const FileDigest& file);

  // delete.demote (K1), one batch: those that are frozen -> pruning; others stay as they are.
  absl::Status Demote(const DeletionRefs& refs);

  // delete.key (K4), one batch. The caller has made the unlinks durable.
  //
  // Errors: kFailedPrecondition  a key is frozen
  absl::Status DeleteKeys(const DeletionRefs& refs);

  // hot.mark (H2), hot.ready (H6).
  //
  // Errors: kFailedPrecondition  mark: the chunk is ready; ready: it is not transient
  absl::Status MarkHotTransient(ChunkId chunk);
  absl::Status FlipHotReady(ChunkId chunk);
  // delete.demote of a hot chunk: ready -> transient; anything else stays.
  absl::Status DemoteHot(ChunkId chunk);
  // delete.key of a hot chunk. Errors: kFailedPrecondition  it is ready
  absl::Status DeleteHotKey(ChunkId chunk);

  // The database, for scenarios that pump its background work.
  vfs::RocksDb* db() { return db_.get(); }

  absl::Status Close();

 private:
  Catalog(const Layout& layout, std::unique_ptr<vfs::RocksDb> db);

  absl::Status StartFirst(const vfs::Env& env, const ExpectedPins& expected);
  absl::StatusOr<CatalogRows> Rows(std::string_view prefix) const;
  absl::StatusOr<std::optional<std::string>> Value(std::string_view key) const;
  absl::Status Write(const vfs::RocksBatch& batch);

  const Layout layout_;
  std::unique_ptr<vfs::RocksDb> db_;
  Pins pins_;
  absl::Status poison_;
};

}  // namespace permafrost::engine
