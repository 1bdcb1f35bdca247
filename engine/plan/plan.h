// What is missing and what must go, as a pure function of the catalog: the same catalog gives the
// same plan.
#pragma once

#include <set>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/catalog/catalog.h"
#include "engine/catalog/view.h"

namespace permafrost::engine {

// What a plan depends on besides the catalog.
struct PlanInput {
  ChunkId floor;               // the oldest retained chunk
  std::set<ChunkId> complete;  // chunks that the source can deliver whole
};

struct ChunkBuild {
  ChunkId chunk;
  std::vector<ArtifactKind> kinds;  // ascending, at least one
  friend bool operator==(const ChunkBuild&, const ChunkBuild&) = default;
};

// Carried out in this order: space is given back before more is taken.
struct Plan {
  DeletionRefs deletions;  // debris, spent inputs, superseded indexes, everything below the floor
  std::vector<ChunkId> discards;   // hot chunks that are covered, below the floor, or transient
  std::vector<ChunkBuild> chunks;  // ascending
  std::vector<Coverage> indexes;   // ascending; the inputs of each are frozen once `chunks` is done

  bool empty() const {
    return deletions.empty() && discards.empty() && chunks.empty() && indexes.empty();
  }
  friend bool operator==(const Plan&, const Plan&) = default;
};

// Rules, with the reference's section 14 and invariants in mind:
// - deletions: every chunk key below the floor; every index key whose whole window is; every
//   pruning key; every freezing
//   key that this plan does not build again; every txhash key of a window whose frozen coverage is
//   terminal and is not rebuilt. Index keys that are freezing or pruning are debris always.
// - discards: hot chunks below the floor, transient ones, and those with ledgers and events frozen
//   and inside the frozen
//   coverage (invariants 7, 24).
// - chunks: the kinds of complete chunks at or above the floor that are not frozen; txhash only
//   where an index needs it.
// - indexes: for each window, from its first retained chunk through the last that is complete or
//   has a frozen hash run
//   without a gap; nothing if the frozen coverage contains that, or if building it would uncover a
//   retained chunk (invariant 23).
//
// Errors: kDataLoss  two frozen coverages of one window
absl::StatusOr<Plan> Resolve(const CatalogView& view,
                             const Geometry& geometry,
                             const PlanInput& input);

}  // namespace permafrost::engine
