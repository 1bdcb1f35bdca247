// The lifecycle of a store: plan, execute, plan again, until nothing is left.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "engine/catalog/deletion.h"
#include "engine/freeze/freeze.h"
#include "engine/hot/hot_chunk.h"
#include "engine/store/store.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {

void Store::SetRetention(std::uint32_t retention_chunks) { retention_chunks_ = retention_chunks; }

absl::StatusOr<Plan> Store::PlanNow(ArtifactSource& source) {
  VFS_ASSIGN_OR_RETURN(const CatalogView view, catalog_->View());
  PlanInput input;
  for (const ChunkId chunk : source.CompleteChunks()) input.complete.insert(chunk);
  ChunkId last_complete = view.LastCompleteChunk();
  if (!input.complete.empty()) last_complete = std::max(last_complete, *input.complete.rbegin());
  input.floor = gate_.RaiseTo(FloorAt(Policy(), last_complete));
  return Resolve(view, layout_.geometry(), input);
}

absl::Status Store::DiscardHot(ChunkId chunk) {
  VFS_RETURN_IF_ERROR(DemoteHot(chunk));
  return DestroyHotChunk(Context(), chunk);
}

absl::Status Store::Execute(const Plan& plan, ArtifactSource& source, LifecycleReport& report) {
  absl::Status first;
  const auto count = [&](const absl::Status& status, std::size_t& counter) {
    if (status.ok()) {
      ++counter;
    } else {
      env_.log->Warning("lifecycle: {}", vfs::Message(status));
      first.Update(status);
    }
    return !needs_reopen();
  };
  if (!plan.deletions.empty()) {
    if (!count(Delete(Context(), plan.deletions), report.deleted)) return first;
  }
  for (const ChunkId chunk : plan.discards) {
    if (!count(DiscardHot(chunk), report.discarded)) return first;
  }
  std::set<ChunkId> failed;
  for (const ChunkBuild& build : plan.chunks) {
    const absl::Status frozen = FreezeChunk(build.chunk, build.kinds, source);
    if (!frozen.ok()) failed.insert(build.chunk);
    if (!count(frozen, report.chunks_frozen)) return first;
  }
  for (const Coverage& coverage : plan.indexes) {
    // A failed chunk leaves its window for the next run.
    const auto in_coverage = failed.lower_bound(coverage.chunks.first);
    if (in_coverage != failed.end() && *in_coverage <= coverage.chunks.last) continue;
    if (!count(BuildIndex(coverage, source), report.indexes_built)) return first;
  }
  return first;
}

absl::StatusOr<LifecycleReport> Store::RunLifecycle(ArtifactSource& source) {
  LifecycleReport report;
  while (true) {
    VFS_ASSIGN_OR_RETURN(const Plan plan, PlanNow(source));
    if (plan.empty()) return report;
    if (report.rounds == kLifecycleRoundsMax) {
      return vfs::Internal("run lifecycle: not settled after {} rounds", report.rounds);
    }
    ++report.rounds;
    VFS_RETURN_IF_ERROR(Execute(plan, source, report));
  }
}

}  // namespace permafrost::engine
