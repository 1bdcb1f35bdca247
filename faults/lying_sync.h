// What a disk can offer to fault injection beyond the plain interface: syncs that lie, and syncs
// that fail as disks fail.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

namespace permafrost::faults {

// What live reads show after a failed sync (D4, D6).
enum class AfterFailedSync {
  kKeep,                // what was written, until the crash
  kRevert,              // what is durable, at once
  kRevertOnDropCaches,  // pages are clean: what was written until the cache drops them
};

// How a sync fails besides its error. The default tells the caller alone and leaves the rest to the
// disk.
struct SyncFailure {
  std::optional<AfterFailedSync> content = {};  // none: as the disk is set
  bool tells_every_handle = false;  // each handle that is open now, at its next sync; not the
                                    // caller alone
  bool remounts_read_only = false;  // from then on nothing can be changed until a restart

  bool is_plain() const {
    return !content.has_value() && !tells_every_handle && !remounts_read_only;
  }
  friend bool operator==(const SyncFailure&, const SyncFailure&) = default;
};

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
  // Fails with `error` as D4 says: what is pending is orphaned, live reads follow `how`.
  virtual absl::Status FailSync(const SyncFailure& how, absl::Status error) = 0;
  // Reads what is durable, whatever was written since; bytes that are not read as zero up to the
  // size of now.
  virtual absl::StatusOr<std::size_t> ReadDurable(std::uint64_t offset,
                                                  std::span<char> buffer) const = 0;
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
