// One writer per key (invariant 30): who works on a key claims it from its first look at it to its
// last write.
#pragma once

#include <set>
#include <string>
#include <utility>

#include <absl/base/thread_annotations.h>

#include "vfs/base/cond_var.h"
#include "vfs/base/mutex.h"

namespace permafrost::engine {

// Claims are taken all at once, and by a thread that holds none: so nobody waits for anybody who
// waits.
//
// Threads: any thread; guarded by mu_.
class KeyClaims {
 public:
  // The keys of one claim, until it is destroyed. Must not outlive its KeyClaims.
  class Held {
   public:
    Held(Held&& other) noexcept
        : claims_(std::exchange(other.claims_, nullptr)), keys_(std::move(other.keys_)) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    Held& operator=(Held&&) = delete;
    ~Held();

   private:
    friend class KeyClaims;
    Held(KeyClaims* claims, std::set<std::string> keys) : claims_(claims), keys_(std::move(keys)) {}

    KeyClaims* claims_;  // null once moved from
    std::set<std::string> keys_;
  };

  // Waits until nobody else holds any of `keys`. A whole window is claimed by its key prefix.
  Held Take(std::set<std::string> keys);

 private:
  bool IsAnyTaken(const std::set<std::string>& keys) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  vfs::Mutex mu_;
  vfs::CondVar released_;
  std::set<std::string> taken_ ABSL_GUARDED_BY(mu_);
};

}  // namespace permafrost::engine
