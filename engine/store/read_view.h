// Reading a store at one moment.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/catalog/catalog.h"
#include "engine/catalog/context.h"
#include "engine/catalog/read_file.h"
#include "engine/hot/hot_store.h"

namespace permafrost::engine {

enum class Home { kCold, kHot };

// What a read of a chunk's artifact found.
struct ArtifactContent {
  Home home = Home::kCold;
  std::vector<std::string> files = {};           // cold: the content of each file
  std::vector<vfs::RocksDb::Row> hot_rows = {};  // hot: the rows whose keys begin with "<kind>:"
};

struct IndexContent {
  Coverage coverage;
  std::string bytes;
};

// The floor, the latest ledger and the catalog as they were when the view was opened. Whatever the
// catalog named as frozen or ready then can be read as long as the view lives, demoted or not: the
// lifecycle counts its views and destroys behind them. Must not outlive its store.
//
// Threads: any thread
class ReadView {
 public:
  // Made by Store::OpenView.
  ReadView(const StoreContext& context,
           HotStore* hot,
           LedgerSeq latest,
           ChunkId floor,
           CatalogSnapshot at)
      : context_(context), hot_(hot), latest_(latest), floor_(floor), at_(std::move(at)) {}

  // Every ledger that was acknowledged before the view was opened and is not below the floor, up to
  // this one, can be read.
  LedgerSeq latest() const { return latest_; }
  ChunkId floor() const { return floor_; }

  // Cold if frozen, else a ready hot chunk, else not found. Cold bytes are verified against the
  // catalog. (A hot chunk shows also what was committed since.)
  //
  // Errors: kNotFound  below the floor, or no home
  //         kDataLoss  a frozen file is missing or altered; names file and offset
  absl::StatusOr<ArtifactContent> ReadArtifact(const ChunkArtifact& artifact) const;

  // The rows of a ready hot chunk, whatever is frozen. Errors: kNotFound  it is not ready
  absl::StatusOr<std::vector<vfs::RocksDb::Row>> ReadHot(const ChunkArtifact& artifact) const;

  // The unique frozen index of a window, verified. Errors: as ReadArtifact, per window
  absl::StatusOr<IndexContent> LookupWindow(WindowId window) const;

  // Where to read from, for readers that take parts of files: nothing that does not exist, and what
  // exists stays as long as the view lives. Nobody asks about the floor here.
  //
  // The files of an artifact, if it is frozen.
  absl::StatusOr<std::optional<std::vector<FrozenFile>>> FindFrozen(
      const ChunkArtifact& artifact) const;
  // The same in two steps: what the catalog records of it, if it is frozen; and its files.
  absl::StatusOr<std::optional<ArtifactRecord>> FindRecord(const ChunkArtifact& artifact) const;
  std::vector<FrozenFile> FilesOf(const ChunkArtifact& artifact,
                                  const ArtifactRecord& record) const;
  // The database of a chunk, if it is ready.
  absl::StatusOr<std::optional<HotHandle>> FindHot(ChunkId chunk) const;
  // The index of a window, if one is frozen.
  struct FrozenIndexFile {
    Coverage coverage;
    FrozenFile file;
  };
  absl::StatusOr<std::optional<FrozenIndexFile>> FindIndex(WindowId window) const;

  const Geometry& geometry() const { return context_.layout->geometry(); }
  // As CatalogSnapshot::version.
  std::optional<std::uint64_t> catalog_version() const { return at_.version(); }
  const Pins& pins() const { return context_.catalog->pins(); }
  absl::StatusOr<CatalogView> Catalog() const { return context_.catalog->View(&at_); }

 private:
  const StoreContext context_;
  HotStore* const hot_;
  const LedgerSeq latest_;
  const ChunkId floor_;
  CatalogSnapshot at_;
};

}  // namespace permafrost::engine
