// F1 to F6 and N1 to N5.
#include "engine/freeze/freeze.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/freeze/directories.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"

namespace permafrost::engine {
namespace {

struct PendingArtifact {
  ChunkArtifact artifact;
  std::vector<ArtifactWriter> writers;  // one for each file
};

std::set<std::string> ClaimsOf(ChunkId chunk, std::span<const ArtifactKind> kinds) {
  std::set<std::string> keys;
  for (const ArtifactKind kind : kinds)
    keys.insert(KeyText(ChunkArtifact{.chunk = chunk, .kind = kind}));
  return keys;
}

// Whether the whole window is indexed: its hash runs are spent for good.
absl::StatusOr<bool> IsFinished(const StoreContext& context, WindowId window) {
  VFS_ASSIGN_OR_RETURN(const std::optional<FrozenIndex> index,
                       context.catalog->FindFrozenIndex(window));
  return index.has_value() && index->coverage.chunks == context.layout->geometry().ChunksOf(window);
}

absl::StatusOr<std::vector<ArtifactKind>> KindsLeft(const StoreContext& context,
                                                    ChunkId chunk,
                                                    std::span<const ArtifactKind> kinds) {
  std::vector<ArtifactKind> left;
  for (const ArtifactKind kind : kinds) {
    VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record,
                         context.catalog->Find(ChunkArtifact{.chunk = chunk, .kind = kind}));
    if (record.has_value() && record->state == ArtifactState::kFrozen) continue;
    // Asked after the record: an index that demoted the run is seen here.
    bool is_spent = false;
    if (kind == ArtifactKind::kTxHash) {
      VFS_ASSIGN_OR_RETURN(is_spent,
                           IsFinished(context, context.layout->geometry().WindowOf(chunk)));
    }
    if (!is_spent) left.push_back(kind);
  }
  return left;
}

absl::StatusOr<std::vector<PendingArtifact>> AskSource(ArtifactSource& source,
                                                       ChunkId chunk,
                                                       const std::vector<ArtifactKind>& kinds) {
  std::vector<PendingArtifact> pending;
  for (const ArtifactKind kind : kinds) {
    PendingArtifact artifact{.artifact = {.chunk = chunk, .kind = kind}, .writers = {}};
    for (std::size_t file = 0; file < Layout::FileCount(kind); ++file) {
      VFS_ASSIGN_OR_RETURN(ArtifactWriter writer, source.ChunkWriter(artifact.artifact, file));
      artifact.writers.push_back(std::move(writer));
    }
    pending.push_back(std::move(artifact));
  }
  return pending;
}

absl::Status WriteArtifact(const StoreContext& context, PendingArtifact& pending, NewFiles& files) {
  VFS_RETURN_IF_ERROR(PrepareBucket(context, pending.artifact));
  for (std::size_t file = 0; file < pending.writers.size(); ++file) {
    const ArtifactFile target{.artifact = pending.artifact, .file = file};
    VFS_RETURN_IF_ERROR(
        files.Write(context.layout->PathOf(target), std::move(pending.writers[file])));
  }
  return absl::OkStatus();
}

// Every hash run of the coverage is frozen, or nothing is touched.
absl::Status CheckInputs(const StoreContext& context,
                         const Coverage& coverage,
                         const CatalogSnapshot& at) {
  for (ChunkId c = coverage.chunks.first; c <= coverage.chunks.last; c = Next(c)) {
    const ChunkArtifact input{.chunk = c, .kind = ArtifactKind::kTxHash};
    VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record,
                         context.catalog->Find(input, &at));
    if (!record.has_value() || record->state != ArtifactState::kFrozen) {
      return vfs::Aborted("build {}: input {} is not frozen; plan again", KeyText(coverage),
                          KeyText(input));
    }
  }
  return absl::OkStatus();
}

// `at` must outlive the finder.
HashRunFinder InputsOf(const StoreContext& context,
                       const Coverage& coverage,
                       const CatalogSnapshot* at) {
  return [context, coverage, at](ChunkId chunk) -> absl::StatusOr<FrozenFile> {
    if (!coverage.chunks.Contains(chunk)) {
      return vfs::InvalidArgument("read input of {}: chunk {} is outside", KeyText(coverage),
                                  chunk.value());
    }
    const ChunkArtifact input{.chunk = chunk, .kind = ArtifactKind::kTxHash};
    VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record,
                         context.catalog->Find(input, at));
    if (!record.has_value() || record->state != ArtifactState::kFrozen) {
      return vfs::FailedPrecondition("read input {}: not frozen", KeyText(input));
    }
    return FrozenFile{.fs = context.env.fs,
                      .path = context.layout->PathOf(ArtifactFile{.artifact = input, .file = 0}),
                      .digest = record->files.front()};
  };
}

}  // namespace

absl::Status FreezeChunk(const StoreContext& context,
                         ChunkId chunk,
                         std::span<const ArtifactKind> kinds,
                         ArtifactSource& source,
                         absl::FunctionRef<absl::Status()> before_flip) {
  const KeyClaims::Held claim = context.catalog->claims().Take(ClaimsOf(chunk, kinds));
  VFS_ASSIGN_OR_RETURN(const std::vector<ArtifactKind> left, KindsLeft(context, chunk, kinds));
  if (left.empty()) return absl::OkStatus();
  VFS_ASSIGN_OR_RETURN(std::vector<PendingArtifact> pending, AskSource(source, chunk, left));

  // (F1)
  VFS_RETURN_IF_ERROR(context.catalog->MarkChunkFreezing(chunk, left));
  // (F5, F2)
  NewFiles files(context.env.fs, context.directories);
  {
    const vfs::Step step("freeze.write");
    for (PendingArtifact& artifact : pending) {
      VFS_RETURN_IF_ERROR(WriteArtifact(context, artifact, files));
    }
  }
  // (F3)
  {
    const vfs::Step step("freeze.sync.file");
    VFS_RETURN_IF_ERROR(files.SyncFiles());
  }
  VFS_RETURN_IF_ERROR(files.Close());
  // (F4)
  VFS_RETURN_IF_ERROR(files.SettleNames("freeze.sync.parent"));
  VFS_RETURN_IF_ERROR(before_flip());
  // (F6) Files, lengths and both levels of names are durable before the flip.
  std::vector<std::pair<ChunkArtifact, ArtifactRecord>> frozen;
  auto digest = files.digests().begin();
  for (const PendingArtifact& artifact : pending) {
    const auto count = static_cast<std::ptrdiff_t>(artifact.writers.size());
    frozen.emplace_back(artifact.artifact, ArtifactRecord{.state = ArtifactState::kFrozen,
                                                          .files = {digest, digest + count}});
    digest += count;
  }
  return context.catalog->FlipChunkFrozen(frozen);
}

absl::Status BuildIndex(const StoreContext& context,
                        const Coverage& coverage,
                        ChunkId floor,
                        ArtifactSource& source) {
  const KeyClaims::Held claim = context.catalog->claims().Take({WindowKeyPrefix(coverage.window)});
  // Holds the inputs until the index is built.
  const CatalogSnapshot now = context.catalog->Snapshot();
  // Before the inputs are asked for: those of a finished window are gone.
  VFS_ASSIGN_OR_RETURN(const std::optional<FrozenIndex> frozen,
                       context.catalog->FindFrozenIndex(coverage.window, &now));
  if (frozen.has_value()) {
    const ChunkRange before = frozen->coverage.chunks;
    if (before.Contains(coverage.chunks)) {
      VFS_PROBE("engine/index/already_frozen");
      return absl::OkStatus();
    }
    const ChunkRange retained = {std::max(before.first, floor), before.last};
    if (!coverage.chunks.Contains(retained)) {
      VFS_PROBE("engine/index/uncovering_refused");
      return vfs::Aborted("build {}: it would uncover chunks of {}; plan again", KeyText(coverage),
                          KeyText(frozen->coverage));
    }
  }
  VFS_RETURN_IF_ERROR(CheckInputs(context, coverage, now));
  VFS_ASSIGN_OR_RETURN(ArtifactWriter writer,
                       source.IndexWriter(coverage, InputsOf(context, coverage, &now)));

  // (N1)
  VFS_RETURN_IF_ERROR(context.catalog->MarkIndexFreezing(coverage));
  // (N4's second half, N2)
  NewFiles files(context.env.fs, context.directories);
  {
    const vfs::Step step("index.write");
    VFS_RETURN_IF_ERROR(PrepareWindow(context, coverage));
    VFS_RETURN_IF_ERROR(files.Write(context.layout->PathOf(coverage), std::move(writer)));
  }
  // (N3)
  {
    const vfs::Step step("index.sync.file");
    VFS_RETURN_IF_ERROR(files.SyncFiles());
  }
  VFS_RETURN_IF_ERROR(files.Close());
  // (N4)
  VFS_RETURN_IF_ERROR(files.SettleNames("index.sync.parent"));
  // (N5)
  return context.catalog->CommitIndex(coverage, files.digests().front());
}

}  // namespace permafrost::engine
