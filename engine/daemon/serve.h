// The daemon: catches up, follows its source, freezes and prunes beside that, and overcomes what
// can be overcome.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>

#include "engine/ingest/ingest.h"
#include "engine/ledger/ledger_source.h"
#include "engine/service/metrics.h"
#include "engine/store/ledger_store.h"
#include "vfs/base/mutex.h"
#include "vfs/env.h"

namespace permafrost::engine {

struct ServeOptions {
  StoreOptions store;
  // Sleeps, or returns at once when it is asked to stop; whether it is.
  std::function<bool(std::uint64_t nanos)> wait;
  std::uint64_t first_wait_nanos = 100'000'000;  // after a failure; each is twice the one before
  std::uint64_t longest_wait_nanos = 5'000'000'000;
};

// Threads: one thread at a time; the lifecycle runs as a job of `background`.
class Daemon {
 public:
  // All must outlive it. `bulk` null: nothing to catch up from. `background` runs lifecycles, one
  // at a time, and nothing else.
  Daemon(const vfs::Env& env,
         ServeOptions options,
         LedgerSource* live,
         LedgerSource* bulk,
         vfs::Executor* background,
         Metrics* metrics,
         Health* health);
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  // Until it is asked to stop. What is transient is tried again with backoff, what poisoned the
  // store opens it again, a full disk is waited out with reads and pruning going on.
  //
  // Errors: what only an operator can mend (FaultClass::kPermanent)
  absl::Status Run();

 private:
  // Opens, catches up, follows; until it is asked to stop (OK) or something fails.
  absl::Status RunOnce();
  absl::Status CatchUp();
  absl::Status Follow();
  // The next ledger of the source, kept until it is committed; nothing: the source ended.
  absl::StatusOr<bool> Fetch(LedgerSeq next);
  // One run more, after the one under way.
  void WakeLifecycle(LedgerSource* bulk);
  // After a lifecycle that failed over a damaged file: makes it again if it can be. Whether
  // something was.
  bool Mend(const absl::Status& failure);
  void Settled(const absl::StatusOr<LifecycleReport>& report);
  void CloseStore();
  void Observe();

  const vfs::Env env_;
  const ServeOptions options_;
  LedgerSource& live_;
  LedgerSource* const bulk_;
  vfs::Executor& background_;
  Metrics& metrics_;
  Health& health_;

  std::unique_ptr<LedgerStore> store_;
  std::unique_ptr<LedgerStream> stream_;
  std::optional<SourcedLedger> pending_;  // delivered, not committed
  std::atomic<bool> is_stopping_{false};
  std::atomic<bool> is_settling_{false};
  std::atomic<bool> is_awake_{false};
  mutable vfs::Mutex mu_;
  absl::Status settled_ ABSL_GUARDED_BY(mu_);  // of the last lifecycle run
  std::uint64_t progress_ = 0;                 // ledgers and catch-ups that went well
};

}  // namespace permafrost::engine
