// The catalog: the one durable record of every file and directory, its operations and their
// preconditions.
//
// Every write is one atomic batch, synced before it returns, under the step label of the protocol
// step it is. Writes come one after another, so that nothing changes between the check and the
// write; who works on a key for longer than one write claims it (KeyClaims).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/catalog/epochs.h"
#include "engine/catalog/key_claims.h"
#include "engine/catalog/pins.h"
#include "engine/catalog/view.h"
#include "engine/layout/layout.h"
#include "vfs/base/mutex.h"
#include "vfs/env.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::engine {

// The frozen coverage of a window and what its value records.
struct FrozenIndex {
  Coverage coverage;
  FileDigest file;
};

// Artifacts and coverages that are changed together, in one batch.
struct ArtifactRefs {
  std::vector<ChunkArtifact> artifacts = {};
  std::vector<Coverage> coverages = {};
  bool empty() const { return artifacts.empty() && coverages.empty(); }
  friend bool operator==(const ArtifactRefs&, const ArtifactRefs&) = default;
};

// The catalog at one moment, and a promise: what it names as frozen or ready is not destroyed while
// this lives. Must not outlive its catalog.
//
// Threads: a plain value that is read; any thread.
class CatalogSnapshot {
 public:
  const vfs::RocksSnapshot* rows() const { return rows_.get(); }
  // Snapshots of the same version show the same catalog. Nothing: a write was under way.
  std::optional<std::uint64_t> version() const { return version_; }

 private:
  friend class Catalog;
  CatalogSnapshot(Epochs::Pin pin,
                  std::unique_ptr<vfs::RocksSnapshot> rows,
                  std::optional<std::uint64_t> version)
      : pin_(std::move(pin)), rows_(std::move(rows)), version_(version) {}

  Epochs::Pin pin_;
  std::unique_ptr<vfs::RocksSnapshot> rows_;
  std::optional<std::uint64_t> version_;
};

// After a write returned an error nobody knows what is durable, so the catalog is poisoned: every
// later call returns that error, and only a reopen (full recovery) decides. (The error may be of a
// commit that took place.) Reads of a snapshot go on: what it shows was committed.
//
// Threads: any thread; Close and destruction exclude every other call.
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
  bool is_poisoned() const { return !Poison().ok(); }
  KeyClaims& claims() { return claims_; }

  // ---- Reads. Each sees one moment: that of `at`, or now if it is null.

  CatalogSnapshot Snapshot() const;

  // Everything.
  //
  // Errors: kDataLoss  a malformed key or value (named), or two frozen coverages of one window
  absl::StatusOr<CatalogView> View(const CatalogSnapshot* at = nullptr) const;
  absl::StatusOr<std::optional<ArtifactRecord>> Find(const ChunkArtifact& artifact,
                                                     const CatalogSnapshot* at = nullptr) const;
  absl::StatusOr<std::optional<ArtifactRecord>> Find(const Coverage& coverage,
                                                     const CatalogSnapshot* at = nullptr) const;
  absl::StatusOr<std::optional<HotState>> Find(HotChunkKey hot,
                                               const CatalogSnapshot* at = nullptr) const;
  // Every coverage key of a window.
  absl::StatusOr<std::map<Coverage, ArtifactRecord>> FindCoverages(
      WindowId window, const CatalogSnapshot* at = nullptr) const;
  // Errors: kDataLoss  two are frozen
  absl::StatusOr<std::optional<FrozenIndex>> FindFrozenIndex(
      WindowId window, const CatalogSnapshot* at = nullptr) const;

  // Whether a snapshot lives that may name this key, demoted since, as frozen or ready: what it
  // names must stay.
  bool IsStillRead(const ChunkArtifact& artifact) const;
  bool IsStillRead(const Coverage& coverage) const;
  bool IsStillRead(HotChunkKey hot) const;

  // `forget` is called with each key that was demoted once no snapshot lives that may name it as
  // frozen or ready, before IsStillRead says so: what is kept open for such snapshots can go, and
  // must, as its files may be destroyed or made anew next. It must not call the catalog. Set before
  // the catalog is shared.
  void OnUnread(std::function<void(const std::string& key)> forget) { forget_ = std::move(forget); }

  // ---- Writes. Durable: yes, when they return OK.

  // repair.taint, one batch: those that are frozen -> freezing, and what they had recorded stays in
  // their values until they are frozen again; others stay as they are.
  absl::Status Taint(const ArtifactRefs& refs);

  // freeze.mark (F1): every kind -> freezing. What is tainted stays so.
  //
  // Errors: kFailedPrecondition  a kind is frozen; nothing was written
  //         kAborted             a kind is still read; nothing was written
  absl::Status MarkChunkFreezing(ChunkId chunk, std::span<const ArtifactKind> kinds);

  // freeze.flip (F6): every artifact -> frozen with its digests. The caller has done the barriers.
  //
  // Errors: kFailedPrecondition  an artifact is not freezing; nothing was written
  //         kDataLoss            tainted ledgers do not come back as they were recorded; nothing
  //                              was written
  absl::Status FlipChunkFrozen(std::span<const std::pair<ChunkArtifact, ArtifactRecord>> artifacts);

  // index.mark (N1).
  //
  // Errors: kFailedPrecondition  the coverage is frozen
  //         kAborted             it is still read
  absl::Status MarkIndexFreezing(const Coverage& coverage);

  // index.commit (N5), one batch: the coverage -> frozen; the window's other frozen coverage,
  // re-read here, -> pruning; if the coverage is terminal, every frozen txhash key of its chunks
  // -> pruning.
  //
  // Errors: kFailedPrecondition  the coverage is not freezing
  absl::Status CommitIndex(const Coverage& coverage, const FileDigest& file);

  // delete.demote (K1), one batch: those that are frozen -> pruning; others stay as they are.
  absl::Status Demote(const ArtifactRefs& refs);

  // delete.key (K4), one batch. The caller has made the unlinks durable.
  //
  // Errors: kFailedPrecondition  a key is frozen
  absl::Status DeleteKeys(const ArtifactRefs& refs);

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
  absl::StatusOr<CatalogRows> Rows(std::string_view prefix, const CatalogSnapshot* at) const;
  absl::StatusOr<std::optional<std::string>> Value(std::string_view key,
                                                   const CatalogSnapshot* at) const;
  absl::Status Poison() const;
  bool IsStillRead(const std::string& key) const;
  absl::Status Write(const vfs::RocksBatch& batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mu_);
  // Write, and from then on the keys of `demoted` are read only by those who read already.
  absl::Status WriteDemotion(const vfs::RocksBatch& batch, const std::vector<std::string>& demoted)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(write_mu_);

  const Layout layout_;
  std::unique_ptr<vfs::RocksDb> db_;
  Pins pins_;
  KeyClaims claims_;
  std::function<void(const std::string& key)> forget_;
  mutable Epochs epochs_;
  vfs::Mutex write_mu_;  // held over check and write
  // Writes, which come one after another. A snapshot that was taken while both were n shows exactly
  // the first n.
  std::atomic<std::uint64_t> writes_begun_ = 0;
  std::atomic<std::uint64_t> writes_ended_ = 0;
  mutable vfs::Mutex mu_;  // what follows; never held over a call of the database
  absl::Status poison_ ABSL_GUARDED_BY(mu_);
  // By key: the epoch that ended with its demotion; nothing while the demotion is being written.
  // Forgotten once that epoch is drained.
  mutable std::map<std::string, std::optional<std::uint64_t>> demoted_ ABSL_GUARDED_BY(mu_);
};

}  // namespace permafrost::engine
