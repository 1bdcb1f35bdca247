// From keys to bytes, all as of one snapshot.
#include "engine/store/read_view.h"

#include "engine/catalog/read_file.h"
#include "engine/retention/retention.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {

absl::StatusOr<ArtifactContent> ReadView::ReadArtifact(const ChunkArtifact& artifact) const {
  VFS_RETURN_IF_ERROR(AdmitRead(artifact.chunk, floor_));
  VFS_ASSIGN_OR_RETURN(const std::optional<ArtifactRecord> record,
                       context_.catalog->Find(artifact, &at_));
  if (record.has_value() && record->state == ArtifactState::kFrozen) {
    ArtifactContent content{.home = Home::kCold};
    const std::vector<std::string> paths = context_.layout->PathsOf(artifact);
    for (std::size_t file = 0; file < paths.size(); ++file) {
      VFS_ASSIGN_OR_RETURN(std::string bytes,
                           ReadVerified(*context_.env.fs, paths[file], record->files[file]));
      content.files.push_back(std::move(bytes));
    }
    return content;
  }
  ArtifactContent content{.home = Home::kHot};
  VFS_ASSIGN_OR_RETURN(content.hot_rows, ReadHot(artifact));
  return content;
}

absl::StatusOr<std::vector<vfs::RocksDb::Row>> ReadView::ReadHot(
    const ChunkArtifact& artifact) const {
  VFS_RETURN_IF_ERROR(AdmitRead(artifact.chunk, floor_));
  VFS_ASSIGN_OR_RETURN(const std::optional<HotState> hot,
                       context_.catalog->Find(HotChunkKey{artifact.chunk}, &at_));
  if (hot != HotState::kReady) {
    return vfs::NotFound("read {}: neither frozen nor hot", KeyText(artifact));
  }
  VFS_ASSIGN_OR_RETURN(const HotHandle db, hot_->Open(artifact.chunk));
  const std::string prefix = std::string(ToString(artifact.kind)) + ":";
  return db->Scan(vfs::kDefaultFamily, vfs::PrefixRange(prefix));
}

absl::StatusOr<IndexContent> ReadView::LookupWindow(WindowId window) const {
  VFS_RETURN_IF_ERROR(AdmitRead(context_.layout->geometry().LastChunk(window), floor_));
  VFS_ASSIGN_OR_RETURN(const std::optional<FrozenIndex> index,
                       context_.catalog->FindFrozenIndex(window, &at_));
  if (!index.has_value()) {
    return vfs::NotFound("look up window {}: no frozen index", window.value());
  }
  VFS_ASSIGN_OR_RETURN(
      std::string bytes,
      ReadVerified(*context_.env.fs, context_.layout->PathOf(index->coverage), index->file));
  return IndexContent{.coverage = index->coverage, .bytes = std::move(bytes)};
}

}  // namespace permafrost::engine
