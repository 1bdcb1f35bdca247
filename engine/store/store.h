// A store: roots, locks, catalog, hot databases, freezing, the lifecycle and verified reads, behind
// one object.
//
// One thread. Everything that changes the disk goes through the protocols of freeze/, hot/ and
// catalog/deletion.h.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/catalog/catalog.h"
#include "engine/catalog/context.h"
#include "engine/freeze/source.h"
#include "engine/layout/layout.h"
#include "engine/locks/roots.h"
#include "engine/plan/plan.h"
#include "engine/retention/retention.h"
#include "vfs/env.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::engine {

struct StoreOptions {
  Roots roots = {};
  Geometry geometry = Geometry::Production();
  std::string network = {};                  // pinned; 64 hex digits or empty
  LedgerSeq earliest_ledger = kFirstLedger;  // pinned; the first ledger of a chunk
  std::uint32_t retention_chunks = 0;        // 0 keeps everything
  vfs::RocksOptions rocks = {};
  std::string holder = {};  // written into the lock files: the process id
};

enum class Home { kCold, kHot };

// What a read of a chunk's artifact found.
struct ArtifactContent {
  Home home = Home::kCold;
  std::vector<std::string> files = {};           // cold: the content of each file
  std::vector<vfs::RocksDb::Row> hot_rows = {};  // hot: the rows whose keys begin with "<kind>:"
};

struct IndexContent {
  Coverage coverage;
  std::string bytes;
};

// Rounds of plan-and-execute until nothing was left to do.
struct LifecycleReport {
  int rounds = 0;  // that had work
  std::size_t deleted = 0;
  std::size_t discarded = 0;
  std::size_t chunks_frozen = 0;
  std::size_t indexes_built = 0;
};

// Threads: one thread at a time.
class Store {
 public:
  // Roots made and settled, all locked, catalog open, pins written or compared.
  //
  // Errors: kFailedPrecondition  a root is held by another process; a pin differs
  //         kDataLoss            the catalog is damaged; names the key
  static absl::StatusOr<std::unique_ptr<Store>> Open(const vfs::Env& env,
                                                     const StoreOptions& options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // ---- Single steps. After an error any of them may be called again.

  absl::Status FreezeChunk(ChunkId chunk,
                           std::span<const ArtifactKind> kinds,
                           ArtifactSource& source);
  absl::Status BuildIndex(const Coverage& coverage, ArtifactSource& source);
  // Makes an empty hot chunk, wiping what a transient one left.
  absl::Status CreateHot(ChunkId chunk);
  // The open database of a ready chunk; owned by the store, valid until it is demoted or the store
  // closes.
  absl::StatusOr<vfs::RocksDb*> OpenHot(ChunkId chunk);
  // ready -> transient: the chunk must be made again or discarded.
  absl::Status DemoteHot(ChunkId chunk);

  // ---- The lifecycle.

  // What a lifecycle run would do now.
  absl::StatusOr<Plan> PlanNow(ArtifactSource& source);
  // Raises the floor, then plans and executes until the plan is empty: settled. A failing item does
  // not stop the others (a full disk must not block reclaiming); the first error is returned, and
  // the next run finds what is left.
  //
  // Errors: kInternal  not settled after kLifecycleRoundsMax rounds
  absl::StatusOr<LifecycleReport> RunLifecycle(ArtifactSource& source);
  // Takes effect with the next run; a wider retention than the floor in force allows, only at the
  // next start.
  void SetRetention(std::uint32_t retention_chunks);

  // ---- Reads.

  ChunkId floor() const { return gate_.floor(); }
  // Cold if frozen, else a ready hot chunk, else not found. Cold bytes are verified against the
  // catalog.
  //
  // Errors: kNotFound  below the floor, or no home
  //         kDataLoss  a frozen file is missing or altered; names file and offset
  absl::StatusOr<ArtifactContent> ReadArtifact(const ChunkArtifact& artifact);
  // The unique frozen index of a window, verified. Errors: as ReadArtifact, per window
  absl::StatusOr<IndexContent> LookupWindow(WindowId window);
  absl::StatusOr<CatalogView> View() const { return catalog_->View(); }

  const Layout& layout() const { return layout_; }
  const Pins& pins() const { return catalog_->pins(); }
  Catalog& catalog() { return *catalog_; }

  // Whether a catalog write failed: only closing and opening again helps.
  bool needs_reopen() const { return catalog_->is_poisoned(); }

  // Closes the databases and gives back the locks. Dropping a store without Close is the death of
  // the process.
  absl::Status Close();

 private:
  Store(const vfs::Env& env, const StoreOptions& options, const Layout& layout, RootLocks locks);

  StoreContext Context() { return {.env = env_, .layout = &layout_, .catalog = catalog_.get()}; }
  RetentionPolicy Policy() const;
  absl::Status CloseHot(ChunkId chunk);
  absl::Status DiscardHot(ChunkId chunk);
  absl::Status Execute(const Plan& plan, ArtifactSource& source, LifecycleReport& report);

  const vfs::Env env_;
  const StoreOptions options_;
  const Layout layout_;
  std::optional<RootLocks> locks_;
  std::unique_ptr<Catalog> catalog_;
  std::map<ChunkId, std::unique_ptr<vfs::RocksDb>> hot_;
  std::uint32_t retention_chunks_;
  FloorGate gate_;
};

// A settled store is reached within four rounds from any state (delete and build, sweep inputs and
// predecessors, discard); more is a bug.
inline constexpr int kLifecycleRoundsMax = 8;

}  // namespace permafrost::engine
