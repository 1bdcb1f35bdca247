// Resolve, window by window and key by key.
#include "engine/plan/plan.h"

#include <algorithm>
#include <map>
#include <optional>

#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

class Resolver {
 public:
  Resolver(const CatalogView& view, const Geometry& geometry, const PlanInput& input)
      : view_(view), geometry_(geometry), input_(input) {}

  absl::StatusOr<Plan> Run() {
    VFS_RETURN_IF_ERROR(ResolveWindows());
    ResolveChunks();
    ResolveDeletions();
    ResolveDiscards();
    return std::move(plan_);
  }

 private:
  bool IsFrozen(ChunkId chunk, ArtifactKind kind) const {
    return view_.StateOf(ChunkArtifact{.chunk = chunk, .kind = kind}) == ArtifactState::kFrozen;
  }

  bool IsTainted(const ChunkArtifact& artifact) const {
    const auto it = view_.artifacts.find(artifact);
    return it != view_.artifacts.end() && it->second.is_tainted();
  }

  // Windows that a retained complete chunk, a retained hash run or any index key touches.
  std::set<WindowId> Windows() const {
    std::set<WindowId> windows;
    for (const ChunkId chunk : input_.complete) {
      if (chunk >= input_.floor) windows.insert(geometry_.WindowOf(chunk));
    }
    for (const auto& [artifact, record] : view_.artifacts) {
      const bool is_retained_run =
          artifact.kind == ArtifactKind::kTxHash && artifact.chunk >= input_.floor;
      if (is_retained_run) windows.insert(geometry_.WindowOf(artifact.chunk));
    }
    for (const auto& [coverage, record] : view_.coverages) windows.insert(coverage.window);
    return windows;
  }

  // The longest gapless run from the window's first retained chunk of which every hash run is or
  // can be frozen. What lay before a tainted coverage was below the floor when it was built.
  ChunkRange Buildable(WindowId window, const std::optional<Coverage>& tainted) const {
    const ChunkRange chunks = geometry_.ChunksOf(window);
    ChunkId first = std::max(chunks.first, input_.floor);
    if (tainted.has_value()) first = std::max(first, tainted->chunks.first);
    ChunkId end = first;
    while (end <= chunks.last &&
           (input_.complete.contains(end) || IsFrozen(end, ArtifactKind::kTxHash))) {
      end = Next(end);
    }
    return {first, Previous(end)};
  }

  absl::Status ResolveWindows() {
    for (const WindowId window : Windows()) {
      VFS_ASSIGN_OR_RETURN(const std::optional<Coverage> frozen,
                           view_.FrozenCoverage(geometry_, window));
      if (frozen.has_value()) frozen_[window] = frozen->chunks;
      const std::optional<Coverage> tainted =
          frozen.has_value() ? std::nullopt : view_.TaintedCoverage(geometry_, window);
      const ChunkRange desired = Buildable(window, tainted);
      if (desired.is_empty()) continue;
      if (frozen.has_value() && frozen->chunks.Contains(desired)) continue;
      if (const auto& before = frozen.has_value() ? frozen : tainted; before.has_value()) {
        const ChunkRange retained = {std::max(before->chunks.first, input_.floor),
                                     before->chunks.last};
        if (!desired.Contains(retained)) continue;
      }
      plan_.indexes.push_back(Coverage{.window = window, .chunks = desired});
      building_[window] = desired;
    }
    return absl::OkStatus();
  }

  bool IsIndexInput(ChunkId chunk) const {
    const auto it = building_.find(geometry_.WindowOf(chunk));
    return it != building_.end() && it->second.Contains(chunk);
  }

  // A tainted hash run of a window that is not finished comes back as well.
  bool IsWanted(const ChunkArtifact& artifact) const {
    if (artifact.kind != ArtifactKind::kTxHash || IsIndexInput(artifact.chunk)) return true;
    return IsTainted(artifact) && !IsSpent(artifact);
  }

  void ResolveChunks() {
    for (const ChunkId chunk : input_.complete) {
      if (chunk < input_.floor) continue;
      ChunkBuild build{.chunk = chunk, .kinds = {}};
      for (const ArtifactKind kind : kAllArtifactKinds) {
        const bool is_wanted = IsWanted({.chunk = chunk, .kind = kind});
        if (is_wanted && !IsFrozen(chunk, kind)) build.kinds.push_back(kind);
      }
      if (!build.kinds.empty()) plan_.chunks.push_back(std::move(build));
    }
  }

  bool IsBuilt(const ChunkArtifact& artifact) const {
    const auto it = std::lower_bound(
        plan_.chunks.begin(), plan_.chunks.end(), artifact.chunk,
        [](const ChunkBuild& build, ChunkId chunk) { return build.chunk < chunk; });
    return it != plan_.chunks.end() && it->chunk == artifact.chunk &&
           std::find(it->kinds.begin(), it->kinds.end(), artifact.kind) != it->kinds.end();
  }

  // A hash run whose window is finished: its index is final, nothing reads the run again.
  bool IsSpent(const ChunkArtifact& artifact) const {
    if (artifact.kind != ArtifactKind::kTxHash) return false;
    const WindowId window = geometry_.WindowOf(artifact.chunk);
    const auto it = frozen_.find(window);
    return it != frozen_.end() && geometry_.IsTerminal(it->second.last) &&
           !building_.contains(window);
  }

  void ResolveDeletions() {
    for (const auto& [artifact, record] : view_.artifacts) {
      const bool is_unfinished = record.state == ArtifactState::kFreezing && !record.is_tainted();
      const bool is_debris =
          record.state == ArtifactState::kPruning || (is_unfinished && !IsBuilt(artifact));
      if (artifact.chunk < input_.floor || IsSpent(artifact)) {
        plan_.deletions.artifacts.push_back(artifact);
      } else if (is_debris) {
        plan_.debris.artifacts.push_back(artifact);
      }
    }
    for (const auto& [coverage, record] : view_.coverages) {
      const bool is_awaited = record.is_tainted() && !frozen_.contains(coverage.window);
      if (geometry_.LastChunk(coverage.window) < input_.floor) {
        plan_.deletions.coverages.push_back(coverage);
      } else if (record.state != ArtifactState::kFrozen && !is_awaited) {
        plan_.debris.coverages.push_back(coverage);
      }
    }
  }

  void ResolveDiscards() {
    for (const auto& [chunk, state] : view_.hot) {
      const auto covered = frozen_.find(geometry_.WindowOf(chunk));
      const bool is_cold = IsFrozen(chunk, ArtifactKind::kLedgers) &&
                           IsFrozen(chunk, ArtifactKind::kEvents) && covered != frozen_.end() &&
                           covered->second.Contains(chunk);
      if (chunk < input_.floor || is_cold) {
        plan_.discards.push_back(chunk);
      } else if (state == HotState::kTransient) {
        plan_.hot_debris.push_back(chunk);
      }
    }
  }

  const CatalogView& view_;
  const Geometry& geometry_;
  const PlanInput& input_;
  Plan plan_;
  std::map<WindowId, ChunkRange> frozen_;    // by window: the frozen coverage
  std::map<WindowId, ChunkRange> building_;  // by window: the coverage to build
};

}  // namespace

absl::StatusOr<Plan> Resolve(const CatalogView& view,
                             const Geometry& geometry,
                             const PlanInput& input) {
  return Resolver(view, geometry, input).Run();
}

}  // namespace permafrost::engine
