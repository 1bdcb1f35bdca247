// Readers are counted, not timed: what is demoted is destroyed once nobody is left who could have
// resolved it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include <absl/base/thread_annotations.h>

#include "vfs/base/mutex.h"

namespace permafrost::engine {

// A reader enters before it looks at the catalog; a demotion ends the epoch after its commit. So
// whoever may have seen the state before the demotion is pinned in an epoch that had not ended, and
// once all of those have left, the old state cannot be resolved any more.
//
// Source: epoch-based reclamation (Fraser, "Practical lock-freedom", 2004), with a count per epoch.
//
// Threads: any thread; guarded by mu_.
class Epochs {
 public:
  // One reader, until it is destroyed. Must not outlive its Epochs.
  class Pin {
   public:
    Pin(Pin&& other) noexcept;
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    Pin& operator=(Pin&&) = delete;
    ~Pin();

   private:
    friend class Epochs;
    Pin(Epochs* epochs, std::uint64_t epoch) : epochs_(epochs), epoch_(epoch) {}

    Epochs* epochs_;  // null once moved from
    const std::uint64_t epoch_;
  };

  Pin Enter();

  // Ends the current epoch and returns its number.
  std::uint64_t End();

  // Whether every reader that entered in `epoch` or before has left.
  bool IsDrained(std::uint64_t epoch) const;

 private:
  void Leave(std::uint64_t epoch);

  mutable vfs::Mutex mu_;
  std::uint64_t current_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<std::uint64_t, std::size_t> readers_ ABSL_GUARDED_BY(mu_);  // by epoch; never 0
};

}  // namespace permafrost::engine
