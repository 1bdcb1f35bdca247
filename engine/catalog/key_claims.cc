// Waiting for keys.
#include "engine/catalog/key_claims.h"

namespace permafrost::engine {

KeyClaims::Held KeyClaims::Take(std::set<std::string> keys) {
  const vfs::MutexLock lock(&mu_);
  while (IsAnyTaken(keys)) released_.Wait(&mu_);
  taken_.insert(keys.begin(), keys.end());
  return {this, std::move(keys)};
}

bool KeyClaims::IsAnyTaken(const std::set<std::string>& keys) const {
  for (const std::string& key : keys) {
    if (taken_.contains(key)) return true;
  }
  return false;
}

KeyClaims::Held::~Held() {
  if (claims_ == nullptr) return;
  const vfs::MutexLock lock(&claims_->mu_);
  for (const std::string& key : keys_) claims_->taken_.erase(key);
  claims_->released_.NotifyAll();
}

}  // namespace permafrost::engine
