// Names, directories and poison; the files themselves are in hardened_file.cc.
#include "vfs/rocksdb/hardened_disk.h"

#include <utility>

#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"

namespace permafrost::vfs {
namespace {

absl::Status Poisoned(std::string_view op, std::string_view path, const absl::Status& why) {
  return FailedPrecondition(
      "{} {}: poisoned by an earlier failure ({}); close this database and recover it by opening "
      "it again",
      op, path, Message(why));
}

}  // namespace

HardenedDisk::HardenedDisk(FileSystem& fs, const RocksOptions& options)
    : fs_(fs),
      settle_names_(options.Has(Hardening::kSettleNames)),
      poison_on_error_(options.Has(Hardening::kPoisonOnError)),
      scan_logs_(options.Has(Hardening::kScanLogs)) {}

HardenedDisk::~HardenedDisk() = default;

absl::Status HardenedDisk::CheckUsable(std::string_view op, std::string_view path) const {
  if (!abandoned_) return absl::OkStatus();
  return FailedPrecondition("{} {}: the database was abandoned", op, path);
}

absl::Status HardenedDisk::CheckDirUsable(std::string_view op, std::string_view path) const {
  MutexLock lock(&mu_);
  VFS_RETURN_IF_ERROR(CheckUsable(op, path));
  const auto poisoned = poisoned_dirs_.find(path);
  if (poisoned != poisoned_dirs_.end()) return Poisoned(op, path, poisoned->second);
  return absl::OkStatus();
}

absl::Status HardenedDisk::CheckNameUsable(std::string_view op, std::string_view path) const {
  MutexLock lock(&mu_);
  VFS_RETURN_IF_ERROR(CheckUsable(op, path));
  const auto dir = path.empty() ? poisoned_dirs_.end() : poisoned_dirs_.find(ParentOf(path));
  if (dir != poisoned_dirs_.end()) return Poisoned(op, path, dir->second);
  const auto inode = inodes_.find(path);
  if (inode != inodes_.end() && !inode->second->poison.ok()) {
    return Poisoned(op, path, inode->second->poison);
  }
  return absl::OkStatus();
}

std::shared_ptr<HardenedDisk::Inode> HardenedDisk::InodeOf(std::string_view path,
                                                           bool name_settled) {
  MutexLock lock(&mu_);
  auto& inode = inodes_[std::string(path)];
  if (inode == nullptr) {
    inode = std::make_shared<Inode>(Inode{std::string(path), name_settled, absl::OkStatus()});
  }
  return inode;
}

void HardenedDisk::Forget(std::string_view path) {
  MutexLock lock(&mu_);
  const auto it = inodes_.find(path);
  if (it != inodes_.end()) inodes_.erase(it);
}

absl::Status HardenedDisk::PoisonInode(Inode& inode, absl::Status why) {
  if (!poison_on_error_ || why.ok()) return why;
  VFS_PROBE("rocksdb/inode_poisoned");
  MutexLock lock(&mu_);
  is_sound_ = false;
  if (inode.poison.ok()) inode.poison = why;
  if (first_failure_.ok()) first_failure_ = why;
  // What the MANIFEST says is unknown from now on: a table that RocksDB takes for unused may be one
  // that it names.
  if (RocksFileKindOf(inode.path) == RocksFileKind::kManifest) {
    VFS_PROBE("rocksdb/manifest_poisoned");
    poisoned_dirs_.emplace(ParentOf(inode.path), why);
  }
  return why;
}

absl::Status HardenedDisk::PoisonDir(std::string_view path, absl::Status why) {
  if (!poison_on_error_ || why.ok()) return why;
  VFS_PROBE("rocksdb/dir_poisoned");
  MutexLock lock(&mu_);
  is_sound_ = false;
  poisoned_dirs_.emplace(path, why);
  if (first_failure_.ok()) first_failure_ = why;
  return why;
}

absl::StatusOr<std::unique_ptr<File>> HardenedDisk::MakeEmpty(std::string_view path,
                                                              RocksFileKind kind) {
  {
    const Step step(RocksLabel(kind, RocksVerb::kCreate));
    auto created = fs_.Create(path);
    if (created.ok() || created.status().code() != absl::StatusCode::kAlreadyExists) return created;
  }
  if (settle_names_) {
    VFS_PROBE("rocksdb/leftover_unlinked");
    {
      const Step step(kRocksLabelUnlink);
      VFS_RETURN_IF_ERROR(fs_.Unlink(path));
    }
    Forget(path);
    const Step step(RocksLabel(kind, RocksVerb::kCreate));
    return fs_.Create(path);
  }
  std::unique_ptr<File> file;
  {
    const Step step(RocksLabel(kind, RocksVerb::kOpen));
    VFS_ASSIGN_OR_RETURN(file, fs_.Open(path, OpenMode::kReadWrite));
  }
  const Step step(RocksLabel(kind, RocksVerb::kTruncate));
  VFS_RETURN_IF_ERROR(file->Truncate(0));
  return file;
}

absl::StatusOr<std::unique_ptr<HardenedFile>> HardenedDisk::CreateFresh(std::string_view path) {
  {
    // A poisoned inode of this name does not matter: the file that is made here is another one.
    MutexLock lock(&mu_);
    VFS_RETURN_IF_ERROR(CheckUsable("create", path));
    const auto dir = poisoned_dirs_.find(ParentOf(path));
    if (dir != poisoned_dirs_.end()) return Poisoned("create", path, dir->second);
  }
  const RocksFileKind kind = RocksFileKindOf(path);
  VFS_ASSIGN_OR_RETURN(std::unique_ptr<File> file, MakeEmpty(path, kind));
  if (settle_names_) Forget(path);
  auto inode = InodeOf(path, false);
  return std::unique_ptr<HardenedFile>(
      new HardenedFile(*this, std::move(file), std::move(inode), kind, 0));
}

absl::StatusOr<std::unique_ptr<HardenedFile>> HardenedDisk::OpenForAppend(std::string_view path) {
  VFS_RETURN_IF_ERROR(CheckNameUsable("open", path));
  const RocksFileKind kind = RocksFileKindOf(path);
  const Step step(RocksLabel(kind, RocksVerb::kOpen));
  auto opened = fs_.Open(path, OpenMode::kReadWrite);
  if (!opened.ok() && opened.status().code() == absl::StatusCode::kNotFound)
    return CreateFresh(path);
  VFS_RETURN_IF_ERROR(opened.status());
  std::unique_ptr<File> file = *std::move(opened);
  VFS_ASSIGN_OR_RETURN(const std::uint64_t bytes, file->Size());
  // Whoever made the name may have died before settling it (D8): it is settled anew.
  auto inode = InodeOf(path, false);
  auto handle = std::unique_ptr<HardenedFile>(
      new HardenedFile(*this, std::move(file), std::move(inode), kind, bytes));
  handle->was_synced_ = true;
  return handle;
}

absl::StatusOr<std::unique_ptr<HardenedFile>> HardenedDisk::OpenForRead(std::string_view path) {
  std::shared_ptr<Inode> inode;
  {
    MutexLock lock(&mu_);
    VFS_RETURN_IF_ERROR(CheckUsable("open", path));
    const auto known = inodes_.find(path);
    if (known != inodes_.end()) inode = known->second;
    if (inode != nullptr && !inode->poison.ok()) return Poisoned("open", path, inode->poison);
    last_opened_ = path;
  }
  if (inode == nullptr) inode = std::make_shared<Inode>(Inode{std::string(path), true, {}});
  const RocksFileKind kind = RocksFileKindOf(path);
  const Step step(RocksLabel(kind, RocksVerb::kOpen));
  absl::StatusOr<std::unique_ptr<File>> file = fs_.Open(path, OpenMode::kRead);
  NoteFailedLook(file.status());
  VFS_RETURN_IF_ERROR(file.status());
  return std::unique_ptr<HardenedFile>(
      new HardenedFile(*this, *std::move(file), std::move(inode), kind, 0));
}

absl::Status HardenedDisk::SyncDirLabelled(std::string_view path, const char* label) {
  VFS_RETURN_IF_ERROR(CheckDirUsable("sync directory", path));
  // Only names that exist when the sync starts are covered by it.
  std::vector<std::shared_ptr<Inode>> covered;
  {
    MutexLock lock(&mu_);
    for (const auto& [name, inode] : inodes_) {
      if (!inode->name_settled && ParentOf(name) == path) covered.push_back(inode);
    }
  }
  {
    const Step step(label);
    absl::Status synced = fs_.SyncDir(path);
    if (!synced.ok()) return PoisonDir(path, std::move(synced));
  }
  MutexLock lock(&mu_);
  for (const auto& inode : covered) inode->name_settled = true;
  return absl::OkStatus();
}

absl::Status HardenedDisk::SyncDir(std::string_view path) {
  return SyncDirLabelled(path, kRocksLabelDirSync);
}

absl::Status HardenedDisk::MakeDir(std::string_view path) {
  VFS_RETURN_IF_ERROR(CheckNameUsable("mkdir", path));
  const Step step(kRocksLabelDirCreate);
  return fs_.MakeDir(path);
}

absl::Status HardenedDisk::RemoveDir(std::string_view path) {
  VFS_RETURN_IF_ERROR(CheckNameUsable("rmdir", path));
  const Step step(kRocksLabelDirRemove);
  return fs_.RemoveDir(path);
}

absl::StatusOr<std::vector<DirEntry>> HardenedDisk::List(std::string_view path) {
  {
    MutexLock lock(&mu_);
    VFS_RETURN_IF_ERROR(CheckUsable("list", path));
  }
  const Step step(kRocksLabelDirList);
  absl::StatusOr<std::vector<DirEntry>> entries = fs_.List(path);
  NoteFailedLook(entries.status());
  return entries;
}

absl::Status HardenedDisk::Rename(std::string_view from, std::string_view to) {
  VFS_RETURN_IF_ERROR(CheckNameUsable("rename", from));
  const std::string_view dir = ParentOf(from);
  if (settle_names_) VFS_RETURN_IF_ERROR(SyncDirLabelled(dir, kRocksLabelSettleRename));
  {
    const Step step(kRocksLabelRename);
    absl::Status renamed = fs_.Rename(from, to);
    if (!renamed.ok()) {
      PoisonInode(*InodeOf(from, true), renamed).IgnoreError();
      return PoisonDir(dir, std::move(renamed));
    }
  }
  MutexLock lock(&mu_);
  const auto it = inodes_.find(from);
  if (it == inodes_.end()) {
    if (const auto replaced = inodes_.find(to); replaced != inodes_.end()) inodes_.erase(replaced);
    return absl::OkStatus();
  }
  std::shared_ptr<Inode> inode = std::move(it->second);
  inodes_.erase(it);
  inode->path = std::string(to);
  inode->name_settled = false;
  inodes_[std::string(to)] = std::move(inode);
  return absl::OkStatus();
}

absl::Status HardenedDisk::Link(std::string_view existing, std::string_view name) {
  VFS_RETURN_IF_ERROR(CheckNameUsable("link", existing));
  VFS_RETURN_IF_ERROR(CheckNameUsable("link", name));
  const Step step(kRocksLabelLink);
  return fs_.Link(existing, name);
}

absl::Status HardenedDisk::Unlink(std::string_view path) {
  VFS_RETURN_IF_ERROR(CheckDirUsable("unlink", ParentOf(path)));
  const Step step(kRocksLabelUnlink);
  VFS_RETURN_IF_ERROR(fs_.Unlink(path));
  Forget(path);
  return absl::OkStatus();
}

absl::StatusOr<FileInfo> HardenedDisk::Stat(std::string_view path) {
  {
    MutexLock lock(&mu_);
    VFS_RETURN_IF_ERROR(CheckUsable("stat", path));
  }
  const Step step(kRocksLabelStat);
  absl::StatusOr<FileInfo> info = fs_.Stat(path);
  NoteFailedLook(info.status());
  return info;
}

absl::StatusOr<std::uint64_t> HardenedDisk::FreeSpace(std::string_view path) {
  const Step step(kRocksLabelStat);
  return fs_.FreeSpace(path);
}

absl::StatusOr<FileIdentity> HardenedDisk::Identity(std::string_view path) {
  const Step step(kRocksLabelStat);
  return fs_.Identity(path);
}

absl::Status HardenedDisk::LockEarly(std::string_view path) {
  VFS_ASSIGN_OR_RETURN(std::unique_ptr<FileLock> held, TakeLock(path));
  MutexLock lock(&mu_);
  early_locks_[std::string(path)] = std::move(held);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<FileLock>> HardenedDisk::TakeLock(std::string_view path) {
  {
    MutexLock lock(&mu_);
    VFS_RETURN_IF_ERROR(CheckUsable("lock", path));
    const auto early = early_locks_.find(path);
    if (early != early_locks_.end()) {
      std::unique_ptr<FileLock> held = std::move(early->second);
      early_locks_.erase(early);
      return held;
    }
  }
  const Step step(kRocksLabelLock);
  return fs_.Lock(path, {.also_fcntl = true, .content = ""});
}

void HardenedDisk::Abandon() {
  MutexLock lock(&mu_);
  is_sound_ = false;
  abandoned_ = true;
}

std::string HardenedDisk::LastOpened() const {
  MutexLock lock(&mu_);
  return last_opened_;
}

void HardenedDisk::NoteFailedLook(const absl::Status& status) {
  if (status.ok() || absl::IsNotFound(status)) return;
  MutexLock lock(&mu_);
  failed_look_ = status;
}

absl::Status HardenedDisk::LastFailedLook() const {
  MutexLock lock(&mu_);
  return failed_look_;
}

absl::Status HardenedDisk::Health() const {
  MutexLock lock(&mu_);
  return first_failure_;
}

}  // namespace permafrost::vfs
