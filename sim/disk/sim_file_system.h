// The simulated disk as a vfs::FileSystem: D1-D9 exactly and not one bit more.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "faults/lying_sync.h"
#include "sim/disk/disk_state.h"
#include "vfs/file_system.h"

namespace permafrost::sim {

using faults::AfterFailedSync;

struct SimDiskOptions {
  std::uint64_t capacity_bytes = std::uint64_t{1}
                                 << 32;  // live bytes beyond it are kResourceExhausted
  AfterFailedSync after_failed_sync = AfterFailedSync::kKeep;  // where the failure says nothing
};

// Holds one DiskState and the open handles. Snapshot by copying state(): O(1), shares everything.
//
// Threads: one thread at a time (exactly one thread runs in the simulator).
class SimFileSystem final : public vfs::FileSystem, public faults::LyingSyncDir {
 public:
  explicit SimFileSystem(SimDiskOptions options = {});
  // Boots from an image (nothing pending) or goes on after a process death (pending versions stay
  // pending, D8).
  explicit SimFileSystem(DiskState state, SimDiskOptions options = {});
  ~SimFileSystem() override;

  // The disk itself, for when no call is under way; and a copy at any time.
  const DiskState& state() const;
  DiskState CopyState() const;

  // The process dies: handles and locks vanish, live state and pending versions stay. Handles still
  // held by callers answer kFailedPrecondition from now on.
  void KillProcess();

  absl::StatusOr<std::unique_ptr<vfs::File>> Create(std::string_view path) override;
  absl::StatusOr<std::unique_ptr<vfs::File>> Open(std::string_view path,
                                                  vfs::OpenMode mode) override;
  absl::Status MakeDir(std::string_view path) override;
  absl::Status RemoveDir(std::string_view path) override;
  absl::StatusOr<std::vector<vfs::DirEntry>> List(std::string_view path) const override;
  absl::Status SyncDir(std::string_view path) override;
  absl::Status Rename(std::string_view from, std::string_view to) override;
  absl::Status Link(std::string_view existing, std::string_view name) override;
  absl::Status Unlink(std::string_view path) override;
  absl::StatusOr<vfs::FileInfo> Stat(std::string_view path) const override;
  absl::StatusOr<vfs::FileIdentity> Identity(std::string_view path) const override;
  absl::StatusOr<std::uint64_t> FreeSpace(std::string_view path) const override;
  absl::StatusOr<std::unique_ptr<vfs::FileLock>> Lock(std::string_view path,
                                                      const vfs::LockOptions& options) override;
  absl::Status DropCaches() override;

  // faults::LyingSyncDir
  absl::Status LieAboutSyncDir(std::string_view path) override;
  absl::Status FailSyncDir(std::string_view path, absl::Status error) override;

  // What fits from now on; what is there stays.
  void SetCapacity(std::uint64_t bytes);
  // Whether DropCaches would bring back older content of a file whose sync failed.
  bool HasCleanOrphans() const;

  // Called within each sync, between its two halves: other threads may run there. Empty: nothing.
  void SetSyncHook(std::function<void()> hook);

  // The two halves of a sync, for tests and schedulers that run other calls in between: what is
  // captured at Begin is settled at End, later writes are not.
  absl::StatusOr<SyncTicket> BeginSync(std::string_view file_path);
  absl::StatusOr<SyncTicket> BeginSyncDir(std::string_view path);
  void EndSync(const SyncTicket& ticket);

 private:
  struct Core;
  class OpenFile;
  std::shared_ptr<Core> core_;
};

}  // namespace permafrost::sim
