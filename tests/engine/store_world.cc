// The test world, its source, and the comparison of disk and catalog.
#include "tests/engine/store_world.h"

#include <array>
#include <variant>

#include <fmt/format.h>

#include "engine/catalog/read_file.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine::testing {
namespace {

void ListFiles(const vfs::FileSystem& fs,
               const std::string& directory,
               std::vector<std::string>& out) {
  const auto entries = fs.List(directory);
  if (!entries.ok()) return;
  for (const vfs::DirEntry& entry : *entries) {
    const std::string path = directory.empty() ? entry.name : vfs::JoinPath(directory, entry.name);
    if (entry.kind == vfs::FileKind::kDirectory) {
      ListFiles(fs, path, out);
    } else {
      out.push_back(path);
    }
  }
}

absl::Status AppendInTwo(vfs::File& file, std::string_view bytes) {
  VFS_RETURN_IF_ERROR(file.Append(bytes.substr(0, bytes.size() / 2)));
  return file.Append(bytes.substr(bytes.size() / 2));
}

std::string CheckFrozen(Store& store, const CatalogView& view) {
  for (const auto& [artifact, record] : view.artifacts) {
    if (record.state != ArtifactState::kFrozen || artifact.chunk < store.floor()) continue;
    const auto content = store.ReadArtifact(artifact);
    if (!content.ok()) return KeyText(artifact) + ": " + content.status().ToString();
    for (std::size_t file = 0; file < content->files.size(); ++file) {
      if (content->files[file] != ExpectedFile(artifact, file))
        return KeyText(artifact) + " differs";
    }
  }
  for (const auto& [coverage, record] : view.coverages) {
    const bool is_visible = record.state == ArtifactState::kFrozen &&
                            store.layout().geometry().LastChunk(coverage.window) >= store.floor();
    if (!is_visible) continue;
    const auto content = store.LookupWindow(coverage.window);
    if (!content.ok()) return KeyText(coverage) + ": " + content.status().ToString();
    if (content->bytes != ExpectedIndex(coverage)) return KeyText(coverage) + " differs";
  }
  return "";
}

}  // namespace

std::string ExpectedFile(const ChunkArtifact& artifact, std::size_t file) {
  std::string content;
  for (int block = 0; block < 150; ++block) {
    content += fmt::format("{}#{} block {};", KeyText(artifact), file, block);
  }
  return content;
}

std::string ExpectedIndex(const Coverage& coverage) {
  std::string content = KeyText(coverage);
  for (ChunkId c = coverage.chunks.first; c <= coverage.chunks.last; c = Next(c)) {
    const std::string run = ExpectedFile({.chunk = c, .kind = ArtifactKind::kTxHash}, 0);
    content += fmt::format(" {:08x}", vfs::Crc32c(run));
  }
  return content;
}

absl::StatusOr<ArtifactWriter> TestSource::ChunkWriter(const ChunkArtifact& artifact,
                                                       std::size_t file) {
  if (!complete.contains(artifact.chunk)) {
    return vfs::NotFound("ask test source: chunk {} is not complete", artifact.chunk.value());
  }
  return
      [artifact, file](vfs::File& out) { return AppendInTwo(out, ExpectedFile(artifact, file)); };
}

absl::StatusOr<ArtifactWriter> TestSource::IndexWriter(const Coverage& coverage,
                                                       HashRunFinder inputs) {
  return [coverage, inputs = std::move(inputs)](vfs::File& out) mutable -> absl::Status {
    std::string content = KeyText(coverage);
    for (ChunkId c = coverage.chunks.first; c <= coverage.chunks.last; c = Next(c)) {
      VFS_ASSIGN_OR_RETURN(const FrozenFile input, inputs(c));
      VFS_ASSIGN_OR_RETURN(const std::string run, ReadVerified(input));
      content += fmt::format(" {:08x}", vfs::Crc32c(run));
    }
    return AppendInTwo(out, content);
  };
}

StoreWorld::StoreWorld(sim::DiskState state) : disk_(std::move(state)) {}

StoreOptions StoreWorld::SmallOptions() {
  StoreOptions options;
  options.geometry =
      *Geometry::Create({.ledgers_per_chunk = 8, .chunks_per_window = 3, .chunks_per_bucket = 2});
  options.rocks.queued_jobs = true;
  options.holder = "4242";
  return options;
}

vfs::Env StoreWorld::Env(vfs::FileSystem* fs) {
  return {.fs = fs != nullptr ? fs : &disk_,
          .clock = &clock_,
          .executor = &queue_,
          .prng = &prng_,
          .log = &vfs::NullLog()};
}

absl::StatusOr<std::unique_ptr<Store>> StoreWorld::Open(const StoreOptions& options) {
  return Store::Open(Env(), options);
}

std::map<std::string, std::string> ArtifactFilesOn(const vfs::FileSystem& fs,
                                                   const Layout& layout) {
  std::vector<std::string> paths;
  ListFiles(fs, "", paths);
  std::map<std::string, std::string> files;
  for (const std::string& path : paths) {
    const auto owner = layout.OwnerOf(path);
    if (!owner.ok()) {
      files[path] = "nobody";
    } else if (const auto* file = std::get_if<ArtifactFile>(&*owner)) {
      files[path] = KeyText(file->artifact);
    } else if (const auto* coverage = std::get_if<Coverage>(&*owner)) {
      files[path] = KeyText(*coverage);
    } else if (const auto* hot = std::get_if<HotFile>(&*owner)) {
      files["hot of " + std::to_string(hot->chunk.value())] = KeyText(HotChunkKey{hot->chunk});
    }
  }
  return files;
}

std::string Disagreement(Store& store, const vfs::FileSystem& fs) {
  const auto view = store.View();
  if (!view.ok()) return view.status().ToString();
  std::set<std::string> keys;
  for (const auto& [artifact, record] : view->artifacts) keys.insert(KeyText(artifact));
  for (const auto& [coverage, record] : view->coverages) keys.insert(KeyText(coverage));
  for (const auto& [chunk, state] : view->hot) keys.insert(KeyText(HotChunkKey{chunk}));
  for (const auto& [path, key] : ArtifactFilesOn(fs, store.layout())) {
    if (!keys.contains(key)) return fmt::format("{} is a file of {}, which is absent", path, key);
  }
  for (const auto& [chunk, state] : view->hot) {
    if (state != HotState::kReady) continue;
    const auto db = store.OpenHot(chunk);
    if (!db.ok()) return fmt::format("hot {}: {}", chunk.value(), db.status().ToString());
  }
  return CheckFrozen(store, *view);
}

}  // namespace permafrost::engine::testing
