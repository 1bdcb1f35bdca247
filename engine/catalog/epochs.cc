// Counting readers by epoch.
#include "engine/catalog/epochs.h"

#include <utility>

namespace permafrost::engine {

Epochs::Pin::Pin(Pin&& other) noexcept
    : epochs_(std::exchange(other.epochs_, nullptr)), epoch_(other.epoch_) {}

Epochs::Pin::~Pin() {
  if (epochs_ != nullptr) epochs_->Leave(epoch_);
}

Epochs::Pin Epochs::Enter() {
  const vfs::MutexLock lock(&mu_);
  ++readers_[current_];
  return {this, current_};
}

void Epochs::Leave(std::uint64_t epoch) {
  const vfs::MutexLock lock(&mu_);
  const auto it = readers_.find(epoch);
  if (--it->second == 0) readers_.erase(it);
}

std::uint64_t Epochs::End() {
  const vfs::MutexLock lock(&mu_);
  return current_++;
}

bool Epochs::IsDrained(std::uint64_t epoch) const {
  const vfs::MutexLock lock(&mu_);
  return readers_.empty() || readers_.begin()->first > epoch;
}

}  // namespace permafrost::engine
