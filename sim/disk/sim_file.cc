// Handles of the simulated disk.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "sim/disk/sim_file_core.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {

using vfs::FailedPrecondition;
using vfs::InvalidArgument;
using vfs::kFileBytesMax;

SimFileSystem::OpenFile::OpenFile(std::shared_ptr<Core> core,
                                  InodeId id,
                                  std::string_view path,
                                  vfs::OpenMode mode)
    : core_(std::move(core)),
      id_(id),
      path_(path),
      mode_(mode),
      process_(core_->process),
      live_path_(std::make_shared<const std::string>(path)),
      live_path_version_(core_->names_version) {
  core_->AddHandle(id_);
}

SimFileSystem::OpenFile::~OpenFile() { Release(); }

void SimFileSystem::OpenFile::Release() {
  const Core::Held held(core_->mu);
  if (!is_open_) return;
  is_open_ = false;
  if (process_ == core_->process) core_->DropHandle(id_);
}

absl::Status SimFileSystem::OpenFile::Check(std::string_view op, Access access) const {
  if (!is_open_) return FailedPrecondition("{} {}: handle is closed", op, path_);
  if (process_ != core_->process) {
    return FailedPrecondition("{} {}: the process that opened it is dead", op, path_);
  }
  if (access == Access::kChange && mode_ == vfs::OpenMode::kRead) {
    return FailedPrecondition("{} {}: handle is read-only", op, path_);
  }
  return absl::OkStatus();
}

EffectOrigin SimFileSystem::OpenFile::Origin() {
  if (live_path_version_ != core_->names_version) {
    std::string path = core_->state.live().PathOf(id_);
    if (!path.empty() && path != *live_path_) {
      live_path_ = std::make_shared<const std::string>(std::move(path));
    }
    live_path_version_ = core_->names_version;
  }
  return core_->Origin(live_path_);
}

absl::Status SimFileSystem::OpenFile::WriteAt(std::string_view op,
                                              std::uint64_t offset,
                                              std::string_view bytes) {
  if (offset > kFileBytesMax || bytes.size() > kFileBytesMax - offset) {
    return InvalidArgument("{} {}: ends past {} bytes, the largest file", op, path_, kFileBytesMax);
  }
  VFS_RETURN_IF_ERROR(core_->CheckSpace(op, path_, id_, offset, bytes.size()));
  core_->state.Write(id_, offset, bytes, Origin());
  return absl::OkStatus();
}

absl::Status SimFileSystem::OpenFile::Append(std::string_view bytes) {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(Check("append", Access::kChange));
  return WriteAt("append", core_->state.live().Find(id_)->bytes, bytes);
}

absl::Status SimFileSystem::OpenFile::Write(std::uint64_t offset, std::string_view bytes) {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(Check("write", Access::kChange));
  return WriteAt("write", offset, bytes);
}

absl::StatusOr<std::size_t> SimFileSystem::OpenFile::Read(std::uint64_t offset,
                                                          std::span<char> buffer) const {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(Check("read", Access::kRead));
  const Inode* const live = core_->state.live().Find(id_);
  return ReadFrom(live, live->bytes, offset, buffer);
}

absl::StatusOr<std::size_t> SimFileSystem::OpenFile::ReadDurable(std::uint64_t offset,
                                                                 std::span<char> buffer) const {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(Check("read", Access::kRead));
  return ReadFrom(core_->state.durable().Find(id_), core_->state.live().Find(id_)->bytes, offset,
                  buffer);
}

absl::StatusOr<std::size_t> SimFileSystem::OpenFile::ReadFrom(const Inode* content,
                                                              std::uint64_t bytes,
                                                              std::uint64_t offset,
                                                              std::span<char> buffer) const {
  if (offset > kFileBytesMax) {
    return InvalidArgument("read {}: offset {} is past {} bytes, the largest file", path_, offset,
                           kFileBytesMax);
  }
  if (offset >= bytes) return std::size_t{0};
  const std::uint64_t end = offset + std::min<std::uint64_t>(buffer.size(), bytes - offset);
  for (std::uint64_t at = offset; at < end;) {
    const std::uint64_t in_page = at % kPageBytes;
    const std::uint64_t length = std::min(end - at, kPageBytes - in_page);
    const PageRef* page = content == nullptr ? nullptr : content->pages.Find(at / kPageBytes);
    char* to = buffer.data() + (at - offset);
    if (page == nullptr) {
      std::memset(to, 0, length);
    } else {
      std::memcpy(to, (*page)->bytes.data() + in_page, length);
    }
    at += length;
  }
  return static_cast<std::size_t>(end - offset);
}

absl::Status SimFileSystem::OpenFile::Truncate(std::uint64_t bytes) {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(Check("truncate", Access::kChange));
  if (bytes > kFileBytesMax) {
    return InvalidArgument("truncate {}: {} bytes are more than {}, the largest file", path_, bytes,
                           kFileBytesMax);
  }
  core_->state.Resize(id_, bytes, Origin());
  return absl::OkStatus();
}

// Space that no write has used is not part of the model: a cut shows nothing of it.
absl::Status SimFileSystem::OpenFile::Preallocate(std::uint64_t offset, std::uint64_t bytes) {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(Check("preallocate", Access::kChange));
  if (offset > kFileBytesMax || bytes > kFileBytesMax - offset) {
    return InvalidArgument("preallocate {}: ends past {} bytes, the largest file", path_,
                           kFileBytesMax);
  }
  return core_->CheckSpace("preallocate", path_, id_, offset, bytes);
}

absl::Status SimFileSystem::OpenFile::SyncData() {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(Check("sync_data", Access::kRead));
  core_->Sync(id_, SyncScope::kData);
  return absl::OkStatus();
}

absl::Status SimFileSystem::OpenFile::Sync() {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(Check("sync", Access::kRead));
  core_->Sync(id_, SyncScope::kFile);
  return absl::OkStatus();
}

absl::Status SimFileSystem::OpenFile::LieAboutSync() {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(Check("sync", Access::kRead));
  core_->state.OrphanSync(core_->state.BeginSync(id_, SyncScope::kFile), AfterFailedSync::kKeep);
  return absl::OkStatus();
}

absl::Status SimFileSystem::OpenFile::FailSync(const faults::SyncFailure& how, absl::Status error) {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(Check("sync", Access::kRead));
  core_->state.OrphanSync(core_->state.BeginSync(id_, SyncScope::kFile),
                          how.content.value_or(core_->options.after_failed_sync));
  return error;
}

absl::Status SimFileSystem::OpenFile::HintWriteOut(std::uint64_t offset, std::uint64_t bytes) {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(Check("hint_write_out", Access::kRead));
  if (offset > kFileBytesMax || bytes > kFileBytesMax - offset) {
    return InvalidArgument("hint_write_out {}: ends past {} bytes, the largest file", path_,
                           kFileBytesMax);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::uint64_t> SimFileSystem::OpenFile::Size() const {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(Check("size", Access::kRead));
  return core_->state.live().Find(id_)->bytes;
}

absl::Status SimFileSystem::OpenFile::Close() {
  const Core::Held held(core_->mu);
  VFS_RETURN_IF_ERROR(Check("close", Access::kRead));
  Release();
  return absl::OkStatus();
}

}  // namespace permafrost::sim
