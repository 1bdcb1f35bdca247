// Composing and recognising paths.
#include "engine/layout/layout.h"

#include <array>
#include <cstdint>
#include <span>

#include <fmt/format.h>

#include "vfs/base/check.h"
#include "vfs/base/escape.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/file_system.h"

namespace permafrost::engine {
namespace {

constexpr std::size_t kIdDigits = 8;
constexpr std::size_t kBucketDigits = 5;

constexpr std::array<std::string_view, 1> kLedgerSuffixes = {".pack"};
constexpr std::array<std::string_view, 3> kEventSuffixes = {"-events.pack", "-index.pack",
                                                            "-index.hash"};
constexpr std::array<std::string_view, 1> kTxHashSuffixes = {".bin"};
constexpr std::string_view kIndexSuffix = ".idx";

std::span<const std::string_view> SuffixesOf(ArtifactKind kind) {
  switch (kind) {
    case ArtifactKind::kLedgers: return kLedgerSuffixes;
    case ArtifactKind::kEvents: return kEventSuffixes;
    case ArtifactKind::kTxHash: return kTxHashSuffixes;
  }
  VFS_CHECK(false, "artifact kind {}", static_cast<int>(kind));
}

std::vector<std::string_view> SplitPath(std::string_view path) {
  std::vector<std::string_view> components;
  while (true) {
    const std::size_t slash = path.find('/');
    components.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return components;
    path.remove_prefix(slash + 1);
  }
}

// The components of `path` below `root`, or nothing if it does not lie below it.
std::optional<std::vector<std::string_view>> Below(std::string_view root, std::string_view path) {
  if (path.size() <= root.size() + 1 || !path.starts_with(root) || path[root.size()] != '/') {
    return std::nullopt;
  }
  return SplitPath(path.substr(root.size() + 1));
}

// Whether the engine itself may give this name to something directly inside a root.
bool IsOwnName(std::string_view name) {
  return name == kLockFileName || name == kCatalogDirName ||
         ParseFixedDigits(name, kIdDigits).has_value() ||
         ParseFixedDigits(name, kBucketDigits).has_value();
}

std::optional<ArtifactKind> KindOfRoot(std::string_view root_name) {
  if (root_name == "ledgers") return ArtifactKind::kLedgers;
  if (root_name == "events") return ArtifactKind::kEvents;
  if (root_name == "txhash_raw") return ArtifactKind::kTxHash;
  return std::nullopt;
}

std::optional<ArtifactFile> ParseArtifactFile(const Geometry& geometry,
                                              ArtifactKind kind,
                                              std::string_view bucket_text,
                                              std::string_view name) {
  const auto bucket = ParseFixedDigits(bucket_text, kBucketDigits);
  const auto id = ParseFixedDigits(name.substr(0, kIdDigits), kIdDigits);
  if (!bucket.has_value() || !id.has_value()) return std::nullopt;
  const ChunkId chunk{static_cast<std::int32_t>(*id)};
  if (!geometry.IsValid(chunk) || geometry.BucketOf(chunk).value() != *bucket) return std::nullopt;
  const std::span<const std::string_view> suffixes = SuffixesOf(kind);
  for (std::size_t file = 0; file < suffixes.size(); ++file) {
    if (name.substr(kIdDigits) == suffixes[file]) {
      return ArtifactFile{.artifact = {.chunk = chunk, .kind = kind}, .file = file};
    }
  }
  return std::nullopt;
}

std::optional<Coverage> ParseIndexFile(const Geometry& geometry,
                                       std::string_view window_text,
                                       std::string_view name) {
  if (name.size() != kIdDigits + 1 + kIdDigits + kIndexSuffix.size() || name[kIdDigits] != '-' ||
      !name.ends_with(kIndexSuffix)) {
    return std::nullopt;
  }
  const auto window = ParseFixedDigits(window_text, kIdDigits);
  const auto first = ParseFixedDigits(name.substr(0, kIdDigits), kIdDigits);
  const auto last = ParseFixedDigits(name.substr(kIdDigits + 1, kIdDigits), kIdDigits);
  if (!window.has_value() || !first.has_value() || !last.has_value()) return std::nullopt;
  const Coverage coverage{.window = WindowId{*window},
                          .chunks = {ChunkId{static_cast<std::int32_t>(*first)},
                                     ChunkId{static_cast<std::int32_t>(*last)}}};
  const ChunkRange& chunks = coverage.chunks;
  const bool is_legal = geometry.IsValid(chunks.last) && !chunks.is_empty() &&
                        geometry.WindowOf(chunks.first) == coverage.window &&
                        geometry.WindowOf(chunks.last) == coverage.window;
  return is_legal ? std::optional(coverage) : std::nullopt;
}

absl::Status CheckPair(std::string_view outer_name,
                       std::string_view outer,
                       std::string_view inner_name,
                       std::string_view inner) {
  if (outer == inner) {
    return vfs::InvalidArgument("check roots: {} and {} are both '{}'; give each its own directory",
                                outer_name, inner_name, outer);
  }
  const auto components = Below(outer, inner);
  if (components.has_value() && IsOwnName(components->front())) {
    return vfs::InvalidArgument(
        "check roots: {} '{}' stands on a name that {} '{}' uses itself; choose another directory",
        inner_name, inner, outer_name, outer);
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<std::pair<std::string_view, std::string>> Roots::Configured() const {
  std::vector<std::pair<std::string_view, std::string>> configured = {
      {"catalog", catalog},       {"ledgers", ledgers},           {"events", events},
      {"txhash_raw", txhash_raw}, {"txhash_index", txhash_index}, {"hot", hot}};
  if (!journal.empty()) configured.emplace_back("journal", journal);
  if (!records.empty()) configured.emplace_back("records", records);
  return configured;
}

absl::StatusOr<Layout> Layout::Create(const Geometry& geometry, const Roots& roots) {
  const auto configured = roots.Configured();
  for (const auto& [name, path] : configured) {
    if (path.empty()) {
      return vfs::InvalidArgument("check roots: {} is empty; give it a directory", name);
    }
    VFS_RETURN_IF_ERROR(vfs::CheckPath(fmt::format("check root {}", name), path));
    for (const auto& [other_name, other] : configured) {
      if (other_name != name) VFS_RETURN_IF_ERROR(CheckPair(name, path, other_name, other));
    }
  }
  return Layout(geometry, roots);
}

std::size_t Layout::FileCount(ArtifactKind kind) { return SuffixesOf(kind).size(); }

const std::string& Layout::RootOf(ArtifactKind kind) const {
  switch (kind) {
    case ArtifactKind::kLedgers: return roots_.ledgers;
    case ArtifactKind::kEvents: return roots_.events;
    case ArtifactKind::kTxHash: return roots_.txhash_raw;
  }
  VFS_CHECK(false, "artifact kind {}", static_cast<int>(kind));
}

std::string Layout::DirOf(const ChunkArtifact& artifact) const {
  VFS_CHECK(geometry_.IsValid(artifact.chunk), "chunk {}", artifact.chunk.value());
  return vfs::JoinPath(RootOf(artifact.kind),
                       fmt::format("{:05d}", geometry_.BucketOf(artifact.chunk).value()));
}

std::string Layout::DirOf(WindowId window) const {
  return vfs::JoinPath(roots_.txhash_index, fmt::format("{:08d}", window.value()));
}

std::string Layout::PathOf(const ArtifactFile& file) const {
  const std::span<const std::string_view> suffixes = SuffixesOf(file.artifact.kind);
  VFS_CHECK(file.file < suffixes.size(), "file {} of {}", file.file, suffixes.size());
  return vfs::JoinPath(DirOf(file.artifact),
                       fmt::format("{:08d}{}", file.artifact.chunk.value(), suffixes[file.file]));
}

std::string Layout::PathOf(const Coverage& coverage) const {
  return vfs::JoinPath(DirOf(coverage.window),
                       fmt::format("{:08d}-{:08d}{}", coverage.chunks.first.value(),
                                   coverage.chunks.last.value(), kIndexSuffix));
}

std::vector<std::string> Layout::PathsOf(const ChunkArtifact& artifact) const {
  std::vector<std::string> paths;
  for (std::size_t file = 0; file < FileCount(artifact.kind); ++file) {
    paths.push_back(PathOf(ArtifactFile{.artifact = artifact, .file = file}));
  }
  return paths;
}

std::string Layout::HotDir(ChunkId chunk) const {
  VFS_CHECK(geometry_.IsValid(chunk), "chunk {}", chunk.value());
  return vfs::JoinPath(roots_.hot, fmt::format("{:08d}", chunk.value()));
}

std::string Layout::CatalogDir() const { return vfs::JoinPath(roots_.catalog, kCatalogDirName); }

std::optional<FileOwner> Layout::OwnerBelow(std::string_view root_name,
                                            const std::vector<std::string_view>& components) const {
  if (components.size() == 1 && components[0] == kLockFileName) return LockFile{};
  if (root_name == "catalog") {
    const bool in_database = components.size() > 1 && components[0] == kCatalogDirName;
    return in_database ? std::optional<FileOwner>(CatalogFile{}) : std::nullopt;
  }
  if (root_name == "hot" && components.size() > 1) {
    const auto id = ParseFixedDigits(components[0], kIdDigits);
    if (!id.has_value()) return std::nullopt;
    const ChunkId chunk{static_cast<std::int32_t>(*id)};
    return geometry_.IsValid(chunk) ? std::optional<FileOwner>(HotFile{chunk}) : std::nullopt;
  }
  if (components.size() != 2) return std::nullopt;
  if (root_name == "txhash_index") {
    return ParseIndexFile(geometry_, components[0], components[1]);
  }
  const std::optional<ArtifactKind> kind = KindOfRoot(root_name);
  if (!kind.has_value()) return std::nullopt;
  return ParseArtifactFile(geometry_, *kind, components[0], components[1]);
}

absl::StatusOr<FileOwner> Layout::OwnerOf(std::string_view path) const {
  VFS_RETURN_IF_ERROR(vfs::CheckPath("find owner of", path));
  for (const auto& [name, root] : roots_.Configured()) {
    const auto components = Below(root, path);
    if (!components.has_value()) continue;
    const std::optional<FileOwner> owner = OwnerBelow(name, *components);
    if (owner.has_value()) return *owner;
  }
  return vfs::InvalidArgument("find owner of {}: no catalog key of geometry {} names this path",
                              vfs::EscapedForError(path), geometry_.Text());
}

std::optional<ChunkId> Layout::HotChunkOfDir(std::string_view path) const {
  const auto components = Below(roots_.hot, path);
  if (!components.has_value() || components->size() != 1) return std::nullopt;
  const auto id = ParseFixedDigits(components->front(), kIdDigits);
  if (!id.has_value()) return std::nullopt;
  const ChunkId chunk{static_cast<std::int32_t>(*id)};
  return geometry_.IsValid(chunk) ? std::optional(chunk) : std::nullopt;
}

}  // namespace permafrost::engine
