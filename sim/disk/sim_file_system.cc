// Names of the simulated disk: lookups, checks and errors as a POSIX disk gives them, effects into
// the DiskState.
#include "sim/disk/sim_file_system.h"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "sim/disk/sim_file_core.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {

using vfs::CheckPath;
using vfs::ErrnoToStatus;
using vfs::FileKind;
using vfs::NameOf;
using vfs::ParentOf;

namespace {

// The thing itself is of the wrong kind (a file on the way to it is kNotFound).
absl::Status NotADirectory(std::string_view op, std::string_view path) {
  absl::Status status = vfs::MakeStatus(absl::StatusCode::kFailedPrecondition,
                                        vfs::Message(ErrnoToStatus(ENOTDIR, op, path)));
  vfs::SetErrno(status, ENOTDIR);
  return status;
}

// Gives the lock back; `release` ignores the locks of dead processes.
class HeldLock final : public vfs::FileLock {
 public:
  explicit HeldLock(std::function<void()> release) : release_(std::move(release)) {}
  ~HeldLock() override { release_(); }

 private:
  const std::function<void()> release_;
};

}  // namespace

// ---- Core ----

InodeId SimFileSystem::Core::Walk(std::string_view path) const {
  InodeId at = kRootInode;
  while (!path.empty() && at != kNoInode) {
    const std::size_t slash = path.find('/');
    at = state.live().Entry(at, path.substr(0, slash));
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return at;
}

InodeId SimFileSystem::Core::ResolveParent(std::string_view path) const {
  const std::string_view parent = ParentOf(path);
  if (has_dir_ && parent == dir_path_) return dir_id_;
  const InodeId id = Walk(parent);
  const Inode* inode = state.live().Find(id);
  if (inode == nullptr || inode->kind != FileKind::kDirectory) return kNoInode;
  has_dir_ = true;
  dir_path_ = parent;
  dir_id_ = id;
  return id;
}

InodeId SimFileSystem::Core::Resolve(std::string_view path) const {
  if (path.empty()) return kRootInode;
  const InodeId parent = ResolveParent(path);
  return parent == kNoInode ? kNoInode : state.live().Entry(parent, NameOf(path));
}

absl::Status SimFileSystem::Core::Missing(std::string_view op,
                                          std::string_view object,
                                          std::string_view path) const {
  for (std::size_t slash = path.find('/'); slash != std::string_view::npos;
       slash = path.find('/', slash + 1)) {
    const Inode* above = state.live().Find(Walk(path.substr(0, slash)));
    if (above == nullptr) break;
    if (above->kind == FileKind::kFile) return ErrnoToStatus(ENOTDIR, op, object);
  }
  return ErrnoToStatus(ENOENT, op, object);
}

EffectOrigin SimFileSystem::Core::Origin(std::shared_ptr<const std::string> path) const {
  const vfs::Step* step = vfs::Step::Current();
  if (step == nullptr) return {nullptr, std::move(path)};
  if (step != step_ || step->instance() != step_instance_) {
    step_ = step;
    step_instance_ = step->instance();
    step_origin_ = std::make_shared<const StepOrigin>(StepOrigin{
        step->label(), vfs::Step::Path(), fmt::format("{}:{}", step->file(), step->line())});
  }
  return {step_origin_, std::move(path)};
}

void SimFileSystem::Core::NamesChanged() {
  ++names_version;
  has_dir_ = false;
}

void SimFileSystem::Core::ForgetIfUnused(InodeId id) {
  if (!open_counts.contains(id)) state.ForgetUnlinked(id);
}

void SimFileSystem::Core::DropHandle(InodeId id) {
  const auto found = open_counts.find(id);
  VFS_CHECK(found != open_counts.end(), "inode {:x} has no handles", id.value);
  if (--found->second > 0) return;
  open_counts.erase(found);
  ForgetIfUnused(id);
}

absl::Status SimFileSystem::Core::CheckSpace(std::string_view op,
                                             std::string_view path,
                                             InodeId id,
                                             std::uint64_t offset,
                                             std::uint64_t bytes) const {
  if (bytes == 0) return absl::OkStatus();
  const std::uint64_t first = offset / kPageBytes;
  const std::uint64_t last = (offset + bytes - 1) / kPageBytes;
  const std::uint64_t held = state.live_pages();
  const std::uint64_t limit = options.capacity_bytes / kPageBytes;
  if (held + (last - first + 1) <= limit) return absl::OkStatus();
  std::uint64_t needed = last - first + 1;
  state.live().Find(id)->pages.ForEachFrom(first, [&](std::uint64_t index, const PageRef&) {
    if (index > last) return false;
    --needed;
    return true;
  });
  if (needed == 0 || held + needed <= limit) return absl::OkStatus();
  return ErrnoToStatus(ENOSPC, op, path);
}

// ---- SimFileSystem ----

SimFileSystem::SimFileSystem(SimDiskOptions options) : SimFileSystem(DiskState(), options) {}

SimFileSystem::SimFileSystem(DiskState state, SimDiskOptions options)
    : core_(std::make_shared<Core>()) {
  core_->state = std::move(state);
  core_->options = options;
  core_->state.ForgetAllUnlinked();
}

SimFileSystem::~SimFileSystem() = default;

DiskState SimFileSystem::CopyState() const {
  const Core::Held held(core_->mu);
  return core_->state;
}

const DiskState& SimFileSystem::state() const {
  core_->state.durable().PublishDigests();  // once here, not in every copy
  return core_->state;
}

void SimFileSystem::KillProcess() {
  const Core::Held held(core_->mu);
  ++core_->process;
  core_->open_counts.clear();
  core_->locks.clear();
  core_->state.ForgetAllUnlinked();
}

absl::StatusOr<std::unique_ptr<vfs::File>> SimFileSystem::Create(std::string_view path) {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(CheckPath("create", path));
  if (path.empty()) return ErrnoToStatus(EEXIST, "create", path);
  const InodeId dir = core_->ResolveParent(path);
  if (dir == kNoInode) return core_->Missing("create", path, path);
  const std::string_view name = NameOf(path);
  if (core_->state.live().Entry(dir, name) != kNoInode) {
    return ErrnoToStatus(EEXIST, "create", path);
  }
  const InodeId id = core_->state.MakeInode(dir, name, FileKind::kFile, core_->Origin(path));
  return std::make_unique<OpenFile>(core_, id, path, vfs::OpenMode::kReadWrite);
}

absl::StatusOr<std::unique_ptr<vfs::File>> SimFileSystem::Open(std::string_view path,
                                                               vfs::OpenMode mode) {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(CheckPath("open", path));
  const InodeId id = core_->Resolve(path);
  if (id == kNoInode) return core_->Missing("open", path, path);
  if (core_->state.live().Find(id)->kind == FileKind::kDirectory) {
    return ErrnoToStatus(EISDIR, "open", path);
  }
  return std::make_unique<OpenFile>(core_, id, path, mode);
}

absl::Status SimFileSystem::MakeDir(std::string_view path) {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(CheckPath("make_dir", path));
  if (path.empty()) return ErrnoToStatus(EEXIST, "make_dir", path);
  const InodeId dir = core_->ResolveParent(path);
  if (dir == kNoInode) return core_->Missing("make_dir", path, path);
  const std::string_view name = NameOf(path);
  if (core_->state.live().Entry(dir, name) != kNoInode) {
    return ErrnoToStatus(EEXIST, "make_dir", path);
  }
  core_->state.MakeInode(dir, name, FileKind::kDirectory, core_->Origin(path));
  return absl::OkStatus();
}

absl::Status SimFileSystem::RemoveDir(std::string_view path) {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(CheckPath("remove_dir", path));
  if (path.empty()) return ErrnoToStatus(EBUSY, "remove_dir", path);
  const InodeId id = core_->Resolve(path);
  if (id == kNoInode) return core_->Missing("remove_dir", path, path);
  const Inode* inode = core_->state.live().Find(id);
  if (inode->kind != FileKind::kDirectory) {
    return NotADirectory("remove_dir", path);
  }
  if (!inode->entries.empty()) return ErrnoToStatus(ENOTEMPTY, "remove_dir", path);
  core_->state.RemoveName(core_->ResolveParent(path), NameOf(path), core_->Origin(path));
  core_->NamesChanged();
  return absl::OkStatus();
}

absl::StatusOr<std::vector<vfs::DirEntry>> SimFileSystem::List(std::string_view path) const {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(CheckPath("list", path));
  const InodeId id = core_->Resolve(path);
  const Inode* inode = core_->state.live().Find(id);
  if (inode == nullptr) return core_->Missing("list", path, path);
  if (inode->kind != FileKind::kDirectory) {
    return NotADirectory("list", path);
  }
  std::vector<vfs::DirEntry> entries;
  entries.reserve(inode->entries.size());
  inode->entries.ForEach([&](const std::string& name, InodeId child) {
    entries.push_back({name, core_->state.live().Find(child)->kind});
    return true;
  });
  return entries;
}

absl::Status SimFileSystem::SyncDir(std::string_view path) {
  const Core::Held held(core_->mu);
  VFS_ASSIGN_OR_RETURN(const SyncTicket ticket, BeginSyncDir(path));
  core_->CallSyncHook();
  EndSync(ticket);
  return absl::OkStatus();
}

void SimFileSystem::SetSyncHook(std::function<void()> hook) { core_->sync_hook = std::move(hook); }

absl::Status SimFileSystem::Rename(std::string_view from, std::string_view to) {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(CheckPath("rename", from));
  VFS_RETURN_IF_ERROR(CheckPath("rename", to));
  const std::string both = fmt::format("{} to {}", from, to);
  if (from.empty() || to.empty()) return ErrnoToStatus(EBUSY, "rename", both);
  if (ParentOf(from) != ParentOf(to)) {
    absl::Status status =
        vfs::FailedPrecondition("rename {}: not within one directory (errno {})", both, EXDEV);
    vfs::SetErrno(status, EXDEV);
    return status;
  }
  const InodeId moved = core_->Resolve(from);
  if (moved == kNoInode) return core_->Missing("rename", both, from);
  const InodeId dir = core_->ResolveParent(from);
  const InodeTree& live = core_->state.live();
  const InodeId replaced = live.Entry(dir, NameOf(to));
  if (moved == replaced) return absl::OkStatus();
  if (replaced != kNoInode) {
    const Inode* target = live.Find(replaced);
    const bool onto_dir = target->kind == FileKind::kDirectory;
    const bool is_dir = live.Find(moved)->kind == FileKind::kDirectory;
    if (onto_dir && !is_dir) return ErrnoToStatus(EISDIR, "rename", both);
    if (!onto_dir && is_dir) return NotADirectory("rename", both);
    if (!target->entries.empty()) return ErrnoToStatus(ENOTEMPTY, "rename", both);
  }
  core_->state.Rename(dir, NameOf(from), NameOf(to), core_->Origin(to));
  core_->NamesChanged();
  if (replaced != kNoInode) core_->ForgetIfUnused(replaced);
  return absl::OkStatus();
}

absl::Status SimFileSystem::Link(std::string_view existing, std::string_view name) {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(CheckPath("link", existing));
  VFS_RETURN_IF_ERROR(CheckPath("link", name));
  const std::string both = fmt::format("{} to {}", existing, name);
  const InodeId file = core_->Resolve(existing);
  if (file == kNoInode) return core_->Missing("link", both, existing);
  if (core_->state.live().Find(file)->kind == FileKind::kDirectory) {
    return ErrnoToStatus(EISDIR, "link", both);
  }
  if (name.empty()) return ErrnoToStatus(EEXIST, "link", both);
  const InodeId dir = core_->ResolveParent(name);
  if (dir == kNoInode) return core_->Missing("link", both, name);
  if (core_->state.live().Entry(dir, NameOf(name)) != kNoInode) {
    return ErrnoToStatus(EEXIST, "link", both);
  }
  core_->state.Link(file, dir, NameOf(name), core_->Origin(name));
  core_->NamesChanged();
  return absl::OkStatus();
}

absl::Status SimFileSystem::Unlink(std::string_view path) {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(CheckPath("unlink", path));
  const InodeId id = core_->Resolve(path);
  if (id == kNoInode) return core_->Missing("unlink", path, path);
  if (core_->state.live().Find(id)->kind == FileKind::kDirectory) {
    return ErrnoToStatus(EISDIR, "unlink", path);
  }
  core_->state.RemoveName(core_->ResolveParent(path), NameOf(path), core_->Origin(path));
  core_->NamesChanged();
  core_->ForgetIfUnused(id);
  return absl::OkStatus();
}

absl::StatusOr<vfs::FileInfo> SimFileSystem::Stat(std::string_view path) const {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(CheckPath("stat", path));
  const Inode* inode = core_->state.live().Find(core_->Resolve(path));
  if (inode == nullptr) return core_->Missing("stat", path, path);
  if (inode->kind == FileKind::kDirectory) return vfs::FileInfo{FileKind::kDirectory, 0, 1};
  return vfs::FileInfo{FileKind::kFile, inode->bytes, inode->names.size()};
}

absl::StatusOr<vfs::FileIdentity> SimFileSystem::Identity(std::string_view path) const {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(CheckPath("identity", path));
  const InodeId id = core_->Resolve(path);
  if (id == kNoInode) return core_->Missing("identity", path, path);
  return vfs::FileIdentity{1, id.value};
}

absl::StatusOr<std::uint64_t> SimFileSystem::FreeSpace(std::string_view path) const {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(CheckPath("free_space", path));
  if (core_->Resolve(path) == kNoInode) return core_->Missing("free_space", path, path);
  const std::uint64_t taken = core_->state.live_pages() * kPageBytes;
  return core_->options.capacity_bytes - std::min(taken, core_->options.capacity_bytes);
}

absl::StatusOr<std::unique_ptr<vfs::FileLock>> SimFileSystem::Lock(
    std::string_view path, const vfs::LockOptions& options) {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(CheckPath("lock", path));
  InodeId id = core_->Resolve(path);
  if (id == kNoInode) {
    if (core_->ResolveParent(path) == kNoInode) return core_->Missing("lock", path, path);
    VFS_RETURN_IF_ERROR(Create(path).status());
    id = core_->Resolve(path);
  }
  if (core_->state.live().Find(id)->kind == FileKind::kDirectory) {
    return ErrnoToStatus(EISDIR, "lock", path);
  }
  VFS_ASSIGN_OR_RETURN(const std::unique_ptr<vfs::File> file,
                       Open(path, vfs::OpenMode::kReadWrite));
  if (core_->locks.contains(id)) {
    std::string holder(32, '\0');
    VFS_ASSIGN_OR_RETURN(const std::size_t count, file->Read(0, holder));
    holder.resize(count);
    return vfs::Unavailable("lock {}: held by this process (pid {}); use another directory", path,
                            holder);
  }
  if (!options.content.empty()) {
    VFS_RETURN_IF_ERROR(file->Truncate(0));
    VFS_RETURN_IF_ERROR(file->Write(0, options.content));
  }
  core_->locks.insert(id);
  core_->AddHandle(id);  // an unlinked lock file stays locked
  return std::make_unique<HeldLock>([core = core_, id, process = core_->process] {
    const Core::Held releasing(core->mu);
    if (process != core->process) return;
    core->locks.erase(id);
    core->DropHandle(id);
  });
}

absl::Status SimFileSystem::DropCaches() {
  const Core::Held held(core_->mu);
  core_->state.RevertCleanOrphans();
  return absl::OkStatus();
}

void SimFileSystem::SetCapacity(std::uint64_t bytes) {
  const Core::Held held(core_->mu);
  core_->options.capacity_bytes = bytes;
}

bool SimFileSystem::HasCleanOrphans() const {
  const Core::Held held(core_->mu);
  return core_->state.HasCleanOrphans();
}

absl::Status SimFileSystem::LieAboutSyncDir(std::string_view path) {
  const Core::Held held(core_->mu);
  VFS_ASSIGN_OR_RETURN(const SyncTicket ticket, BeginSyncDir(path));
  core_->state.OrphanSync(ticket, AfterFailedSync::kKeep);
  return absl::OkStatus();
}

absl::Status SimFileSystem::FailSyncDir(std::string_view path, absl::Status error) {
  const Core::Held held(core_->mu);
  VFS_ASSIGN_OR_RETURN(const SyncTicket ticket, BeginSyncDir(path));
  core_->state.OrphanSync(ticket, AfterFailedSync::kKeep);
  return error;
}

absl::StatusOr<SyncTicket> SimFileSystem::BeginSync(std::string_view file_path) {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(CheckPath("sync", file_path));
  const InodeId id = core_->Resolve(file_path);
  const Inode* inode = core_->state.live().Find(id);
  if (inode == nullptr) return core_->Missing("sync", file_path, file_path);
  if (inode->kind != FileKind::kFile) return ErrnoToStatus(EISDIR, "sync", file_path);
  return core_->state.BeginSync(id, SyncScope::kFile);
}

absl::StatusOr<SyncTicket> SimFileSystem::BeginSyncDir(std::string_view path) {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(CheckPath("sync_dir", path));
  const InodeId id = core_->Resolve(path);
  const Inode* inode = core_->state.live().Find(id);
  if (inode == nullptr) return core_->Missing("sync_dir", path, path);
  if (inode->kind != FileKind::kDirectory) {
    return NotADirectory("sync_dir", path);
  }
  return core_->state.BeginSync(id, SyncScope::kDirectory);
}

void SimFileSystem::EndSync(const SyncTicket& ticket) { core_->state.EndSync(ticket); }

}  // namespace permafrost::sim
