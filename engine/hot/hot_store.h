// The hot databases of a store: opened once, shared by everyone who reads or writes them, destroyed
// when nobody does.
#pragma once

#include <map>
#include <memory>

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/catalog/context.h"
#include "vfs/base/mutex.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::engine {

// A shared open database. While one is held, the database is neither closed nor destroyed.
using HotHandle = std::shared_ptr<vfs::RocksDb>;

// Threads: any thread; CloseAll and destruction exclude every other call.
class HotStore {
 public:
  HotStore(const StoreContext& context, const vfs::RocksOptions& rocks)
      : context_(context), rocks_(rocks) {}
  HotStore(const HotStore&) = delete;
  HotStore& operator=(const HotStore&) = delete;

  // Makes an empty ready chunk (CreateHotChunk), wiping what a transient one left.
  //
  // Errors: kAborted  somebody still reads what was there
  absl::Status Create(ChunkId chunk);

  // The database of a chunk that was found ready, now or in a snapshot that still lives. A poisoned
  // one is closed and opened again through full recovery once nobody holds it; until then its own
  // error is returned.
  absl::StatusOr<HotHandle> Open(ChunkId chunk);

  // As Open, for who only reads, and only what was acknowledged: one that is poisoned is read on,
  // and one that finds no space to recover in is opened without writing.
  absl::StatusOr<HotHandle> OpenToRead(ChunkId chunk);

  // delete.demote: ready -> transient. Handles and snapshots keep what they have.
  absl::Status Demote(ChunkId chunk) { return context_.catalog->DemoteHot(chunk); }

  // Closes and destroys a chunk that is transient; a ready one is left alone.
  //
  // Errors: kAborted  somebody still reads it
  absl::Status Destroy(ChunkId chunk);

  absl::Status CloseAll();

 private:
  // One chunk's place. The lock is held while its database is opened or closed.
  struct Slot {
    vfs::Mutex mu;
    HotHandle db ABSL_GUARDED_BY(mu);         // null: not open
    HotHandle read_only ABSL_GUARDED_BY(mu);  // beside no `db`: there was no space to open it
  };

  Slot& SlotOf(ChunkId chunk);
  // Errors: kAborted  somebody still reads it
  absl::Status CloseUnread(ChunkId chunk, Slot& slot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(slot.mu);

  const StoreContext context_;
  const vfs::RocksOptions rocks_;
  vfs::Mutex mu_;
  std::map<ChunkId, std::unique_ptr<Slot>> slots_ ABSL_GUARDED_BY(mu_);  // never taken out
};

}  // namespace permafrost::engine
