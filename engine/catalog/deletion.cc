// Demote, unlink, settle, delete the key.
#include "engine/catalog/deletion.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "vfs/base/probe.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"
#include "vfs/durable.h"

namespace permafrost::engine {
namespace {

// Whether a key may be destroyed now: it exists and is not frozen.
template <typename KeyType>
absl::StatusOr<bool> IsDestroyable(const StoreContext& context, const KeyType& key) {
  VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record, context.catalog->Find(key));
  if (!record.has_value()) {
    VFS_PROBE("engine/delete/key_already_gone");
    return false;
  }
  if (record->state != ArtifactState::kFrozen) return true;
  VFS_PROBE("engine/delete/frozen_again_skipped");
  context.env.log->Warning("destroy {}: frozen again, left alone", KeyText(key));
  return false;
}

}  // namespace

absl::Status RemoveName(vfs::FileSystem* fs, std::string_view path) {
  const absl::Status unlinked = fs->Unlink(path);
  if (unlinked.code() != absl::StatusCode::kNotFound) return unlinked;
  VFS_PROBE("engine/delete/already_gone");
  absl::StatusOr<std::unique_ptr<vfs::File>> again = fs->Create(path);
  if (again.status().code() == absl::StatusCode::kNotFound)
    return absl::OkStatus();  // no directory
  VFS_RETURN_IF_ERROR(again.status());
  VFS_RETURN_IF_ERROR((*again)->Close());
  return fs->Unlink(path);
}

absl::Status RemoveDirName(vfs::FileSystem* fs, std::string_view directory) {
  VFS_ASSIGN_OR_RETURN(const bool exists, fs->Exists(directory));
  if (exists) return vfs::RemoveTree(fs, directory);
  VFS_PROBE("engine/delete/hot_already_gone");
  VFS_RETURN_IF_ERROR(fs->MakeDir(directory));
  return fs->RemoveDir(directory);
}

absl::Status Destroy(const StoreContext& context, const DeletionRefs& refs) {
  DeletionRefs live;
  std::vector<std::string> paths;
  for (const ChunkArtifact& artifact : refs.artifacts) {
    VFS_ASSIGN_OR_RETURN(const bool destroyable, IsDestroyable(context, artifact));
    if (!destroyable) continue;
    live.artifacts.push_back(artifact);
    for (std::string& path : context.layout->PathsOf(artifact)) paths.push_back(std::move(path));
  }
  for (const Coverage& coverage : refs.coverages) {
    VFS_ASSIGN_OR_RETURN(const bool destroyable, IsDestroyable(context, coverage));
    if (!destroyable) continue;
    live.coverages.push_back(coverage);
    paths.push_back(context.layout->PathOf(coverage));
  }
  if (live.empty()) return absl::OkStatus();

  {
    const vfs::Step step("delete.unlink");
    for (const std::string& path : paths) {
      VFS_RETURN_IF_ERROR(RemoveName(context.env.fs, path));
    }
  }
  VFS_RETURN_IF_ERROR(vfs::SyncParents(context.env.fs, paths, "delete.sync.parent"));
  return context.catalog->DeleteKeys(live);
}

absl::Status Delete(const StoreContext& context, const DeletionRefs& refs) {
  VFS_RETURN_IF_ERROR(context.catalog->Demote(refs));
  return Destroy(context, refs);
}

}  // namespace permafrost::engine
