// The loop of tries.
#include "engine/store/store_keeper.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/store/failure.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {

std::string ToString(const KeeperState& state) {
  switch (state.kind) {
    case KeeperState::Kind::kServing: return "serving";
    case KeeperState::Kind::kDegraded:
      return fmt::format("degraded: no space: {}", vfs::Message(state.why));
    case KeeperState::Kind::kDown: break;
  }
  return fmt::format("down: {}", state.why.ok() ? "not opened yet" : vfs::Message(state.why));
}

StoreKeeper::StoreKeeper(const vfs::Env& env, StoreOptions options, const KeeperPolicy& policy)
    : env_(env), options_(std::move(options)), policy_(policy) {}

StoreKeeper::~StoreKeeper() = default;

absl::Status StoreKeeper::Open() {
  VFS_ASSIGN_OR_RETURN(store_, Store::Open(env_, options_));
  ++openings_;
  return absl::OkStatus();
}

absl::Status StoreKeeper::Run(absl::FunctionRef<absl::Status(Store&)> step) {
  std::uint64_t wait_nanos = policy_.first_wait_nanos;
  for (int attempt = 1;; ++attempt) {
    if (store_ != nullptr && store_->needs_reopen()) {
      if (!HasSpaceToRecover()) return last_;
      store_.reset();
    }
    last_ = store_ == nullptr ? Open() : absl::OkStatus();
    if (last_.ok()) last_ = step(*store_);
    const FaultClass fault = store_ == nullptr ? ClassOf(last_) : ClassOf(last_, *store_);
    switch (fault) {
      case FaultClass::kNone:
      case FaultClass::kNoSpace:
      case FaultClass::kPermanent: return last_;
      case FaultClass::kPoisoned:
        // By a full disk: views go on answering until there is space to recover in.
        if (ClassOf(last_) == FaultClass::kNoSpace) return last_;
        VFS_PROBE("engine/store/keeper_reopens");
        env_.log->Warning("keep store: poisoned, opening it again: {}", vfs::Message(last_));
        // Dropped, not closed: nothing more may reach the disk.
        store_.reset();
        break;
      case FaultClass::kTransient:
        VFS_PROBE("engine/store/keeper_retries");
        env_.log->Warning("keep store: try {} of {} failed: {}", attempt, policy_.tries,
                          vfs::Message(last_));
        break;
    }
    if (attempt == policy_.tries) return last_;
    env_.clock->SleepNanos(wait_nanos);
    wait_nanos = std::min(2 * wait_nanos, policy_.longest_wait_nanos);
  }
}

bool StoreKeeper::HasSpaceToRecover() const {
  if (ClassOf(last_) != FaultClass::kNoSpace) return true;
  const auto free_bytes = env_.fs->FreeSpace(options_.roots.catalog);
  return free_bytes.ok() && *free_bytes > 0 && *free_bytes >= options_.reserve_bytes;
}

KeeperState StoreKeeper::state() const {
  const bool is_poisoned = store_ != nullptr && store_->needs_reopen();
  const bool is_full = ClassOf(last_) == FaultClass::kNoSpace;
  if (store_ == nullptr || (is_poisoned && !is_full))
    return {.kind = KeeperState::Kind::kDown, .why = last_};
  if (is_poisoned || store_->is_short_of_space()) {
    return {.kind = KeeperState::Kind::kDegraded,
            .why = is_full ? last_ : vfs::ResourceExhausted("a write found none")};
  }
  return {.kind = KeeperState::Kind::kServing, .why = absl::OkStatus()};
}

absl::Status StoreKeeper::Close() {
  if (store_ == nullptr) return absl::OkStatus();
  const std::unique_ptr<Store> store = std::move(store_);
  return store->Close();
}

}  // namespace permafrost::engine
