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

// Carried out in this order: space is given back before more is taken. What must go is apart from
// what was found unfinished: somebody may finish the latter before the plan is carried out, and
// then it stays.
struct Plan {
  ArtifactRefs deletions;  // must go: spent inputs, everything below the floor
  ArtifactRefs debris;     // to be swept unless it is frozen by then: what is freezing or pruning
  std::vector<ChunkId> discards;    // hot chunks that must go: covered, or below the floor
  std::vector<ChunkId> hot_debris;  // to be swept unless it is ready by then: what is transient
  std::vector<ChunkBuild> chunks;   // ascending
  std::vector<Coverage> indexes;    // ascending; the inputs of each are frozen after `chunks`

  bool empty() const {
    return deletions.empty() && debris.empty() && discards.empty() && hot_debris.empty() &&
           chunks.empty() && indexes.empty();
  }
  friend bool operator==(const Plan&, const Plan&) = default;
};

// Rules, with the reference's section 14 and invariants in mind:
// - deletions: every chunk key below the floor; every index key whose whole window is; every txhash
//   key of a window whose frozen coverage is terminal and is not rebuilt.
// - debris, of the other keys: every pruning one, every freezing chunk key that this plan does not
//   build again, every freezing index key; but nothing that is tainted, which waits for its ledgers
//   (an index: unless another one of its window is frozen).
// - discards: hot chunks below the floor, and those with ledgers and events frozen and inside the
//   frozen coverage (invariants 7, 24); hot debris: the other transient ones.
// - chunks: the kinds of complete chunks at or above the floor that are not frozen; txhash only
//   where an index needs it or it is tainted.
// - indexes: for each window, from its first retained chunk through the last that is complete or
//   has a frozen hash run
//   without a gap; nothing if the frozen coverage contains that, or if building it would uncover a
//   retained chunk of the frozen or tainted coverage (invariant 23).
//
// Errors: kDataLoss  two frozen coverages of one window
absl::StatusOr<Plan> Resolve(const CatalogView& view,
                             const Geometry& geometry,
                             const PlanInput& input);

}  // namespace permafrost::engine
