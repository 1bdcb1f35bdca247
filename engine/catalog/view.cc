// Parsing a whole catalog and asking it.
#include "engine/catalog/view.h"

#include <algorithm>
#include <variant>

#include "vfs/base/escape.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/file_system.h"

namespace permafrost::engine {
namespace {

absl::Status MalformedValue(std::string_view key, std::string_view value) {
  return vfs::DataLoss("parse catalog value of {}: {} is not a value of this key", key,
                       vfs::EscapedForError(value));
}

absl::StatusOr<ArtifactRecord> ParseValue(std::string_view key,
                                          const std::vector<std::string>& paths,
                                          std::string_view value) {
  std::optional<ArtifactRecord> record = ParseArtifactRecord(value);
  if (!record.has_value()) return MalformedValue(key, value);
  if (!record->files.empty()) {
    const bool is_same_files =
        std::equal(record->files.begin(), record->files.end(), paths.begin(), paths.end(),
                   [](const FileDigest& file, const std::string& path) {
                     return file.name == vfs::NameOf(path);
                   });
    if (!is_same_files) return MalformedValue(key, value);
  }
  return *std::move(record);
}

template <typename Map, typename MapKey>
auto StateIn(const Map& map, const MapKey& key) {
  const auto it = map.find(key);
  return it == map.end() ? std::nullopt : std::optional(it->second.state);
}

}  // namespace

std::optional<ArtifactState> CatalogView::StateOf(const ChunkArtifact& artifact) const {
  return StateIn(artifacts, artifact);
}

std::optional<ArtifactState> CatalogView::StateOf(const Coverage& coverage) const {
  return StateIn(coverages, coverage);
}

std::optional<HotState> CatalogView::StateOf(ChunkId hot_chunk) const {
  const auto it = hot.find(hot_chunk);
  return it == hot.end() ? std::nullopt : std::optional(it->second);
}

absl::StatusOr<std::optional<Coverage>> CatalogView::FrozenCoverage(const Geometry& geometry,
                                                                    WindowId window) const {
  const ChunkId first = geometry.FirstChunk(window);
  std::optional<Coverage> found;
  for (auto it = coverages.lower_bound(Coverage{window, {first, first}});
       it != coverages.end() && it->first.window == window; ++it) {
    if (it->second.state != ArtifactState::kFrozen) continue;
    if (found.has_value()) {
      return vfs::DataLoss("read coverage of window {}: {} and {} are both frozen (invariant 5)",
                           window.value(), KeyText(*found), KeyText(it->first));
    }
    found = it->first;
  }
  return found;
}

std::optional<Coverage> CatalogView::TaintedCoverage(const Geometry& geometry,
                                                     WindowId window) const {
  const ChunkId first = geometry.FirstChunk(window);
  std::optional<Coverage> found;
  for (auto it = coverages.lower_bound(Coverage{window, {first, first}});
       it != coverages.end() && it->first.window == window; ++it) {
    if (it->second.is_tainted()) found = it->first;
  }
  return found;
}

bool CatalogView::WasFrozen(const ChunkArtifact& artifact) const {
  const auto it = artifacts.find(artifact);
  return it != artifacts.end() &&
         (it->second.state == ArtifactState::kFrozen || it->second.is_tainted());
}

ChunkId CatalogView::LastCompleteChunk() const {
  ChunkId last = kBeforeFirstChunk;
  for (const auto& [artifact, record] : artifacts) {
    if (artifact.kind == ArtifactKind::kLedgers && WasFrozen(artifact))
      last = std::max(last, artifact.chunk);
  }
  for (const auto& [chunk, state] : hot) {
    if (state == HotState::kReady) last = std::max(last, Previous(chunk));
  }
  return last;
}

absl::StatusOr<ArtifactRecord> ParseArtifactValue(const Layout& layout,
                                                  const ChunkArtifact& artifact,
                                                  std::string_view value) {
  return ParseValue(KeyText(artifact), layout.PathsOf(artifact), value);
}

absl::StatusOr<ArtifactRecord> ParseCoverageValue(const Layout& layout,
                                                  const Coverage& coverage,
                                                  std::string_view value) {
  return ParseValue(KeyText(coverage), {layout.PathOf(coverage)}, value);
}

absl::StatusOr<HotState> ParseHotValue(ChunkId chunk, std::string_view value) {
  const std::optional<HotState> state = ParseHotState(value);
  if (!state.has_value()) return MalformedValue(KeyText(HotChunkKey{chunk}), value);
  return *state;
}

absl::StatusOr<CatalogView> ParseCatalog(const Layout& layout, const CatalogRows& rows) {
  CatalogView view;
  VFS_ASSIGN_OR_RETURN(view.pins, ParsePins(rows));
  for (const auto& [key_text, value] : rows) {
    VFS_ASSIGN_OR_RETURN(const Key key, ParseKey(layout.geometry(), key_text));
    if (const auto* artifact = std::get_if<ChunkArtifact>(&key)) {
      VFS_ASSIGN_OR_RETURN(view.artifacts[*artifact], ParseArtifactValue(layout, *artifact, value));
    } else if (const auto* coverage = std::get_if<Coverage>(&key)) {
      VFS_ASSIGN_OR_RETURN(view.coverages[*coverage], ParseCoverageValue(layout, *coverage, value));
    } else if (const auto* hot = std::get_if<HotChunkKey>(&key)) {
      VFS_ASSIGN_OR_RETURN(view.hot[hot->chunk], ParseHotValue(hot->chunk, value));
    }
  }
  return view;
}

}  // namespace permafrost::engine
