// What the handles of one inode have to be told of failed syncs and write-outs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "vfs/base/mutex.h"

namespace permafrost::faults {

// Threads: any thread.
class InodeErrors {
 public:
  // A failure that a handle does not know of, and the rule that made it.
  struct Untold {
    std::size_t rule = 0;
    bool is_late = false;  // of a write-out: whoever syncs first is told, as by a sync of its own
  };

  // How many failures of every handle there were; a handle knows those before it was opened.
  std::uint64_t told_to_all() const {
    const vfs::MutexLock lock(&mu_);
    return told_to_all_;
  }

  // The write-out of what was just written failed.
  void NoteLate(std::size_t rule) {
    const vfs::MutexLock lock(&mu_);
    rule_ = rule;
    is_late_ = true;
  }

  // A sync failed and its caller is told. Returns what that handle knows now.
  std::uint64_t NoteSync(std::size_t rule, bool tells_every_handle) {
    const vfs::MutexLock lock(&mu_);
    rule_ = rule;
    is_late_ = false;
    if (tells_every_handle) ++told_to_all_;
    return told_to_all_;
  }

  // For a handle that knows so many.
  std::optional<Untold> FindUntold(std::uint64_t known) const {
    const vfs::MutexLock lock(&mu_);
    if (!is_late_ && known == told_to_all_) return std::nullopt;
    return Untold{.rule = rule_, .is_late = is_late_};
  }

 private:
  mutable vfs::Mutex mu_;
  std::uint64_t told_to_all_ ABSL_GUARDED_BY(mu_) = 0;
  std::size_t rule_ ABSL_GUARDED_BY(mu_) = 0;  // of the last failure
  bool is_late_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace permafrost::faults
