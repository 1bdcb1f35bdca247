// From keys to bytes, all as of one snapshot.
#include "engine/store/read_view.h"

#include <utility>

#include "engine/retention/retention.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {

absl::StatusOr<std::optional<ArtifactRecord>> ReadView::FindRecord(
    const ChunkArtifact& artifact) const {
  VFS_ASSIGN_OR_RETURN(std::optional<ArtifactRecord> record,
                       context_.catalog->Find(artifact, &at_));
  if (record.has_value() && record->state != ArtifactState::kFrozen) record.reset();
  return record;
}

std::vector<FrozenFile> ReadView::FilesOf(const ChunkArtifact& artifact,
                                          const ArtifactRecord& record) const {
  std::vector<std::string> paths = context_.layout->PathsOf(artifact);
  std::vector<FrozenFile> files;
  for (std::size_t file = 0; file < paths.size(); ++file) {
    files.push_back(
        {.fs = context_.env.fs, .path = std::move(paths[file]), .digest = record.files[file]});
  }
  return files;
}

absl::StatusOr<std::optional<std::vector<FrozenFile>>> ReadView::FindFrozen(
    const ChunkArtifact& artifact) const {
  VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record, FindRecord(artifact));
  if (!record.has_value()) return std::nullopt;
  return FilesOf(artifact, *record);
}

absl::StatusOr<std::optional<HotHandle>> ReadView::FindHot(ChunkId chunk) const {
  VFS_ASSIGN_OR_RETURN(const std::optional<HotState> hot,
                       context_.catalog->Find(HotChunkKey{chunk}, &at_));
  if (hot != HotState::kReady) return std::nullopt;
  return hot_->OpenToRead(chunk);
}

absl::StatusOr<std::optional<ReadView::FrozenIndexFile>> ReadView::FindIndex(
    WindowId window) const {
  VFS_ASSIGN_OR_RETURN(const std::optional<FrozenIndex> index,
                       context_.catalog->FindFrozenIndex(window, &at_));
  if (!index.has_value()) return std::nullopt;
  return FrozenIndexFile{.coverage = index->coverage,
                         .file = {.fs = context_.env.fs,
                                  .path = context_.layout->PathOf(index->coverage),
                                  .digest = index->file}};
}

absl::StatusOr<ArtifactContent> ReadView::ReadArtifact(const ChunkArtifact& artifact) const {
  VFS_RETURN_IF_ERROR(AdmitRead(artifact.chunk, floor_));
  VFS_ASSIGN_OR_RETURN(const std::optional<std::vector<FrozenFile>> files, FindFrozen(artifact));
  if (!files.has_value()) {
    ArtifactContent content{.home = Home::kHot};
    VFS_ASSIGN_OR_RETURN(content.hot_rows, ReadHot(artifact));
    return content;
  }
  ArtifactContent content{.home = Home::kCold};
  for (const FrozenFile& file : *files) {
    VFS_ASSIGN_OR_RETURN(std::string bytes, ReadVerified(file));
    content.files.push_back(std::move(bytes));
  }
  return content;
}

absl::StatusOr<std::vector<vfs::RocksDb::Row>> ReadView::ReadHot(
    const ChunkArtifact& artifact) const {
  VFS_RETURN_IF_ERROR(AdmitRead(artifact.chunk, floor_));
  VFS_ASSIGN_OR_RETURN(const std::optional<HotHandle> db, FindHot(artifact.chunk));
  if (!db.has_value()) return vfs::NotFound("read {}: neither frozen nor hot", KeyText(artifact));
  const std::string prefix = std::string(ToString(artifact.kind)) + ":";
  return (*db)->Scan(vfs::kDefaultFamily, vfs::PrefixRange(prefix));
}

absl::StatusOr<IndexContent> ReadView::LookupWindow(WindowId window) const {
  VFS_RETURN_IF_ERROR(AdmitRead(geometry().LastChunk(window), floor_));
  VFS_ASSIGN_OR_RETURN(const std::optional<FrozenIndexFile> index, FindIndex(window));
  if (!index.has_value())
    return vfs::NotFound("look up window {}: no frozen index", window.value());
  VFS_ASSIGN_OR_RETURN(std::string bytes, ReadVerified(index->file));
  return IndexContent{.coverage = index->coverage, .bytes = std::move(bytes)};
}

}  // namespace permafrost::engine
