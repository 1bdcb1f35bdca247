// One open file: every failed write or sync is final for its inode.
#include <utility>

#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"
#include "vfs/rocksdb/hardened_disk.h"

namespace permafrost::vfs {

HardenedFile::HardenedFile(HardenedDisk& disk,
                           std::unique_ptr<File> file,
                           std::shared_ptr<HardenedDisk::Inode> inode,
                           RocksFileKind kind,
                           std::uint64_t bytes)
    : disk_(disk), file_(std::move(file)), inode_(std::move(inode)), kind_(kind), bytes_(bytes) {}

// RocksDB never closes its small files: being destroyed counts as being closed.
HardenedFile::~HardenedFile() {
  if (file_ == nullptr) return;
  const Step step(RocksLabel(kind_, RocksVerb::kClose));
  file_.reset();
}

absl::Status HardenedFile::CheckUsable(std::string_view op) const {
  if (disk_.is_sound_.load(std::memory_order_acquire) && file_ != nullptr) return absl::OkStatus();
  MutexLock lock(&disk_.mu_);
  VFS_RETURN_IF_ERROR(disk_.CheckUsable(op, inode_->path));
  if (file_ == nullptr) return FailedPrecondition("{} {}: the file is closed", op, inode_->path);
  if (inode_->poison.ok()) return absl::OkStatus();
  return FailedPrecondition(
      "{} {}: poisoned by an earlier failure ({}); close this database and recover it by opening "
      "it again",
      op, inode_->path, Message(inode_->poison));
}

// Before CURRENT names it, a MANIFEST is synced as a whole: nobody reads a part of it.
absl::Status HardenedFile::SettleAppend() {
  if (!disk_.scan_logs_ || kind_ != RocksFileKind::kManifest) return absl::OkStatus();
  if (!was_synced_ || !has_unsynced_) return absl::OkStatus();
  VFS_PROBE("rocksdb/manifest_append_settled");
  {
    const Step step(kRocksLabelSettleManifest);
    absl::Status synced = file_->SyncData();
    if (!synced.ok()) return disk_.PoisonInode(*inode_, std::move(synced));
  }
  has_unsynced_ = false;
  return absl::OkStatus();
}

absl::Status HardenedFile::Append(std::string_view bytes) {
  VFS_RETURN_IF_ERROR(CheckUsable("append"));
  VFS_RETURN_IF_ERROR(SettleAppend());
  const Step step(RocksLabel(kind_, RocksVerb::kAppend));
  absl::Status appended = file_->Append(bytes);
  if (!appended.ok()) return disk_.PoisonInode(*inode_, std::move(appended));
  bytes_ += bytes.size();
  has_unsynced_ = true;
  return absl::OkStatus();
}

absl::Status HardenedFile::Sync(SyncKind kind) {
  VFS_RETURN_IF_ERROR(CheckUsable("sync"));
  {
    const Step step(RocksLabel(kind_, RocksVerb::kSync));
    absl::Status synced = kind == SyncKind::kData ? file_->SyncData() : file_->Sync();
    if (!synced.ok()) return disk_.PoisonInode(*inode_, std::move(synced));
  }
  was_synced_ = true;
  has_unsynced_ = false;
  if (!disk_.settle_names_) return absl::OkStatus();
  std::string path;
  {
    MutexLock lock(&disk_.mu_);
    if (inode_->name_settled) return absl::OkStatus();
    path = inode_->path;
  }
  absl::Status settled = disk_.SyncDirLabelled(ParentOf(path), kRocksLabelSettleName);
  return settled.ok() ? settled : disk_.PoisonInode(*inode_, std::move(settled));
}

absl::Status HardenedFile::Truncate(std::uint64_t bytes) {
  VFS_RETURN_IF_ERROR(CheckUsable("truncate"));
  const Step step(RocksLabel(kind_, RocksVerb::kTruncate));
  absl::Status truncated = file_->Truncate(bytes);
  if (!truncated.ok()) return disk_.PoisonInode(*inode_, std::move(truncated));
  bytes_ = bytes;
  return absl::OkStatus();
}

absl::Status HardenedFile::Preallocate(std::uint64_t offset, std::uint64_t bytes) {
  VFS_RETURN_IF_ERROR(CheckUsable("preallocate"));
  const Step step(RocksLabel(kind_, RocksVerb::kPreallocate));
  return file_->Preallocate(offset, bytes);
}

absl::Status HardenedFile::HintWriteOut(std::uint64_t offset, std::uint64_t bytes) {
  VFS_RETURN_IF_ERROR(CheckUsable("hint"));
  return file_->HintWriteOut(offset, bytes);
}

absl::StatusOr<std::size_t> HardenedFile::Read(std::uint64_t offset, std::span<char> buffer) const {
  VFS_RETURN_IF_ERROR(CheckUsable("read"));
  const Step step(RocksLabel(kind_, RocksVerb::kRead));
  return file_->Read(offset, buffer);
}

absl::Status HardenedFile::Close() {
  if (file_ == nullptr) return absl::OkStatus();
  // Even a poisoned or abandoned file gives its handle back.
  const absl::Status usable = CheckUsable("close");
  absl::Status closed;
  {
    const Step step(RocksLabel(kind_, RocksVerb::kClose));
    closed = file_->Close();
  }
  file_.reset();
  VFS_RETURN_IF_ERROR(usable);
  return closed.ok() ? closed : disk_.PoisonInode(*inode_, std::move(closed));
}

}  // namespace permafrost::vfs
