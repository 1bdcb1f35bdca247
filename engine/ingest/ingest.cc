// Backfill, then ledger after ledger.
#include "engine/ingest/ingest.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <absl/base/thread_annotations.h>

#include "engine/store/ledger_artifacts.h"
#include "vfs/base/hex.h"
#include "vfs/base/mutex.h"
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

// A bulk source that gives nothing more once the operator asked to stop: chunks that are not frozen
// yet are left for the next run.
class StoppableSource final : public LedgerSource {
 public:
  // Both must outlive this.
  StoppableSource(LedgerSource& base, const std::function<bool()>& should_stop)
      : base_(base), should_stop_(should_stop) {}

  bool is_stopped() const {
    const vfs::MutexLock lock(&mu_);
    return is_stopped_;
  }

  const LedgerDecoder& decoder() const override { return base_.decoder(); }
  std::string name() const override { return base_.name(); }
  bool is_bulk() const override { return true; }
  absl::StatusOr<Range> Available() override {
    VFS_RETURN_IF_ERROR(CheckGoesOn());
    return base_.Available();
  }
  absl::StatusOr<std::unique_ptr<LedgerStream>> Open(std::optional<LedgerSeq> first) override {
    VFS_ASSIGN_OR_RETURN(auto stream, base_.Open(first));
    return std::make_unique<Stream>(*this, std::move(stream));
  }

 private:
  class Stream final : public LedgerStream {
   public:
    Stream(StoppableSource& source, std::unique_ptr<LedgerStream> base)
        : source_(source), base_(std::move(base)) {}
    absl::StatusOr<std::optional<SourcedLedger>> Next() override {
      VFS_RETURN_IF_ERROR(source_.CheckGoesOn());
      return base_->Next();
    }

   private:
    StoppableSource& source_;
    const std::unique_ptr<LedgerStream> base_;
  };

  // Aborted, which the lifecycle takes for deferred.
  absl::Status CheckGoesOn() {
    const vfs::MutexLock lock(&mu_);
    if (!is_stopped_) is_stopped_ = should_stop_();
    return is_stopped_ ? vfs::Aborted("read {}: asked to stop", base_.name()) : absl::OkStatus();
  }

  LedgerSource& base_;
  const std::function<bool()>& should_stop_;
  mutable vfs::Mutex mu_;
  bool is_stopped_ ABSL_GUARDED_BY(mu_) = false;
};

absl::Status SettleInto(LedgerStore& store, LedgerSource* bulk, IngestReport& report) {
  VFS_ASSIGN_OR_RETURN(const LifecycleReport run, Settle(store, bulk));
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
      "a "
      "fork",
      last.value(), ledger->origin, vfs::HexOf(theirs.hash), vfs::HexOf(*ours));
}

}  // namespace

absl::StatusOr<LifecycleReport> Settle(LedgerStore& store,
                                       LedgerSource* bulk,
                                       const std::atomic<bool>* is_stopping) {
  LedgerArtifacts artifacts(&store, bulk, is_stopping);
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
  StoppableSource bulk(source, hooks.should_stop);
  VFS_RETURN_IF_ERROR(SettleInto(store, source.is_bulk() ? &bulk : nullptr, report));
  VFS_RETURN_IF_ERROR(store.Rederive());
  VFS_ASSIGN_OR_RETURN(const LedgerSeq first, store.Next());
  if (first > store.store().pins().earliest_ledger) report.last = LedgerSeq{first.value() - 1};
  report.is_stopped = bulk.is_stopped();
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
    VFS_RETURN_IF_ERROR(ledger.status());
    if (!ledger->has_value()) break;
    VFS_RETURN_IF_ERROR(store.Append((*ledger)->bytes, (*ledger)->origin));
    report.last = (*ledger)->sequence;
    ++report.appended;
    hooks.on_progress(report);
    if (geometry.IsBoundary((*ledger)->sequence))
      VFS_RETURN_IF_ERROR(SettleInto(store, nullptr, report));
  }
  VFS_RETURN_IF_ERROR(SettleInto(store, nullptr, report));
  return report;
}

}  // namespace permafrost::engine
