// What a running store counts, for whoever watches it.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include <absl/base/thread_annotations.h>

#include "vfs/base/mutex.h"

namespace permafrost::engine {

// Threads: any thread.
struct Metrics {
  // Now.
  std::atomic<std::uint64_t> last_committed_ledger{0};
  std::atomic<std::uint64_t> oldest_ledger{0};
  std::atomic<std::uint64_t> live_hot_chunks{0};
  std::atomic<std::uint64_t> damaged_artifacts{0};  // found, and not to be made again
  // Since the start.
  std::atomic<std::uint64_t> ledgers_ingested{0};
  std::atomic<std::uint64_t> chunks_frozen{0};
  std::atomic<std::uint64_t> indexes_built{0};
  std::atomic<std::uint64_t> hot_chunks_discarded{0};
  std::atomic<std::uint64_t> artifacts_deleted{0};
  std::atomic<std::uint64_t> artifacts_repaired{0};
  std::atomic<std::uint64_t> lifecycle_runs{0};
  std::atomic<std::uint64_t> lifecycle_failures{0};
  std::atomic<std::uint64_t> store_openings{0};
};

// Whether it serves, and if not, why.
//
// Threads: any thread.
class Health {
 public:
  // "": it serves.
  void Set(std::string trouble) {
    const vfs::MutexLock lock(&mu_);
    trouble_ = std::move(trouble);
  }
  std::string trouble() const {
    const vfs::MutexLock lock(&mu_);
    return trouble_;
  }

 private:
  mutable vfs::Mutex mu_;
  std::string trouble_ ABSL_GUARDED_BY(mu_) = "starting";
};

}  // namespace permafrost::engine
