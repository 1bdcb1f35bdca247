// What was committed, what comes next, and how it is committed.
#include "engine/store/ledger_store.h"

#include <algorithm>
#include <utility>

#include "engine/ledger/ledger_chain.h"
#include "engine/store/cold_identity.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

// The highest chunk that needs no hot database: its ledgers and events are frozen and its hashes
// can be found; or were, of what is tainted.
absl::StatusOr<ChunkId> LastColdChunk(const CatalogView& view, const Geometry& geometry) {
  ChunkId last = kBeforeFirstChunk;
  for (const auto& [artifact, record] : view.artifacts) {
    const ChunkId chunk = artifact.chunk;
    const auto was_frozen = [&](ArtifactKind kind) {
      return view.WasFrozen({.chunk = chunk, .kind = kind});
    };
    if (chunk <= last || !was_frozen(ArtifactKind::kLedgers) || !was_frozen(ArtifactKind::kEvents))
      continue;
    const WindowId window = geometry.WindowOf(chunk);
    VFS_ASSIGN_OR_RETURN(std::optional<Coverage> coverage, view.FrozenCoverage(geometry, window));
    if (!coverage.has_value()) coverage = view.TaintedCoverage(geometry, window);
    const bool is_covered = coverage.has_value() && coverage->chunks.Contains(chunk);
    if (is_covered || was_frozen(ArtifactKind::kTxHash)) last = chunk;
  }
  return last;
}

}  // namespace

LedgerStore::LedgerStore(std::unique_ptr<Store> store, const LedgerDecoder& decoder)
    : store_(std::move(store)), decoder_(decoder), compressor_("") {
  store_->catalog().OnUnread([this](const std::string& key) { cold_readers_.Forget(key); });
}

LedgerStore::~LedgerStore() = default;

absl::StatusOr<std::unique_ptr<LedgerStore>> LedgerStore::Open(const vfs::Env& env,
                                                               const StoreOptions& options,
                                                               const LedgerDecoder& decoder) {
  VFS_ASSIGN_OR_RETURN(std::unique_ptr<Store> store, Store::Open(env, options));
  std::unique_ptr<LedgerStore> ledgers(new LedgerStore(std::move(store), decoder));
  VFS_RETURN_IF_ERROR(ledgers->Rederive());
  return ledgers;
}

absl::StatusOr<std::shared_ptr<HotIndex>> LedgerStore::IndexOf(ChunkId chunk) {
  {
    const vfs::MutexLock lock(&mu_);
    const auto found = indexes_.find(chunk);
    if (found != indexes_.end()) return found->second;
  }
  VFS_ASSIGN_OR_RETURN(std::shared_ptr<HotIndex> index, WarmIndexOf(chunk));
  const vfs::MutexLock lock(&mu_);
  return indexes_.emplace(chunk, std::move(index)).first->second;
}

absl::StatusOr<std::shared_ptr<HotIndex>> LedgerStore::WarmIndexOf(ChunkId chunk) {
  VFS_ASSIGN_OR_RETURN(const HotHandle db, store_->OpenHot(chunk));
  return WarmUp(*db, store_->layout().geometry(), chunk);
}

absl::Status LedgerStore::ResolveDoubt() {
  if (!doubtful_.has_value()) return absl::OkStatus();
  VFS_ASSIGN_OR_RETURN(std::shared_ptr<HotIndex> index, WarmIndexOf(*doubtful_));
  const vfs::MutexLock lock(&mu_);
  indexes_[*doubtful_] = std::move(index);
  doubtful_.reset();
  return absl::OkStatus();
}

absl::Status LedgerStore::Rederive() {
  VFS_RETURN_IF_ERROR(ResolveDoubt());
  const Geometry& geometry = store_->layout().geometry();
  VFS_ASSIGN_OR_RETURN(const CatalogView view, store_->View());
  VFS_ASSIGN_OR_RETURN(const ChunkId cold, LastColdChunk(view, geometry));
  const std::uint32_t before_earliest = store_->pins().earliest_ledger.value() - 1;
  // What lies below the floor is not taken again, though nothing above it may be there yet.
  const LedgerSeq before_floor = geometry.Last(Previous(store_->floor()));
  LedgerSeq last = std::max(before_floor, geometry.Last(cold));
  std::optional<Hash> last_hash;
  for (const auto& [chunk, state] : view.hot) {
    if (state != HotState::kReady) continue;
    VFS_ASSIGN_OR_RETURN(const std::shared_ptr<HotIndex> index, IndexOf(chunk));
    const LedgerSeq hot_last = index->last().value_or(geometry.Last(Previous(chunk)));
    if (hot_last < last) continue;
    last = hot_last;
    if (index->last().has_value()) last_hash = index->last_hash();
  }
  if (last.value() > before_earliest) store_->PublishLatest(last);
  next_ = LedgerSeq{last.value() + 1};
  last_hash_ = last_hash;
  is_last_hash_read_ = last_hash.has_value() || last.value() <= before_earliest;
  return absl::OkStatus();
}

absl::Status LedgerStore::ReadLastHash() {
  if (is_last_hash_read_) return absl::OkStatus();
  const LedgerSeq last{next_->value() - 1};
  VFS_ASSIGN_OR_RETURN(last_hash_, HashOf(last));
  if (!last_hash_.has_value()) {
    const ChunkArtifact pack = {.chunk = store_->layout().geometry().ChunkOf(last),
                                .kind = ArtifactKind::kLedgers};
    VFS_ASSIGN_OR_RETURN(const CatalogView view, store_->View());
    if (view.WasFrozen(pack)) {
      return vfs::Unavailable(
          "ingest ledger {}: {}, which has the one before, is tainted; permafrost audit --repair "
          "--source lake:DIR makes it again",
          next_->value(), KeyText(pack));
    }
  }
  is_last_hash_read_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Hash>> LedgerStore::HashOf(LedgerSeq ledger) {
  const ChunkId chunk = store_->layout().geometry().ChunkOf(ledger);
  if (chunk < ChunkId{0}) return std::nullopt;
  const LedgerStoreView view = OpenView();
  const auto hot = view.indexes.find(chunk);
  if (hot != view.indexes.end() && hot->second->last() == ledger) return hot->second->last_hash();
  VFS_ASSIGN_OR_RETURN(const auto files,
                       view.store.FindFrozen({.chunk = chunk, .kind = ArtifactKind::kLedgers}));
  if (!files.has_value()) return std::nullopt;
  VFS_ASSIGN_OR_RETURN(const LedgerPackReader pack,
                       OpenLedgerPack(files->front(), view.store.pins(), chunk));
  VFS_ASSIGN_OR_RETURN(const std::string stored, pack.Stored(ledger));
  LedgerDecompressor decompressor(pack.dictionary());
  VFS_ASSIGN_OR_RETURN(const std::string bytes, decompressor.Decompress(stored));
  VFS_ASSIGN_OR_RETURN(const LedgerView decoded, decoder_.Decode(bytes));
  return decoded.hash;
}

absl::StatusOr<LedgerSeq> LedgerStore::Next() {
  if (!next_.has_value()) VFS_RETURN_IF_ERROR(Rederive());
  return *next_;
}

absl::Status LedgerStore::Append(std::string_view bytes, std::string_view origin) {
  VFS_RETURN_IF_ERROR(Next().status());
  VFS_RETURN_IF_ERROR(ReadLastHash());
  absl::StatusOr<LedgerView> ledger = decoder_.Decode(bytes);
  if (!ledger.ok()) {
    return vfs::InvalidArgument("ingest {}: where ledger {} is the next one: {}", origin,
                                next_->value(), vfs::Message(ledger.status()));
  }
  VFS_RETURN_IF_ERROR(CheckFollows(*ledger, *next_, last_hash_, origin));
  const Geometry& geometry = store_->layout().geometry();
  const ChunkId chunk = geometry.ChunkOf(ledger->sequence);
  if (!geometry.IsValid(chunk)) {
    return vfs::InvalidArgument(
        "ledger {} of {}: a store of {} ledgers a chunk and {} chunks a bucket ends at ledger {}; "
        "choose larger ones",
        ledger->sequence.value(), origin, geometry.sizes().ledgers_per_chunk,
        geometry.sizes().chunks_per_bucket, geometry.Last(geometry.ChunkMax()).value());
  }
  if (ledger->undecoded.has_value()) {
    VFS_PROBE("engine/ledger/stored_undecoded");
    store_->log().Warning("ingest {}: ledger {} is stored without its transactions and events: {}",
                          origin, ledger->sequence.value(), ledger->undecoded->reason);
  }
  VFS_ASSIGN_OR_RETURN(const PreparedLedger prepared,
                       PrepareLedger(*ledger, compressor_, event_compressor_));
  VFS_ASSIGN_OR_RETURN(const std::optional<HotState> hot,
                       store_->catalog().Find(HotChunkKey{chunk}));
  if (hot != HotState::kReady) VFS_RETURN_IF_ERROR(store_->CreateHot(chunk));
  VFS_ASSIGN_OR_RETURN(const std::shared_ptr<HotIndex> index, IndexOf(chunk));
  const absl::Status committed = store_->CommitLedger(ledger->sequence, prepared.rows,
                                                      [&] { return index->Add(prepared.index); });
  if (!committed.ok()) {
    // It is there or it is not: only the rows can tell, once the database is open again. Until then
    // readers have the index without it, which is all that was published.
    next_.reset();
    doubtful_ = chunk;
    return committed;
  }
  next_ = LedgerSeq{ledger->sequence.value() + 1};
  last_hash_ = ledger->hash;
  return absl::OkStatus();
}

absl::Status LedgerStore::DropSpentIndexes() {
  VFS_ASSIGN_OR_RETURN(const CatalogView view, store_->View());
  const vfs::MutexLock lock(&mu_);
  std::erase_if(indexes_, [&](const auto& entry) {
    return view.StateOf(entry.first) != HotState::kReady &&
           !store_->catalog().IsStillRead(HotChunkKey{entry.first});
  });
  return absl::OkStatus();
}

LedgerStoreView LedgerStore::OpenView() {
  // The snapshot first: an index is dropped only when no snapshot names its chunk.
  ReadView view = store_->OpenView();
  const vfs::MutexLock lock(&mu_);
  return {.indexes = {indexes_.begin(), indexes_.end()},
          .cold = &cold_readers_,
          .hot = &hot_decompressor_,
          .store = std::move(view)};
}

absl::StatusOr<CompleteHotChunk> LedgerStore::OpenComplete(ChunkId chunk) {
  VFS_ASSIGN_OR_RETURN(const std::shared_ptr<HotIndex> index, IndexOf(chunk));
  VFS_ASSIGN_OR_RETURN(HotHandle db, store_->OpenHot(chunk));
  return CompleteHotChunk::Check(std::move(db), *index, store_->layout().geometry(), chunk);
}

absl::Status LedgerStore::Close() {
  cold_readers_.ForgetAll();
  return store_->Close();
}

}  // namespace permafrost::engine
