// Proving or renewing the name of an artifact's directory.
#include "engine/freeze/directories.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <absl/functional/function_ref.h>

#include "engine/catalog/deletion.h"
#include "vfs/base/probe.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

// Makes the directory if it is missing; says whether it was.
absl::StatusOr<bool> MakeIfMissing(vfs::FileSystem* fs, const std::string& directory) {
  const absl::Status made = fs->MakeDir(directory);
  if (made.ok()) return true;
  if (made.code() == absl::StatusCode::kAlreadyExists) return false;
  return made;
}

// Leftovers must be durably gone before the directory goes: its old inode may come back.
absl::Status Renew(vfs::FileSystem* fs,
                   const std::string& directory,
                   const std::vector<std::string>& leftovers,
                   Directories::Held& held,
                   const char* label) {
  VFS_PROBE("engine/freeze/directory_renewed");
  for (const std::string& path : leftovers) VFS_RETURN_IF_ERROR(RemoveName(fs, path));
  VFS_RETURN_IF_ERROR(held.Sync(label));
  VFS_RETURN_IF_ERROR(fs->RemoveDir(directory));
  return fs->MakeDir(directory);
}

// What an unproven directory holds. A key that is or was frozen (pruning, tainted) proves its
// directory: the freeze settled the name, and only a renewal removes one.
struct Contents {
  bool is_proven = false;
  std::vector<std::string> leftovers;  // paths that unfinished keys name
};

bool IsProof(const ArtifactRecord& record) {
  return record.state != ArtifactState::kFreezing || record.is_tainted();
}

absl::StatusOr<Contents> ContentsOfBucket(const StoreContext& context, const ChunkArtifact& own) {
  const Geometry& geometry = context.layout->geometry();
  ChunkRange bucket = geometry.ChunksOf(geometry.BucketOf(own.chunk));
  bucket.last = std::min(bucket.last, geometry.ChunkMax());
  // From the chunk downwards and then upwards: a frozen neighbour is most often the one before.
  std::vector<ChunkId> chunks;
  for (ChunkId c = own.chunk; c >= bucket.first; c = Previous(c)) chunks.push_back(c);
  for (ChunkId c = Next(own.chunk); c <= bucket.last; c = Next(c)) chunks.push_back(c);
  Contents contents;
  for (const ChunkId chunk : chunks) {
    const ChunkArtifact artifact{.chunk = chunk, .kind = own.kind};
    VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record,
                         context.catalog->Find(artifact));
    if (!record.has_value()) continue;
    if (IsProof(*record)) return Contents{.is_proven = true};
    for (std::string& path : context.layout->PathsOf(artifact))
      contents.leftovers.push_back(std::move(path));
  }
  return contents;
}

absl::StatusOr<Contents> ContentsOfWindow(const StoreContext& context, const Coverage& own) {
  VFS_ASSIGN_OR_RETURN(const auto coverages, context.catalog->FindCoverages(own.window));
  Contents contents;
  for (const auto& [coverage, record] : coverages) {
    if (IsProof(record)) return Contents{.is_proven = true};
    if (coverage != own) VFS_PROBE("engine/index/debris_unlinked");
    contents.leftovers.push_back(context.layout->PathOf(coverage));
  }
  return contents;
}

// Labels of the directory's own sync and of its parent's.
struct Labels {
  const char* write = nullptr;
  const char* grandparent = nullptr;
};

absl::Status Prepare(const StoreContext& context,
                     const std::string& directory,
                     absl::FunctionRef<absl::StatusOr<Contents>()> contents_of,
                     const Labels& labels) {
  Directories::Held held = context.directories->Hold(directory);
  if (held.is_proven()) return absl::OkStatus();
  PendingNames names(context.directories);
  names.Add(directory);
  VFS_ASSIGN_OR_RETURN(const bool is_new, MakeIfMissing(context.env.fs, directory));
  if (!is_new) {
    VFS_ASSIGN_OR_RETURN(const Contents contents, contents_of());
    if (contents.is_proven) {
      held.set_proven();
      return absl::OkStatus();
    }
    VFS_RETURN_IF_ERROR(Renew(context.env.fs, directory, contents.leftovers, held, labels.write));
  }
  VFS_RETURN_IF_ERROR(names.Settle(labels.grandparent));
  held.set_proven();
  return absl::OkStatus();
}

}  // namespace

absl::Status PrepareBucket(const StoreContext& context, const ChunkArtifact& own) {
  return Prepare(context, context.layout->DirOf(own),
                 [&] { return ContentsOfBucket(context, own); },
                 {.write = "freeze.write", .grandparent = "freeze.sync.grandparent"});
}

absl::Status PrepareWindow(const StoreContext& context, const Coverage& own) {
  return Prepare(context, context.layout->DirOf(own.window),
                 [&] { return ContentsOfWindow(context, own); },
                 {.write = "index.write", .grandparent = "index.sync.grandparent"});
}

}  // namespace permafrost::engine
