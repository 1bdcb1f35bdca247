// What a disk can offer to fault injection beyond the plain interface: syncs that lie, and syncs
// that fail as disks fail.
#pragma once

#include <string_view>

#include <absl/status/status.h>

namespace permafrost::faults {

// Implemented by files of a simulated disk (found by dynamic_cast on the vfs::File). A plain disk
// lacks it; there a lie is an omitted call and a failure is an error without the call.
class LyingSync {
 public:
  LyingSync() = default;
  virtual ~LyingSync() = default;
  LyingSync(const LyingSync&) = delete;
  LyingSync& operator=(const LyingSync&) = delete;

  // Returns OK and settles nothing: what is pending stays at the mercy of a crash and no later sync
  // covers it.
  virtual absl::Status LieAboutSync() = 0;
  // Fails with `error` as D4 says: what is pending is orphaned, live reads follow the disk's
  // options.
  virtual absl::Status FailSync(absl::Status error) = 0;
};

// The same for directories; implemented by the simulated file system itself.
class LyingSyncDir {
 public:
  LyingSyncDir() = default;
  virtual ~LyingSyncDir() = default;
  LyingSyncDir(const LyingSyncDir&) = delete;
  LyingSyncDir& operator=(const LyingSyncDir&) = delete;

  virtual absl::Status LieAboutSyncDir(std::string_view path) = 0;
  virtual absl::Status FailSyncDir(std::string_view path, absl::Status error) = 0;
};

}  // namespace permafrost::faults
