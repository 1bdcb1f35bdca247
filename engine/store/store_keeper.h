// Keeps a store in use through failures: retries what may pass, opens again what is poisoned, and
// stops where only an operator helps.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>

#include "engine/store/store.h"
#include "vfs/env.h"

namespace permafrost::engine {

struct KeeperPolicy {
  int tries = 6;  // of one step, openings included
  std::uint64_t first_wait_nanos = 100'000'000;
  std::uint64_t longest_wait_nanos = 5'000'000'000;  // each wait is twice the one before
};

// What an operator sees.
struct KeeperState {
  enum class Kind {
    kServing,
    kDegraded,  // no space: reads and reclaiming go on
    kDown,      // not open
  };
  Kind kind = Kind::kServing;
  absl::Status why;  // OK while it serves
};
// "serving", "degraded: no space: ...", "down: ...".
std::string ToString(const KeeperState& state);

// Threads: one thread at a time.
class StoreKeeper {
 public:
  StoreKeeper(const vfs::Env& env, StoreOptions options, const KeeperPolicy& policy);
  ~StoreKeeper();
  StoreKeeper(const StoreKeeper&) = delete;
  StoreKeeper& operator=(const StoreKeeper&) = delete;

  // Carries out a step on the open store, opening it first if need be, and again after a poisoning
  // (full recovery); a store that a full disk poisoned stays open for views until there is space.
  // A step may be repeated although it took effect (an ambiguous commit): it must bear that, as
  // every step of Store does.
  //
  // Errors: the step's last one, after `tries` for what is transient or poisoned, at once for the
  // rest
  absl::Status Run(absl::FunctionRef<absl::Status(Store&)> step);

  KeeperState state() const;
  // Null while it is down.
  Store* store() { return store_.get(); }
  // Times that the store was opened.
  std::uint64_t openings() const { return openings_; }

  absl::Status Close();

 private:
  absl::Status Open();
  bool HasSpaceToRecover() const;

  const vfs::Env env_;
  const StoreOptions options_;
  const KeeperPolicy policy_;
  std::unique_ptr<Store> store_;
  absl::Status last_;  // of the last step or opening
  std::uint64_t openings_ = 0;
};

}  // namespace permafrost::engine
