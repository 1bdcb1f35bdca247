// Where everything lives: the only code that composes a path, and its exact inverse.
//
//   <catalog>/rocksdb/                                 the catalog's database
//   <hot>/<chunk:08d>/                                 one database per hot chunk
//   <ledgers>/<bucket:05d>/<chunk:08d>.pack
//   <events>/<bucket:05d>/<chunk:08d>-events.pack  -index.pack  -index.hash
//   <txhash_raw>/<bucket:05d>/<chunk:08d>.bin
//   <txhash_index>/<window:08d>/<lo:08d>-<hi:08d>.idx
//   <every root>/permafrost.lock
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/layout/keys.h"

namespace permafrost::engine {

inline constexpr std::string_view kLockFileName = "permafrost.lock";
inline constexpr std::string_view kCatalogDirName = "rocksdb";

// Directories below the file system's root, each settable on its own; "" for the last two: not
// configured.
struct Roots {
  std::string catalog = "catalog";
  std::string ledgers = "ledgers";
  std::string events = "events";
  std::string txhash_raw = "txhash/raw";
  std::string txhash_index = "txhash/index";
  std::string hot = "hot";
  std::string journal = {};
  std::string records = {};

  // (name, path) of every configured root, in the order above.
  std::vector<std::pair<std::string_view, std::string>> Configured() const;
};

// One file of a frozen chunk; `file` counts from 0 (an events artifact has three).
struct ArtifactFile {
  ChunkArtifact artifact;
  std::size_t file = 0;
  friend constexpr auto operator<=>(const ArtifactFile&, const ArtifactFile&) = default;
};

// Something inside a database directory, which the database names itself.
struct CatalogFile {
  friend constexpr auto operator<=>(const CatalogFile&, const CatalogFile&) = default;
};
struct HotFile {
  ChunkId chunk;
  friend constexpr auto operator<=>(const HotFile&, const HotFile&) = default;
};
struct LockFile {
  friend constexpr auto operator<=>(const LockFile&, const LockFile&) = default;
};

// Who answers for a regular file.
using FileOwner = std::variant<ArtifactFile, Coverage, HotFile, CatalogFile, LockFile>;

// Threads: immutable.
class Layout {
 public:
  // Errors: kInvalidArgument  a root is empty, malformed, named twice, or stands where another root
  //                           keeps its own names
  static absl::StatusOr<Layout> Create(const Geometry& geometry, const Roots& roots);

  const Geometry& geometry() const { return geometry_; }
  const Roots& roots() const { return roots_; }

  // How many files an artifact of this kind has: 1, or 3 for events.
  static std::size_t FileCount(ArtifactKind kind);

  // Requires a valid chunk and file < FileCount(kind).
  std::string PathOf(const ArtifactFile& file) const;
  std::string PathOf(const Coverage& coverage) const;
  std::vector<std::string> PathsOf(const ChunkArtifact& artifact) const;
  std::string HotDir(ChunkId chunk) const;
  std::string CatalogDir() const;
  // The root under which the files of a kind stand.
  const std::string& RootOf(ArtifactKind kind) const;
  // The directory that holds them: <root>/<bucket>, or <txhash_index>/<window>.
  std::string DirOf(const ChunkArtifact& artifact) const;
  std::string DirOf(WindowId window) const;

  // The one owner of a regular file's path; the inverse of PathOf.
  //
  // Errors: kInvalidArgument  no key could name this path (wrong bucket, digits, suffix, depth,
  //                           window, unknown root)
  absl::StatusOr<FileOwner> OwnerOf(std::string_view path) const;

  // The chunk whose hot database directory this is, if the path is <hot>/<chunk:08d>.
  std::optional<ChunkId> HotChunkOfDir(std::string_view path) const;

 private:
  Layout(const Geometry& geometry, Roots roots) : geometry_(geometry), roots_(std::move(roots)) {}

  std::optional<FileOwner> OwnerBelow(std::string_view root_name,
                                      const std::vector<std::string_view>& components) const;

  Geometry geometry_;
  Roots roots_;
};

}  // namespace permafrost::engine
