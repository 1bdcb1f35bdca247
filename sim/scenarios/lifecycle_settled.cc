// Lifecycle runs: what must be there when one has settled, by the oracle's own arithmetic.
#include <algorithm>

#include <fmt/format.h>

#include "sim/oracle/expectation.h"
#include "sim/scenarios/ledger_model.h"
#include "sim/scenarios/lifecycle_session.h"
#include "sim/scenarios/lifecycle_source.h"
#include "sim/scenarios/lifecycle_texts.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

using engine::ArtifactKind;
using engine::ChunkArtifact;
using engine::ChunkId;
using lifecycle::Domain;
using lifecycle::Id;
using lifecycle::Number;

const std::string kFullText = lifecycle::kFull;  // NOLINT(cert-err58-cpp)
const std::string kAbsentText = kAbsent;         // NOLINT(cert-err58-cpp)

}  // namespace

// The floor by the oracle's own arithmetic: the newest complete chunk that anything proves, less
// the retention.
void LifecycleSession::RaiseFloor(const engine::CatalogView& view) {
  std::int64_t last = -1;
  for (const auto& [artifact, record] : view.artifacts) {
    if (IsFrozenLedgers(artifact, record))
      last = std::max<std::int64_t>(last, artifact.chunk.value());
  }
  for (const auto& [chunk, state] : view.hot) {
    if (state == engine::HotState::kReady) last = std::max<std::int64_t>(last, chunk.value() - 1);
  }
  if (config_.retention_chunks > 0) floor_ = std::max(floor_, last - config_.retention_chunks + 1);
}

std::set<std::uint32_t> LifecycleSession::RaiseFloorToComplete() {
  std::set<std::uint32_t> complete;
  for (const ChunkId chunk : source_->CompleteChunks()) complete.insert(Number(chunk));
  if (config_.retention_chunks > 0 && !complete.empty()) {
    floor_ = std::max<std::int64_t>(
        floor_, std::int64_t{*complete.rbegin()} - config_.retention_chunks + 1);
  }
  return complete;
}

absl::Status LifecycleSession::AttemptSettled(const engine::CatalogView& view) {
  RaiseFloor(view);
  const std::set<std::uint32_t> complete = RaiseFloorToComplete();
  VFS_ASSIGN_OR_RETURN(const Answers now, ReadEverything());
  const auto settled = [&](std::uint32_t c, const char* what) {
    const bool is_hidden = static_cast<std::int64_t>(c) < floor_;
    return is_hidden ? kAbsentText : complete.contains(c) ? kFullText : now.at(Domain(what, c));
  };
  unsettled_.clear();
  for (std::uint32_t c = 0; c < kLifecycleChunksMax; ++c) {
    history_.Attempt(Domain("ledgers", c), settled(c, "ledgers"));
    history_.Attempt(Domain("events", c), settled(c, "events"));
    const std::string lookup = Domain("lookup", c);
    const auto covered = CoveredOnceSettled(c / kModelChunksPerWindow, view, complete);
    if (static_cast<std::int64_t>(c) >= floor_) {
      history_.Attempt(lookup, covered.contains(c) ? kFullText : now.at(lookup));
      continue;
    }
    // The index of a window that is retained in part keeps answering for its hidden chunks: a
    // restart with a wider retention shows them again.
    if (covered.contains(c)) {
      history_.Attempt(lookup, kFullText);
      unsettled_.insert(lookup);
    }
    history_.Attempt(lookup, kAbsentText);
  }
  return absl::OkStatus();
}

std::set<std::uint32_t> LifecycleSession::CoveredOnceSettled(
    std::uint32_t window,
    const engine::CatalogView& view,
    const std::set<std::uint32_t>& complete) const {
  const std::uint32_t first = window * kModelChunksPerWindow;
  const std::uint32_t end = first + kModelChunksPerWindow;
  if (std::int64_t{end} <= floor_) return {};
  std::set<std::uint32_t> covered;
  for (const auto& [coverage, record] : view.coverages) {
    if (coverage.window.value() != window || record.state != engine::ArtifactState::kFrozen)
      continue;
    for (std::uint32_t c = Number(coverage.chunks.first); c <= Number(coverage.chunks.last); ++c)
      covered.insert(c);
  }
  // A new index runs from the first retained chunk through the last at hand without a gap, and is
  // not built if it would uncover a retained chunk.
  std::set<std::uint32_t> built;
  for (auto c = static_cast<std::uint32_t>(std::max<std::int64_t>(first, floor_)); c < end; ++c) {
    const bool has_hash_run =
        view.StateOf(ChunkArtifact{.chunk = Id(c), .kind = ArtifactKind::kTxHash}) ==
        engine::ArtifactState::kFrozen;
    if (!complete.contains(c) && !has_hash_run) break;
    built.insert(c);
  }
  const bool loses_none = std::all_of(covered.begin(), covered.end(), [&](std::uint32_t c) {
    return static_cast<std::int64_t>(c) < floor_ || built.contains(c);
  });
  const bool adds = !std::includes(covered.begin(), covered.end(), built.begin(), built.end());
  return loses_none && adds ? built : covered;
}

void LifecycleSession::AcknowledgeAll() {
  for (std::uint32_t c = 0; c < kLifecycleChunksMax; ++c) {
    for (const char* what : {"ledgers", "events", "lookup"}) {
      if (!unsettled_.contains(Domain(what, c))) history_.Acknowledge(Domain(what, c));
    }
  }
}

absl::Status LifecycleSession::RunLifecycle() {
  VFS_ASSIGN_OR_RETURN(const engine::CatalogView view, store_->View());
  VFS_RETURN_IF_ERROR(AttemptSettled(view));
  VFS_RETURN_IF_ERROR(store_->RunLifecycle(*source_).status());
  AcknowledgeAll();
  ServeAll();
  VFS_ASSIGN_OR_RETURN(const engine::Plan again, store_->PlanNow(*source_));
  if (!again.empty())
    history_.Violate("33-quiescence", "the plan after a settled run is not empty");
  return absl::OkStatus();
}

bool LifecycleSession::SettleAndContinue() {
  if (!Execute("run")) return false;
  // The epilogue continues where the hot tier stands, or opens the next chunk.
  const auto view = store_->View();
  if (!view.ok()) return Execute("restart");
  std::uint32_t next = config_.lake_chunks;
  for (const auto& [artifact, record] : view->artifacts)
    next = std::max(next, Number(artifact.chunk) + 1);
  for (const auto& [chunk, state] : view->hot) {
    next =
        std::max(next, Number(chunk) + (HotCount(Number(chunk)) == kModelLedgersPerChunk ? 1 : 0));
  }
  return Execute(fmt::format("hot {}", next)) && Execute(fmt::format("ingest {} 1", next));
}

}  // namespace permafrost::sim
