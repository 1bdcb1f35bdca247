// Sharing, closing and destroying hot databases.
#include "engine/hot/hot_store.h"

#include <utility>

#include "engine/catalog/database_options.h"
#include "engine/hot/hot_chunk.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {

HotStore::Slot& HotStore::SlotOf(ChunkId chunk) {
  const vfs::MutexLock lock(&mu_);
  std::unique_ptr<Slot>& slot = slots_[chunk];
  if (slot == nullptr) slot = std::make_unique<Slot>();
  return *slot;
}

absl::Status HotStore::CloseUnread(ChunkId chunk, Slot& slot) {
  // Only this class copies from the slot, under its lock: a count of one stays one.
  if (slot.db.use_count() > 1 || slot.read_only.use_count() > 1 ||
      context_.catalog->IsStillRead(HotChunkKey{chunk})) {
    VFS_PROBE("engine/hot/still_read_deferred");
    return vfs::Aborted("close {}: somebody still reads it; again later",
                        context_.layout->HotDir(chunk));
  }
  slot.read_only = nullptr;
  const HotHandle db = std::exchange(slot.db, nullptr);
  // What it holds is about to be discarded: an error of closing loses nothing.
  if (db != nullptr) db->Close().IgnoreError();
  return absl::OkStatus();
}

absl::Status HotStore::Create(ChunkId chunk) {
  const KeyClaims::Held claim = context_.catalog->claims().Take({KeyText(HotChunkKey{chunk})});
  Slot& slot = SlotOf(chunk);
  const vfs::MutexLock lock(&slot.mu);
  VFS_ASSIGN_OR_RETURN(const std::optional<HotState> state,
                       context_.catalog->Find(HotChunkKey{chunk}));
  if (state != HotState::kReady) VFS_RETURN_IF_ERROR(CloseUnread(chunk, slot));
  VFS_ASSIGN_OR_RETURN(std::unique_ptr<vfs::RocksDb> db, CreateHotChunk(context_, chunk, rocks_));
  slot.db = std::move(db);
  return absl::OkStatus();
}

absl::StatusOr<HotHandle> HotStore::Open(ChunkId chunk) {
  Slot& slot = SlotOf(chunk);
  const vfs::MutexLock lock(&slot.mu);
  if (slot.db != nullptr) {
    const absl::Status health = slot.db->Health();
    if (health.ok()) return slot.db;
    if (slot.db.use_count() > 1) return health;
    // A poisoned database is opened again through full recovery, never written on.
    VFS_PROBE("engine/hot/poisoned_reopened");
    slot.db.reset();
  }
  VFS_ASSIGN_OR_RETURN(std::unique_ptr<vfs::RocksDb> db, OpenHotChunk(context_, chunk, rocks_));
  slot.db = std::move(db);
  slot.read_only = nullptr;  // who holds it keeps it
  return slot.db;
}

absl::StatusOr<HotHandle> HotStore::OpenToRead(ChunkId chunk) {
  Slot& slot = SlotOf(chunk);
  const vfs::MutexLock lock(&slot.mu);
  if (slot.db != nullptr) return slot.db;
  if (slot.read_only != nullptr) return slot.read_only;
  absl::StatusOr<std::unique_ptr<vfs::RocksDb>> db = OpenHotChunk(context_, chunk, rocks_);
  if (db.ok()) {
    slot.db = *std::move(db);
    return slot.db;
  }
  if (!absl::IsResourceExhausted(db.status())) return db.status();
  VFS_PROBE("engine/hot/read_without_space");
  VFS_ASSIGN_OR_RETURN(
      std::unique_ptr<vfs::RocksDb> read_only,
      vfs::RocksDb::OpenReadOnly(context_.env, context_.layout->HotDir(chunk),
                                 DatabaseOptions(rocks_, vfs::OpenRule::kMustExist)));
  slot.read_only = std::move(read_only);
  return slot.read_only;
}

absl::Status HotStore::Destroy(ChunkId chunk) {
  const KeyClaims::Held claim = context_.catalog->claims().Take({KeyText(HotChunkKey{chunk})});
  Slot& slot = SlotOf(chunk);
  const vfs::MutexLock lock(&slot.mu);
  VFS_ASSIGN_OR_RETURN(const std::optional<HotState> state,
                       context_.catalog->Find(HotChunkKey{chunk}));
  if (state != HotState::kTransient) {
    if (state == HotState::kReady) VFS_PROBE("engine/delete/ready_again_skipped");
    return absl::OkStatus();
  }
  VFS_RETURN_IF_ERROR(CloseUnread(chunk, slot));
  return DestroyHotChunk(context_, chunk);
}

absl::Status HotStore::CloseAll() {
  const vfs::MutexLock lock(&mu_);
  absl::Status first;
  for (const auto& [chunk, slot] : slots_) {
    const vfs::MutexLock slot_lock(&slot->mu);
    if (slot->db != nullptr) first.Update(slot->db->Close());
    slot->db.reset();
    slot->read_only.reset();
  }
  return first;
}

}  // namespace permafrost::engine
