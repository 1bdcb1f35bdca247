// A store: roots, locks, catalog, hot databases, freezing, the lifecycle and verified reads, behind
// one object.
//
// Everything that changes the disk goes through the protocols of freeze/, hot/ and
// catalog/deletion.h. Steps of one key come one after another (KeyClaims), everything else may run
// at once: ingestion, freezes, index builds, the lifecycle, readers.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/catalog/catalog.h"
#include "engine/catalog/context.h"
#include "engine/freeze/source.h"
#include "engine/hot/hot_store.h"
#include "engine/layout/layout.h"
#include "engine/locks/roots.h"
#include "engine/plan/plan.h"
#include "engine/retention/retention.h"
#include "engine/store/read_view.h"
#include "engine/store/space_reserve.h"
#include "vfs/base/mutex.h"
#include "vfs/env.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::engine {

struct StoreOptions {
  Roots roots = {};
  Geometry geometry = Geometry::Production();
  std::string network = {};                  // pinned; 64 hex digits or empty
  LedgerSeq earliest_ledger = kFirstLedger;  // pinned; the first ledger of a chunk
  std::string store_id = {};                 // pinned; 32 hex digits, or drawn at the first start
  std::uint32_t retention_chunks = 0;        // 0 keeps everything
  std::uint64_t reserve_bytes = 0;           // free space that data may not use; 0: none
  vfs::RocksOptions rocks = {};
  std::string holder = {};  // written into the lock files: the process id
  int workers = 1;  // chunks frozen, and then indexes built, at once; above 1 sources are called by
                    // several threads
};

// Rounds of plan-and-execute until nothing was left to do.
struct LifecycleReport {
  int rounds = 0;  // that had work
  std::size_t deleted = 0;
  std::size_t discarded = 0;
  std::size_t chunks_frozen = 0;
  std::size_t indexes_built = 0;
  // What could not be done because somebody still reads it or did something else with it meanwhile:
  // the next run looks again. With any, the store is not settled.
  std::size_t deferred = 0;
};

// Threads: any thread; Close and destruction exclude every other call, and every view is gone by
// then.
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

  // ---- Single steps. After an error any of them may be called again. Those that write data are
  // refused while less than the reserve is free (kResourceExhausted); what gives space back is not.

  absl::Status FreezeChunk(ChunkId chunk,
                           std::span<const ArtifactKind> kinds,
                           ArtifactSource& source,
                           absl::FunctionRef<absl::Status()> before_flip = absl::OkStatus);
  absl::Status BuildIndex(const Coverage& coverage, ArtifactSource& source);
  // Makes an empty hot chunk, wiping what a transient one left.
  absl::Status CreateHot(ChunkId chunk);
  // The open database of a ready chunk. It is not destroyed while the handle is held.
  //
  // Errors: kNotFound  the chunk is not ready
  absl::StatusOr<HotHandle> OpenHot(ChunkId chunk);
  // ready -> transient: the chunk must be made again or discarded.
  absl::Status DemoteHot(ChunkId chunk);
  // Commits the rows of one ledger to its ready hot chunk, lets `apply` show them to readers, then
  // publishes it as the latest. One thread at a time.
  //
  // Durable: yes, when it returns OK or `apply` is called
  absl::Status CommitLedger(LedgerSeq sequence,
                            const vfs::RocksBatch& rows,
                            absl::FunctionRef<absl::Status()> apply = absl::OkStatus);
  // Makes a ledger that was found committed the latest: at a start.
  void PublishLatest(LedgerSeq sequence);

  // ---- The lifecycle.

  // What a lifecycle run would do now.
  absl::StatusOr<Plan> PlanNow(ArtifactSource& source);
  // Raises the floor, then plans and executes until the plan is empty: settled; or until all that
  // is left is deferred. A failing item does not stop the others (a full disk must not block
  // reclaiming); the first error is returned, and the next run finds what is left. Runs come one
  // after another.
  //
  // Errors: kInternal  not settled after kLifecycleRoundsMax rounds
  absl::StatusOr<LifecycleReport> RunLifecycle(ArtifactSource& source);
  // Takes effect with the next run; a wider retention than the floor in force allows, only at the
  // next start.
  void SetRetention(std::uint32_t retention_chunks);

  // ---- Reads.

  ChunkId floor() const { return gate_.floor(); }
  // The last ledger that was published in this process; kBeforeFirstLedger before that.
  LedgerSeq latest() const { return LedgerSeq{latest_.load(std::memory_order_acquire)}; }

  // What can be read now, held fast. Must be gone before the store closes.
  ReadView OpenView();
  // One read through a view of its own. Errors: as of ReadView
  absl::StatusOr<ArtifactContent> ReadArtifact(const ChunkArtifact& artifact);
  absl::StatusOr<IndexContent> LookupWindow(WindowId window);
  absl::StatusOr<CatalogView> View() const { return catalog_->View(); }

  const Layout& layout() const { return layout_; }
  const Pins& pins() const { return catalog_->pins(); }
  Catalog& catalog() { return *catalog_; }
  vfs::Log& log() const { return *env_.log; }

  // Whether a catalog write failed: views still answer, everything else only after closing and
  // opening again.
  bool needs_reopen() const { return catalog_->is_poisoned(); }
  // Since a step that writes data found no space, until the next that does: degraded.
  bool is_short_of_space() const { return reserve_.is_short(); }

  // Closes the databases and gives back the locks. Dropping a store without Close is the death of
  // the process.
  absl::Status Close();

 private:
  Store(const vfs::Env& env, const StoreOptions& options, const Layout& layout, RootLocks locks);

  StoreContext Context() {
    return {
        .env = env_, .layout = &layout_, .catalog = catalog_.get(), .directories = &directories_};
  }
  RetentionPolicy Policy() const;
  absl::Status DiscardHot(ChunkId chunk);
  absl::Status Execute(const Plan& plan, ArtifactSource& source, LifecycleReport& report);

  const vfs::Env env_;
  const StoreOptions options_;
  const Layout layout_;
  std::optional<RootLocks> locks_;
  Directories directories_;
  SpaceReserve reserve_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<HotStore> hot_;
  std::atomic<std::uint32_t> retention_chunks_;
  FloorGate gate_;
  std::atomic<std::uint32_t> latest_;
  vfs::Mutex lifecycle_mu_;  // one run at a time
};

// A settled store is reached within four rounds from any state (delete and build, sweep inputs and
// predecessors, discard); more is a bug.
inline constexpr int kLifecycleRoundsMax = 8;

}  // namespace permafrost::engine
