// Proving or renewing the name of an artifact's directory.
#include "engine/freeze/directories.h"

#include <algorithm>
#include <string>
#include <vector>

#include "engine/catalog/deletion.h"
#include "vfs/base/probe.h"
#include "vfs/base/status_macros.h"
#include "vfs/durable.h"

namespace permafrost::engine {
namespace {

// Makes the directory if it is missing; says whether it was.
absl::StatusOr<bool> MakeIfMissing(vfs::FileSystem* fs, const std::string& directory) {
  const absl::Status made = fs->MakeDir(directory);
  if (made.ok()) return true;
  if (made.code() == absl::StatusCode::kAlreadyExists) return false;
  return made;
}

// Our own leftovers must be durably gone before the directory goes: its old inode may come back.
absl::Status Renew(vfs::FileSystem* fs,
                   const std::string& directory,
                   const std::vector<std::string>& own_paths,
                   const char* label) {
  VFS_PROBE("engine/freeze/directory_renewed");
  for (const std::string& path : own_paths) VFS_RETURN_IF_ERROR(RemoveName(fs, path));
  VFS_RETURN_IF_ERROR(vfs::SettleDir(fs, directory, label));
  VFS_RETURN_IF_ERROR(fs->RemoveDir(directory));
  return fs->MakeDir(directory);
}

}  // namespace

absl::Status PrepareBucket(const StoreContext& context, const ChunkArtifact& own) {
  const std::string directory = context.layout->DirOf(own);
  VFS_ASSIGN_OR_RETURN(const bool is_new, MakeIfMissing(context.env.fs, directory));
  if (is_new) return absl::OkStatus();
  const Geometry& geometry = context.layout->geometry();
  ChunkRange bucket = geometry.ChunksOf(geometry.BucketOf(own.chunk));
  bucket.last = std::min(bucket.last, geometry.ChunkMax());
  DeletionRefs debris;
  // From the chunk downwards and then upwards: a frozen neighbour is most often the one before.
  std::vector<ChunkId> others;
  for (ChunkId c = Previous(own.chunk); c >= bucket.first; c = Previous(c)) others.push_back(c);
  for (ChunkId c = Next(own.chunk); c <= bucket.last; c = Next(c)) others.push_back(c);
  for (const ChunkId chunk : others) {
    const ChunkArtifact other{.chunk = chunk, .kind = own.kind};
    VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record, context.catalog->Find(other));
    if (!record.has_value()) continue;
    if (record->state == ArtifactState::kFrozen) return absl::OkStatus();
    debris.artifacts.push_back(other);
  }
  VFS_RETURN_IF_ERROR(Destroy(context, debris));
  return Renew(context.env.fs, directory, context.layout->PathsOf(own), "freeze.write");
}

absl::Status PrepareWindow(const StoreContext& context, const Coverage& own) {
  const std::string directory = context.layout->DirOf(own.window);
  VFS_ASSIGN_OR_RETURN(const bool is_new, MakeIfMissing(context.env.fs, directory));
  if (is_new) return absl::OkStatus();
  VFS_ASSIGN_OR_RETURN(const auto coverages, context.catalog->FindCoverages(own.window));
  DeletionRefs debris;
  for (const auto& [coverage, record] : coverages) {
    if (record.state == ArtifactState::kFrozen) return absl::OkStatus();
    if (coverage != own) debris.coverages.push_back(coverage);
  }
  if (!debris.empty()) VFS_PROBE("engine/index/debris_swept");
  VFS_RETURN_IF_ERROR(Destroy(context, debris));
  return Renew(context.env.fs, directory, {context.layout->PathOf(own)}, "index.write");
}

}  // namespace permafrost::engine
