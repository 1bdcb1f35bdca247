// The lifecycle of a store: plan, execute, plan again, until nothing is left.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "engine/catalog/deletion.h"
#include "engine/freeze/freeze.h"
#include "engine/plan/workers.h"
#include "engine/store/store.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

// How the items of a plan went.
class Tally {
 public:
  explicit Tally(vfs::Log* log) : log_(log) {}

  void Add(const absl::Status& status, std::size_t& done) {
    if (status.ok()) {
      ++done;
    } else if (absl::IsAborted(status)) {
      // Superseded or still read: nothing has failed.
      ++deferred_;
    } else if (first_.ok()) {
      first_ = status;  // for the caller to tell
    } else {
      log_->Warning("lifecycle: {}", vfs::Message(status));
    }
  }
  void Add(const absl::StatusOr<std::size_t>& deferred, std::size_t& done) {
    Add(deferred.status(), done);
    if (deferred.ok()) deferred_ += *deferred;
  }

  const absl::Status& first() const { return first_; }
  std::size_t deferred() const { return deferred_; }

 private:
  vfs::Log* const log_;
  absl::Status first_;
  std::size_t deferred_ = 0;
};

}  // namespace

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
  VFS_RETURN_IF_ERROR(hot_->Demote(chunk));
  return hot_->Destroy(chunk);
}

absl::Status Store::Execute(const Plan& plan, ArtifactSource& source, LifecycleReport& report) {
  Tally tally(env_.log);
  const auto is_over = [&] { return needs_reopen(); };
  if (!plan.deletions.empty()) {
    tally.Add(Delete(Context(), plan.deletions), report.deleted);
    if (is_over()) return tally.first();
  }
  if (!plan.debris.empty()) {
    tally.Add(Sweep(Context(), plan.debris), report.deleted);
    if (is_over()) return tally.first();
  }
  for (const ChunkId chunk : plan.discards) {
    tally.Add(DiscardHot(chunk), report.discarded);
    if (is_over()) return tally.first();
  }
  for (const ChunkId chunk : plan.hot_debris) {
    tally.Add(hot_->Destroy(chunk), report.discarded);
    if (is_over()) return tally.first();
  }
  std::vector<absl::Status> frozen(plan.chunks.size());
  Turns turns;
  RunWorkers(*env_.executor, options_.workers, plan.chunks.size(), [&](std::size_t i) {
    const ChunkId chunk = plan.chunks[i].chunk;
    if (turns.HasCome(i)) frozen[i] = source.CheckTurn(chunk);
    if (frozen[i].ok() && !is_over()) {
      frozen[i] = FreezeChunk(chunk, plan.chunks[i].kinds, source, [&] {
        turns.Await(i);
        return source.CheckTurn(chunk);
      });
    }
    turns.End(i);
  });
  std::set<ChunkId> missing;
  for (std::size_t i = 0; i < frozen.size(); ++i) {
    if (!frozen[i].ok()) missing.insert(plan.chunks[i].chunk);
    tally.Add(frozen[i], report.chunks_frozen);
  }
  if (is_over()) return tally.first();
  std::vector<Coverage> indexes;
  for (const Coverage& coverage : plan.indexes) {
    // A chunk that was not frozen leaves its window for the next run.
    const auto in_coverage = missing.lower_bound(coverage.chunks.first);
    if (in_coverage == missing.end() || *in_coverage > coverage.chunks.last)
      indexes.push_back(coverage);
  }
  std::vector<absl::Status> built(indexes.size());
  RunWorkers(*env_.executor, options_.workers, indexes.size(), [&](std::size_t i) {
    if (!is_over()) built[i] = BuildIndex(indexes[i], source);
  });
  for (const absl::Status& status : built) tally.Add(status, report.indexes_built);
  report.deferred = tally.deferred();
  return tally.first();
}

absl::StatusOr<LifecycleReport> Store::RunLifecycle(ArtifactSource& source) {
  const vfs::MutexLock lock(&lifecycle_mu_);
  LifecycleReport report;
  Plan before;
  while (true) {
    VFS_ASSIGN_OR_RETURN(const Plan plan, PlanNow(source));
    if (plan.empty()) {
      report.deferred = 0;
      return report;
    }
    // Nothing but what was deferred is left.
    if (report.deferred > 0 && plan == before) return report;
    if (report.rounds == kLifecycleRoundsMax) {
      if (report.deferred > 0) return report;
      return vfs::Internal("run lifecycle: not settled after {} rounds", report.rounds);
    }
    ++report.rounds;
    VFS_RETURN_IF_ERROR(Execute(plan, source, report));
    before = plan;
  }
}

}  // namespace permafrost::engine
