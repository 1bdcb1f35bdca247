// Opening and closing a store, its single steps and its reads.
#include "engine/store/store.h"

#include "engine/catalog/context.h"
#include "engine/freeze/freeze.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {

Store::Store(const vfs::Env& env,
             const StoreOptions& options,
             const Layout& layout,
             RootLocks locks)
    : env_(env),
      options_(options),
      layout_(layout),
      locks_(std::move(locks)),
      directories_(env.fs),
      reserve_(env.fs, options.reserve_bytes),
      retention_chunks_(options.retention_chunks),
      gate_(options.geometry.ChunkOf(options.earliest_ledger)),
      latest_(kBeforeFirstLedger.value()) {}

Store::~Store() = default;

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const vfs::Env& env,
                                                   const StoreOptions& options) {
  VFS_ASSIGN_OR_RETURN(const Layout layout, Layout::Create(options.geometry, options.roots));
  const ExpectedPins expected{.geometry = options.geometry,
                              .network = options.network,
                              .earliest_ledger = options.earliest_ledger,
                              .store_id = options.store_id};
  VFS_RETURN_IF_ERROR(CheckExpected(expected));
  VFS_RETURN_IF_ERROR(PrepareRoots(env.fs, layout));
  VFS_ASSIGN_OR_RETURN(RootLocks locks, RootLocks::Take(env.fs, layout, options.holder));
  std::unique_ptr<Store> store(new Store(env, options, layout, std::move(locks)));
  VFS_ASSIGN_OR_RETURN(store->catalog_, Catalog::Open(env, layout, expected, options.rocks));
  store->hot_ = std::make_unique<HotStore>(store->Context(), options.rocks);
  if (options.workers > 1) env.executor->SetWidth(vfs::Priority::kUser, options.workers - 1);
  VFS_ASSIGN_OR_RETURN(const CatalogView view, store->catalog_->View());
  store->gate_.RaiseTo(FloorAt(store->Policy(), view.LastCompleteChunk()));
  return store;
}

RetentionPolicy Store::Policy() const {
  return {.retention_chunks = retention_chunks_,
          .earliest = options_.geometry.ChunkOf(options_.earliest_ledger)};
}

absl::Status Store::FreezeChunk(ChunkId chunk,
                                std::span<const ArtifactKind> kinds,
                                ArtifactSource& source,
                                absl::FunctionRef<absl::Status()> before_flip) {
  return reserve_.Admit(layout_.roots().ledgers, [&] {
    return engine::FreezeChunk(Context(), chunk, kinds, source, before_flip);
  });
}

absl::Status Store::BuildIndex(const Coverage& coverage, ArtifactSource& source) {
  return reserve_.Admit(layout_.roots().txhash_index, [&] {
    return engine::BuildIndex(Context(), coverage, gate_.floor(), source);
  });
}

absl::Status Store::CreateHot(ChunkId chunk) {
  return reserve_.Admit(layout_.roots().hot, [&] { return hot_->Create(chunk); });
}

absl::StatusOr<HotHandle> Store::OpenHot(ChunkId chunk) {
  // The snapshot keeps what was found ready until the handle does.
  const CatalogSnapshot now = catalog_->Snapshot();
  VFS_ASSIGN_OR_RETURN(const std::optional<HotState> state,
                       catalog_->Find(HotChunkKey{chunk}, &now));
  if (state == HotState::kReady) return hot_->Open(chunk);
  return vfs::NotFound("open {}: the chunk is {}", layout_.HotDir(chunk),
                       state.has_value() ? ToString(*state) : "absent");
}

absl::Status Store::DemoteHot(ChunkId chunk) {
  const std::uint32_t before = layout_.geometry().First(chunk).value() - 1;
  if (latest_ > before) latest_ = before;
  return hot_->Demote(chunk);
}

absl::Status Store::CommitLedger(LedgerSeq sequence,
                                 const vfs::RocksBatch& rows,
                                 absl::FunctionRef<absl::Status()> apply) {
  VFS_RETURN_IF_ERROR(reserve_.Admit(layout_.roots().hot, [&]() -> absl::Status {
    VFS_ASSIGN_OR_RETURN(const HotHandle db, OpenHot(layout_.geometry().ChunkOf(sequence)));
    return db->Write(rows, vfs::SyncWrite::kYes);
  }));
  VFS_RETURN_IF_ERROR(apply());
  PublishLatest(sequence);
  return absl::OkStatus();
}

// Readers that see this see the rows.
void Store::PublishLatest(LedgerSeq sequence) {
  latest_.store(sequence.value(), std::memory_order_release);
}

ReadView Store::OpenView() {
  // In this order: a ledger is in its hot chunk before it is the latest; a hot chunk is discarded
  // only once the catalog says that cold files cover it; and what a snapshot shows as demoted lies
  // below a floor that was raised before, so a floor asked for afterwards hides it.
  const LedgerSeq latest = this->latest();
  CatalogSnapshot at = catalog_->Snapshot();
  return {Context(), hot_.get(), latest, gate_.floor(), std::move(at)};
}

absl::StatusOr<ArtifactContent> Store::ReadArtifact(const ChunkArtifact& artifact) {
  return OpenView().ReadArtifact(artifact);
}

absl::StatusOr<IndexContent> Store::LookupWindow(WindowId window) {
  return OpenView().LookupWindow(window);
}

absl::Status Store::Close() {
  absl::Status first = hot_->CloseAll();
  first.Update(catalog_->Close());
  locks_.reset();
  return first;
}

}  // namespace permafrost::engine
