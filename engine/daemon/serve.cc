// Supervision around the same steps that `permafrost ingest` takes.
#include "engine/daemon/serve.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/audit/repair.h"
#include "engine/query/ledger_reader.h"
#include "engine/store/failure.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

// Two threads report the last ledger, and what one of them read may be old by now.
void RaiseTo(std::atomic<std::uint64_t>& metric, std::uint64_t value) {
  std::uint64_t before = metric.load();
  while (before < value && !metric.compare_exchange_weak(before, value)) {
  }
}

}  // namespace

Daemon::Daemon(const vfs::Env& env,
               ServeOptions options,
               LedgerSource* live,
               LedgerSource* bulk,
               vfs::Executor* background,
               Metrics* metrics,
               Health* health)
    : env_(env),
      options_(std::move(options)),
      live_(*live),
      bulk_(bulk),
      background_(*background),
      metrics_(*metrics),
      health_(*health) {}

Daemon::~Daemon() { CloseStore(); }

absl::Status Daemon::Run() {
  std::uint64_t wait = options_.first_wait_nanos;
  while (true) {
    const std::uint64_t before = progress_;
    const absl::Status status = RunOnce();
    if (absl::IsCancelled(status) || status.ok() || options_.wait(0)) {
      CloseStore();
      return absl::OkStatus();
    }
    const FaultClass fault = store_ == nullptr ? ClassOf(status) : ClassOf(status, store_->store());
    health_.Set(fmt::format("{}: {}", fault == FaultClass::kNoSpace ? "degraded: no space" : "down",
                            vfs::Message(status)));
    CloseStore();
    if (fault == FaultClass::kPermanent) return status;
    if (progress_ != before) wait = options_.first_wait_nanos;
    env_.log->Warning("serve: {} failure: {}; again in {} ms", ToString(fault),
                      vfs::Message(status), wait / 1'000'000);
    if (options_.wait(wait)) return absl::OkStatus();
    wait = std::min(wait * 2, options_.longest_wait_nanos);
  }
}

absl::Status Daemon::RunOnce() {
  VFS_ASSIGN_OR_RETURN(store_, LedgerStore::Open(env_, options_.store, live_.decoder()));
  ++metrics_.store_openings;
  Observe();
  VFS_RETURN_IF_ERROR(CatchUp());
  VFS_RETURN_IF_ERROR(store_->Rederive());
  ++progress_;
  Observe();
  health_.Set("");
  return Follow();
}

absl::Status Daemon::CatchUp() {
  // What is complete is frozen, and what is spent removed, before anything new takes space. In the
  // background, so that a signal is seen here.
  constexpr std::uint64_t kLook = 20'000'000;
  WakeLifecycle(bulk_);
  while (is_settling_) {
    if (!options_.wait(kLook)) continue;
    is_stopping_ = true;
    background_.Drain();
    return vfs::MakeStatus(absl::StatusCode::kCancelled, "catch up: asked to stop");
  }
  const vfs::MutexLock lock(&mu_);
  return settled_;
}

absl::StatusOr<bool> Daemon::Fetch(LedgerSeq next) {
  // A commit that failed may have taken place.
  if (pending_.has_value() && pending_->sequence < next) pending_.reset();
  if (pending_.has_value()) return true;
  if (stream_ == nullptr) {
    VFS_ASSIGN_OR_RETURN(stream_, live_.Open(next));
  }
  VFS_ASSIGN_OR_RETURN(pending_, stream_->Next());
  return pending_.has_value();
}

absl::Status Daemon::Follow() {
  const Geometry& geometry = store_->store().layout().geometry();
  bool has_ended = false;
  while (!options_.wait(0)) {
    VFS_ASSIGN_OR_RETURN(const LedgerSeq next, store_->Next());
    const absl::StatusOr<bool> fetched = Fetch(next);
    if (absl::IsUnavailable(fetched.status())) {
      // Not there yet, or not readable this time: the stream goes on where it was.
      if (options_.wait(options_.first_wait_nanos)) break;
      continue;
    }
    VFS_RETURN_IF_ERROR(fetched.status());
    if (!*fetched) {
      if (!has_ended)
        env_.log->Warning("serve: {} ended before ledger {}", live_.name(), next.value());
      has_ended = true;
      if (options_.wait(options_.longest_wait_nanos)) break;
      continue;
    }
    VFS_RETURN_IF_ERROR(store_->Append(pending_->bytes, pending_->origin));
    const LedgerSeq committed = pending_->sequence;
    pending_.reset();
    ++progress_;
    ++metrics_.ledgers_ingested;
    RaiseTo(metrics_.last_committed_ledger, committed.value());
    if (committed == geometry.First(geometry.ChunkOf(committed))) Observe();
    if (geometry.IsBoundary(committed)) WakeLifecycle(nullptr);
    VFS_RETURN_IF_ERROR(live_.Committed(committed));
  }
  return absl::OkStatus();
}

void Daemon::WakeLifecycle(LedgerSource* bulk) {
  is_awake_ = true;
  if (is_settling_.exchange(true)) return;  // the run under way is followed by another
  const auto settle = [this, bulk] {
    const ShouldStop should_stop = [this] { return is_stopping_.load(); };
    do {
      while (is_awake_.exchange(false)) {
        absl::StatusOr<LifecycleReport> report = Settle(*store_, bulk, should_stop);
        if (Mend(report.status())) report = Settle(*store_, bulk, should_stop);
        Settled(report);
        Observe();
      }
      is_settling_ = false;
      // Whoever woke it before that line relied on this run.
    } while (is_awake_ && !is_settling_.exchange(true));
  };
  background_.Schedule({.name = "serve/lifecycle",
                        .priority = vfs::Priority::kLow,
                        .tag = this,
                        .run = settle,
                        .cancelled = [this] { is_settling_ = false; }});
}

bool Daemon::Mend(const absl::Status& failure) {
  const bool is_damage = absl::IsDataLoss(failure) && vfs::ErrnoOf(failure) == 0;
  if (!is_damage && !absl::IsNotFound(failure)) return false;
  const absl::StatusOr<CatalogView> view = store_->store().View();
  if (!view.ok()) return false;
  const std::set<std::string> keys = KeysNamedIn(failure, *view, store_->store().layout());
  if (keys.empty()) return false;
  const auto repaired =
      Repair(env_.fs, *store_, bulk_, keys, [this] { return is_stopping_.load(); });
  if (!repaired.ok()) {
    env_.log->Warning("serve: repair: {}", vfs::Message(repaired.status()));
    return false;
  }
  std::uint64_t damaged = 0;
  for (const Repaired& one : *repaired) {
    env_.log->Warning("serve: {} is damaged: {}", one.key, one.told);
    if (one.is_done) {
      ++metrics_.artifacts_repaired;
    } else {
      ++damaged;
    }
  }
  metrics_.damaged_artifacts = damaged;
  return damaged < repaired->size();
}

void Daemon::Settled(const absl::StatusOr<LifecycleReport>& report) {
  ++metrics_.lifecycle_runs;
  {
    const vfs::MutexLock lock(&mu_);
    settled_ = report.status();
  }
  if (!report.ok()) {
    ++metrics_.lifecycle_failures;
    env_.log->Warning("serve: lifecycle: {}", vfs::Message(report.status()));
    return;
  }
  metrics_.chunks_frozen += report->chunks_frozen;
  metrics_.indexes_built += report->indexes_built;
  metrics_.hot_chunks_discarded += report->discarded;
  metrics_.artifacts_deleted += report->deleted;
}

void Daemon::Observe() {
  const LedgerStoreView view = store_->OpenView();
  metrics_.live_hot_chunks = view.indexes.size();
  const LedgerReader reader(store_->OpenView(), store_->decoder());
  metrics_.oldest_ledger = reader.oldest().value();
  RaiseTo(metrics_.last_committed_ledger, reader.latest().value());
}

void Daemon::CloseStore() {
  is_stopping_ = true;
  background_.Drain();
  is_stopping_ = false;
  if (store_ == nullptr) return;
  // Everything acknowledged is durable already: an error of closing loses nothing.
  store_->Close().IgnoreError();
  store_.reset();
}

}  // namespace permafrost::engine
