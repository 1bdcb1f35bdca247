// Backfill, then ledger after ledger.
#include "engine/ingest/ingest.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "engine/store/ledger_artifacts.h"
#include "vfs/base/hex.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

void Add(const LifecycleReport& run, LifecycleReport& all) {
  all.rounds += run.rounds;
  all.deleted += run.deleted;
  all.discarded += run.discarded;
  all.chunks_frozen += run.chunks_frozen;
  all.indexes_built += run.indexes_built;
  all.deferred = run.deferred;
}

absl::Status SettleInto(LedgerStore& store,
                        LedgerSource* bulk,
                        const IngestHooks& hooks,
                        IngestReport& report) {
  VFS_ASSIGN_OR_RETURN(const LifecycleReport run, Settle(store, bulk, hooks.should_stop));
  Add(run, report.lifecycle);
  return absl::OkStatus();
}

// A bulk source goes on with the chain of the store: where both have the store's last ledger, it is
// the same.
absl::Status CheckSameChain(LedgerStore& store, LedgerSource& bulk) {
  VFS_ASSIGN_OR_RETURN(const LedgerSeq next, store.Next());
  const LedgerSeq last{next.value() - 1};
  VFS_ASSIGN_OR_RETURN(const std::optional<Hash> ours, store.HashOf(last));
  VFS_ASSIGN_OR_RETURN(const LedgerSource::Range range, bulk.Available());
  if (!ours.has_value() || last < range.first || range.last < last) return absl::OkStatus();
  VFS_ASSIGN_OR_RETURN(const auto stream, bulk.Open(last));
  VFS_ASSIGN_OR_RETURN(const std::optional<SourcedLedger> ledger, stream->Next());
  if (!ledger.has_value()) return absl::OkStatus();
  VFS_ASSIGN_OR_RETURN(const LedgerView theirs, bulk.decoder().Decode(ledger->bytes));
  if (theirs.hash == *ours) return absl::OkStatus();
  return vfs::InvalidArgument(
      "ledger {} of {}: its hash is {}, the store's ledger has {}; it is of another network or of "
      "a fork",
      last.value(), ledger->origin, vfs::HexOf(theirs.hash), vfs::HexOf(*ours));
}

}  // namespace

absl::StatusOr<LifecycleReport> Settle(LedgerStore& store,
                                       LedgerSource* bulk,
                                       ShouldStop should_stop) {
  LedgerArtifacts artifacts(&store, bulk, std::move(should_stop));
  VFS_ASSIGN_OR_RETURN(LifecycleReport report, store.store().RunLifecycle(artifacts));
  VFS_RETURN_IF_ERROR(store.DropSpentIndexes());
  return report;
}

absl::StatusOr<IngestReport> Ingest(LedgerStore& store,
                                    LedgerSource& source,
                                    const IngestHooks& hooks) {
  IngestReport report;
  const Geometry& geometry = store.store().layout().geometry();
  if (source.is_bulk()) VFS_RETURN_IF_ERROR(CheckSameChain(store, source));
  // What is complete is frozen before anything new takes space.
  const absl::Status settled =
      SettleInto(store, source.is_bulk() ? &source : nullptr, hooks, report);
  // The chunk that the newest object ends is not whole yet: its ledgers come one by one.
  if (!source.is_bulk() || !IsNotThereYet(settled)) VFS_RETURN_IF_ERROR(settled);
  VFS_RETURN_IF_ERROR(store.Rederive());
  VFS_ASSIGN_OR_RETURN(const LedgerSeq first, store.Next());
  if (first > store.store().pins().earliest_ledger) report.last = LedgerSeq{first.value() - 1};
  report.is_stopped = hooks.should_stop();
  if (report.is_stopped) return report;
  // A bulk source may grow while it is read: this call ends where it ended when it was asked.
  std::optional<LedgerSeq> end;
  if (source.is_bulk()) {
    VFS_ASSIGN_OR_RETURN(const LedgerSource::Range range, source.Available());
    end = range.last;
    if (first > range.last) return report;
  }
  const absl::StatusOr<std::unique_ptr<LedgerStream>> stream = source.Open(first);
  report.is_stopped = absl::IsCancelled(stream.status());
  if (report.is_stopped) return report;
  VFS_RETURN_IF_ERROR(stream.status());
  while (report.last != end || !end.has_value()) {
    report.is_stopped = hooks.should_stop();
    if (report.is_stopped) return report;
    const absl::StatusOr<std::optional<SourcedLedger>> ledger = (*stream)->Next();
    report.is_stopped = absl::IsCancelled(ledger.status());
    if (report.is_stopped) return report;
    if (end.has_value() && IsNotThereYet(ledger.status())) {
      store.store().log().Warning("ingest: {}", vfs::Message(ledger.status()));
      break;
    }
    VFS_RETURN_IF_ERROR(ledger.status());
    if (!ledger->has_value()) break;
    VFS_RETURN_IF_ERROR(store.Append((*ledger)->bytes, (*ledger)->origin));
    report.last = (*ledger)->sequence;
    ++report.appended;
    hooks.on_progress(report);
    VFS_RETURN_IF_ERROR(source.Committed((*ledger)->sequence));
    if (geometry.IsBoundary((*ledger)->sequence))
      VFS_RETURN_IF_ERROR(SettleInto(store, nullptr, hooks, report));
  }
  VFS_RETURN_IF_ERROR(SettleInto(store, nullptr, hooks, report));
  return report;
}

}  // namespace permafrost::engine
