// Opening and closing a store, its single steps and its reads.
#include "engine/store/store.h"

#include <algorithm>

#include "engine/catalog/context.h"
#include "engine/catalog/read_file.h"
#include "engine/freeze/freeze.h"
#include "engine/hot/hot_chunk.h"
#include "vfs/base/probe.h"
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
      retention_chunks_(options.retention_chunks),
      gate_(options.geometry.ChunkOf(options.earliest_ledger)) {}

Store::~Store() = default;

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const vfs::Env& env,
                                                   const StoreOptions& options) {
  VFS_ASSIGN_OR_RETURN(const Layout layout, Layout::Create(options.geometry, options.roots));
  const ExpectedPins expected{.geometry = options.geometry,
                              .network = options.network,
                              .earliest_ledger = options.earliest_ledger};
  VFS_RETURN_IF_ERROR(CheckExpected(expected));
  VFS_RETURN_IF_ERROR(PrepareRoots(env.fs, layout));
  VFS_ASSIGN_OR_RETURN(RootLocks locks, RootLocks::Take(env.fs, layout, options.holder));
  std::unique_ptr<Store> store(new Store(env, options, layout, std::move(locks)));
  VFS_ASSIGN_OR_RETURN(store->catalog_, Catalog::Open(env, layout, expected, options.rocks));
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
                                ArtifactSource& source) {
  return engine::FreezeChunk(Context(), chunk, kinds, source);
}

absl::Status Store::BuildIndex(const Coverage& coverage, ArtifactSource& source) {
  return engine::BuildIndex(Context(), coverage, source);
}

absl::Status Store::CreateHot(ChunkId chunk) {
  VFS_ASSIGN_OR_RETURN(hot_[chunk], CreateHotChunk(Context(), chunk, options_.rocks));
  return absl::OkStatus();
}

absl::StatusOr<vfs::RocksDb*> Store::OpenHot(ChunkId chunk) {
  const auto it = hot_.find(chunk);
  if (it != hot_.end()) {
    const absl::Status health = it->second->Health();
    if (health.ok()) return it->second.get();
    // A poisoned database is opened again through full recovery, never written on.
    VFS_PROBE("engine/hot/poisoned_reopened");
    hot_.erase(it);
  }
  VFS_ASSIGN_OR_RETURN(std::unique_ptr<vfs::RocksDb> db,
                       OpenHotChunk(Context(), chunk, options_.rocks));
  return (hot_[chunk] = std::move(db)).get();
}

absl::Status Store::CloseHot(ChunkId chunk) {
  const auto it = hot_.find(chunk);
  if (it == hot_.end()) return absl::OkStatus();
  const std::unique_ptr<vfs::RocksDb> db = std::move(it->second);
  hot_.erase(it);
  // What it holds is about to be discarded: an error of closing loses nothing.
  db->Close().IgnoreError();
  return absl::OkStatus();
}

absl::Status Store::DemoteHot(ChunkId chunk) {
  VFS_RETURN_IF_ERROR(CloseHot(chunk));
  return catalog_->DemoteHot(chunk);
}

absl::StatusOr<ArtifactContent> Store::ReadArtifact(const ChunkArtifact& artifact) {
  VFS_RETURN_IF_ERROR(gate_.Admit(artifact.chunk));
  VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record, catalog_->Find(artifact));
  if (record.has_value() && record->state == ArtifactState::kFrozen) {
    ArtifactContent content{.home = Home::kCold};
    const std::vector<std::string> paths = layout_.PathsOf(artifact);
    for (std::size_t file = 0; file < paths.size(); ++file) {
      VFS_ASSIGN_OR_RETURN(std::string bytes,
                           ReadVerified(*env_.fs, paths[file], record->files[file]));
      content.files.push_back(std::move(bytes));
    }
    return content;
  }
  VFS_ASSIGN_OR_RETURN(const std::optional<HotState> hot,
                       catalog_->Find(HotChunkKey{artifact.chunk}));
  if (hot != HotState::kReady) {
    return vfs::NotFound("read {}: neither frozen nor hot", KeyText(artifact));
  }
  VFS_ASSIGN_OR_RETURN(vfs::RocksDb* const db, OpenHot(artifact.chunk));
  ArtifactContent content{.home = Home::kHot};
  const std::string prefix = std::string(ToString(artifact.kind)) + ":";
  VFS_ASSIGN_OR_RETURN(content.hot_rows, db->Scan(vfs::kDefaultFamily, vfs::PrefixRange(prefix)));
  return content;
}

absl::StatusOr<IndexContent> Store::LookupWindow(WindowId window) {
  VFS_RETURN_IF_ERROR(gate_.Admit(layout_.geometry().LastChunk(window)));
  VFS_ASSIGN_OR_RETURN(const std::optional<FrozenIndex> index, catalog_->FindFrozenIndex(window));
  if (!index.has_value()) {
    return vfs::NotFound("look up window {}: no frozen index", window.value());
  }
  VFS_ASSIGN_OR_RETURN(std::string bytes,
                       ReadVerified(*env_.fs, layout_.PathOf(index->coverage), index->file));
  return IndexContent{.coverage = index->coverage, .bytes = std::move(bytes)};
}

absl::Status Store::Close() {
  absl::Status first;
  for (const auto& [chunk, db] : hot_) first.Update(db->Close());
  hot_.clear();
  first.Update(catalog_->Close());
  locks_.reset();
  return first;
}

}  // namespace permafrost::engine
