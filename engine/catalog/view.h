// A catalog at one moment, as a value: what planning, audits and reads look at. Parsed whole or
// refused.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/catalog/pins.h"
#include "engine/catalog/values.h"
#include "engine/layout/layout.h"

namespace permafrost::engine {

// Key and value texts in key order.
using CatalogRows = std::vector<std::pair<std::string, std::string>>;

// Threads: a plain value.
struct CatalogView {
  Pins pins;
  std::map<ChunkArtifact, ArtifactRecord> artifacts;
  std::map<Coverage, ArtifactRecord> coverages;
  std::map<ChunkId, HotState> hot;

  // The state under a key, or nothing when it is absent.
  std::optional<ArtifactState> StateOf(const ChunkArtifact& artifact) const;
  std::optional<ArtifactState> StateOf(const Coverage& coverage) const;
  std::optional<HotState> StateOf(ChunkId hot_chunk) const;

  // The frozen coverage of a window, or nothing.
  //
  // Errors: kDataLoss  two are frozen (invariant 5); names both keys
  absl::StatusOr<std::optional<Coverage>> FrozenCoverage(const Geometry& geometry,
                                                         WindowId window) const;

  // The last coverage of the window that is tainted, or nothing.
  std::optional<Coverage> TaintedCoverage(const Geometry& geometry, WindowId window) const;

  // Frozen or tainted: its ledgers are committed, whether or not it can be read now.
  bool WasFrozen(const ChunkArtifact& artifact) const;

  // The last chunk that the catalog proves complete: the highest whose ledgers were frozen, or the
  // one before the highest ready hot chunk; kBeforeFirstChunk on a young store.
  ChunkId LastCompleteChunk() const;

  friend bool operator==(const CatalogView&, const CatalogView&) = default;
};

// Errors: kDataLoss  a key or value is malformed, a frozen value lists other files than the
//                    layout's, a pin is missing; the text names the key
absl::StatusOr<CatalogView> ParseCatalog(const Layout& layout, const CatalogRows& rows);

// One value, checked against the files that the layout gives its key.
//
// Errors: kDataLoss  names the key
absl::StatusOr<ArtifactRecord> ParseArtifactValue(const Layout& layout,
                                                  const ChunkArtifact& artifact,
                                                  std::string_view value);
absl::StatusOr<ArtifactRecord> ParseCoverageValue(const Layout& layout,
                                                  const Coverage& coverage,
                                                  std::string_view value);
absl::StatusOr<HotState> ParseHotValue(ChunkId chunk, std::string_view value);

}  // namespace permafrost::engine
