// What SimFileSystem and its handles share: the disk, who holds it open, and how effects learn
// where they come from.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "faults/lying_sync.h"
#include "sim/disk/sim_file_system.h"
#include "vfs/base/step.h"

namespace permafrost::sim {

struct SimFileSystem::Core {
  // Held by every call; recursive, because calls are made of calls. The scheduler runs one thread
  // at a time anyway: this is for runs without it, and for ThreadSanitizer.
  using Held = std::lock_guard<std::recursive_mutex>;
  mutable std::recursive_mutex mu;
  DiskState state;
  SimDiskOptions options;
  std::function<void()> sync_hook = {};
  std::uint64_t process = 0;  // rises when the process dies; handles of older ones are dead
  std::map<InodeId, int> open_counts;  // handles per inode
  std::set<InodeId> locks;
  std::uint64_t names_version =
      0;  // rises with every change of a name: cached paths are stale then

  // The inode at a path, kNoInode if there is none. Remembers the last directory.
  InodeId Resolve(std::string_view path) const;
  // The directory that holds a path's last component; kNoInode if it is not there or not a
  // directory.
  InodeId ResolveParent(std::string_view path) const;

  // "<op> <object>: ..." for a path that leads nowhere: ENOTDIR if a file stands on the way, else
  // ENOENT.
  absl::Status Missing(std::string_view op, std::string_view object, std::string_view path) const;

  EffectOrigin Origin(std::shared_ptr<const std::string> path) const;
  EffectOrigin Origin(std::string_view path) const {
    return Origin(std::make_shared<const std::string>(path));
  }

  // Settles what was live when it began.
  void Sync(InodeId id, SyncScope scope) {
    const SyncTicket ticket = state.BeginSync(id, scope);
    CallSyncHook();
    state.EndSync(ticket);
  }
  // Lets others in. Called with `mu` held once.
  void CallSyncHook() {
    if (!sync_hook) return;
    mu.unlock();
    sync_hook();
    mu.lock();
  }

  void AddHandle(InodeId id) { ++open_counts[id]; }
  void DropHandle(InodeId id);
  // An unlinked inode that nobody holds open goes at once.
  void ForgetIfUnused(InodeId id);
  void NamesChanged();
  // kResourceExhausted if `bytes` more at `offset` do not fit.
  absl::Status CheckSpace(std::string_view op,
                          std::string_view path,
                          InodeId id,
                          std::uint64_t offset,
                          std::uint64_t bytes) const;

 private:
  InodeId Walk(std::string_view path) const;

  mutable bool has_dir_ = false;  // the directory of the last lookup
  mutable std::string dir_path_;
  mutable InodeId dir_id_;
  mutable const vfs::Step* step_ = nullptr;  // the step of the last effect, and its instance
  mutable std::uint64_t step_instance_ = 0;
  mutable std::shared_ptr<const StepOrigin> step_origin_;
};

class SimFileSystem::OpenFile final : public vfs::File, public faults::LyingSync {
 public:
  OpenFile(std::shared_ptr<Core> core, InodeId id, std::string_view path, vfs::OpenMode mode);
  ~OpenFile() override;

  absl::Status Append(std::string_view bytes) override;
  absl::Status Write(std::uint64_t offset, std::string_view bytes) override;
  absl::StatusOr<std::size_t> Read(std::uint64_t offset, std::span<char> buffer) const override;
  absl::Status Truncate(std::uint64_t bytes) override;
  absl::Status Preallocate(std::uint64_t offset, std::uint64_t bytes) override;
  absl::Status SyncData() override;
  absl::Status Sync() override;
  absl::Status HintWriteOut(std::uint64_t offset, std::uint64_t bytes) override;
  absl::StatusOr<std::uint64_t> Size() const override;
  absl::Status Close() override;

  // faults::LyingSync
  absl::Status LieAboutSync() override;
  absl::Status FailSync(const faults::SyncFailure& how, absl::Status error) override;
  absl::StatusOr<std::size_t> ReadDurable(std::uint64_t offset,
                                          std::span<char> buffer) const override;

 private:
  enum class Access { kRead, kChange };
  // kFailedPrecondition for a closed handle, a dead process, or a change through a read-only
  // handle.
  absl::Status Check(std::string_view op, Access access) const;
  absl::Status WriteAt(std::string_view op, std::uint64_t offset, std::string_view bytes);
  // The part of `content` (null: zeros) in a file of `bytes`.
  absl::StatusOr<std::size_t> ReadFrom(const Inode* content,
                                       std::uint64_t bytes,
                                       std::uint64_t offset,
                                       std::span<char> buffer) const;
  EffectOrigin Origin();
  void Release();

  std::shared_ptr<Core> core_;
  const InodeId id_;
  const std::string path_;  // as opened
  const vfs::OpenMode mode_;
  const std::uint64_t process_;
  bool is_open_ = true;
  std::shared_ptr<const std::string> live_path_;  // as the tree has it now
  std::uint64_t live_path_version_ = 0;
};

}  // namespace permafrost::sim
