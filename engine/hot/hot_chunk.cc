// The hot bracket.
#include "engine/hot/hot_chunk.h"

#include <optional>
#include <string>

#include "engine/catalog/database_options.h"
#include "engine/catalog/deletion.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"
#include "vfs/durable.h"

namespace permafrost::engine {

absl::StatusOr<std::unique_ptr<vfs::RocksDb>> CreateHotChunk(const StoreContext& context,
                                                             ChunkId chunk,
                                                             const vfs::RocksOptions& rocks) {
  vfs::FileSystem* const fs = context.env.fs;
  const std::string directory = context.layout->HotDir(chunk);
  VFS_ASSIGN_OR_RETURN(const std::optional<HotState> state,
                       context.catalog->Find(HotChunkKey{chunk}));
  if (state == HotState::kReady) {
    return vfs::FailedPrecondition("create {}: it is ready; open it", directory);
  }
  PendingNames names(context.directories);
  names.Add(directory);
  // (H1)
  {
    const vfs::Step step("hot.wipe");
    VFS_ASSIGN_OR_RETURN(const bool is_left, fs->Exists(directory));
    if (is_left) {
      VFS_PROBE("engine/hot/transient_wiped");
      VFS_RETURN_IF_ERROR(vfs::RemoveTree(fs, directory));
    }
  }
  // (H2)
  VFS_RETURN_IF_ERROR(context.catalog->MarkHotTransient(chunk));
  // (H3)
  std::unique_ptr<vfs::RocksDb> db;
  {
    const vfs::Step step("hot.create");
    VFS_RETURN_IF_ERROR(fs->MakeDir(directory));
    VFS_ASSIGN_OR_RETURN(db,
                         vfs::RocksDb::Open(context.env, directory,
                                            DatabaseOptions(rocks, vfs::OpenRule::kMustNotExist)));
  }
  // (H4)
  VFS_RETURN_IF_ERROR(vfs::SettleDir(fs, directory, "hot.sync.dir"));
  // (H5)
  VFS_RETURN_IF_ERROR(names.Settle("hot.sync.parent"));
  // (H6)
  VFS_RETURN_IF_ERROR(context.catalog->FlipHotReady(chunk));
  return db;
}

absl::StatusOr<std::unique_ptr<vfs::RocksDb>> OpenHotChunk(const StoreContext& context,
                                                           ChunkId chunk,
                                                           const vfs::RocksOptions& rocks) {
  const std::string directory = context.layout->HotDir(chunk);
  absl::StatusOr<std::unique_ptr<vfs::RocksDb>> db =
      vfs::RocksDb::Open(context.env, directory, DatabaseOptions(rocks, vfs::OpenRule::kMustExist));
  if (db.status().code() == absl::StatusCode::kNotFound) {
    VFS_PROBE("engine/hot/ready_without_database");
    return vfs::DataLoss(
        "open {}: {} is ready but the database is gone; restore it or demote the key", directory,
        KeyText(HotChunkKey{chunk}));
  }
  return db;
}

absl::Status DestroyHotChunk(const StoreContext& context, ChunkId chunk) {
  VFS_ASSIGN_OR_RETURN(const std::optional<HotState> state,
                       context.catalog->Find(HotChunkKey{chunk}));
  if (state != HotState::kTransient) {
    if (state == HotState::kReady) VFS_PROBE("engine/delete/ready_again_skipped");
    return absl::OkStatus();
  }
  const std::string directory = context.layout->HotDir(chunk);
  PendingNames names(context.directories);
  names.Add(directory);
  {
    const vfs::Step step("delete.unlink");
    VFS_RETURN_IF_ERROR(RemoveDirName(context.env.fs, directory));
  }
  VFS_RETURN_IF_ERROR(names.Settle("delete.sync.parent"));
  return context.catalog->DeleteHotKey(chunk);
}

}  // namespace permafrost::engine
