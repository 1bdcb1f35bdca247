// Demote, unlink, settle, delete the key.
#include "engine/catalog/deletion.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "vfs/base/probe.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"
#include "vfs/durable.h"

namespace permafrost::engine {
namespace {

enum class Verdict { kDestroy, kLeave, kStillRead };

// What to do with a key that its caller has claimed.
template <typename KeyType>
absl::StatusOr<Verdict> Judge(const StoreContext& context, const KeyType& key) {
  VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record, context.catalog->Find(key));
  if (!record.has_value()) {
    VFS_PROBE("engine/delete/key_already_gone");
    return Verdict::kLeave;
  }
  if (record->state == ArtifactState::kFrozen) {
    VFS_PROBE("engine/delete/frozen_again_skipped");
    context.env.log->Warning("sweep {}: frozen again, left alone", KeyText(key));
    return Verdict::kLeave;
  }
  if (!context.catalog->IsStillRead(key)) return Verdict::kDestroy;
  VFS_PROBE("engine/delete/still_read_deferred");
  return Verdict::kStillRead;
}

std::set<std::string> ClaimsOf(const ArtifactRefs& refs) {
  std::set<std::string> keys;
  for (const ChunkArtifact& artifact : refs.artifacts) keys.insert(KeyText(artifact));
  for (const Coverage& coverage : refs.coverages) keys.insert(WindowKeyPrefix(coverage.window));
  return keys;
}

}  // namespace

absl::StatusOr<std::size_t> Sweep(const StoreContext& context, const ArtifactRefs& refs) {
  const KeyClaims::Held claim = context.catalog->claims().Take(ClaimsOf(refs));
  ArtifactRefs live;
  std::vector<std::string> paths;
  std::size_t deferred = 0;
  for (const ChunkArtifact& artifact : refs.artifacts) {
    VFS_ASSIGN_OR_RETURN(const Verdict verdict, Judge(context, artifact));
    if (verdict == Verdict::kStillRead) ++deferred;
    if (verdict != Verdict::kDestroy) continue;
    live.artifacts.push_back(artifact);
    for (std::string& path : context.layout->PathsOf(artifact)) paths.push_back(std::move(path));
  }
  for (const Coverage& coverage : refs.coverages) {
    VFS_ASSIGN_OR_RETURN(const Verdict verdict, Judge(context, coverage));
    if (verdict == Verdict::kStillRead) ++deferred;
    if (verdict != Verdict::kDestroy) continue;
    live.coverages.push_back(coverage);
    paths.push_back(context.layout->PathOf(coverage));
  }
  if (live.empty()) return deferred;

  PendingNames names(context.directories);
  {
    const vfs::Step step("delete.unlink");
    for (const std::string& path : paths) {
      names.Add(path);
      // A directory that is being made anew must not get a name from here.
      const Directories::Held directory = context.directories->Hold(vfs::ParentOf(path));
      VFS_RETURN_IF_ERROR(RemoveName(context.env.fs, path));
    }
  }
  VFS_RETURN_IF_ERROR(names.Settle("delete.sync.parent"));
  VFS_RETURN_IF_ERROR(context.catalog->DeleteKeys(live));
  return deferred;
}

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

absl::StatusOr<std::size_t> Delete(const StoreContext& context, const ArtifactRefs& refs) {
  VFS_RETURN_IF_ERROR(context.catalog->Demote(refs));
  return Sweep(context, refs);
}

}  // namespace permafrost::engine
