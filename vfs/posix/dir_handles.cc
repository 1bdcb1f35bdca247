// Directory descriptors, checked against the path before use.
#include "vfs/posix/dir_handles.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/io_loop.h"
#include "vfs/posix/posix_error.h"
#include "vfs/posix/posix_path.h"

namespace permafrost::vfs {
namespace {

bool IsAtOrBelow(std::string_view path, std::string_view top) {
  if (top.empty()) return true;
  return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

}  // namespace

DirHandles::DirHandles(int root_fd) : root_fd_(root_fd) {}

absl::Status DirHandles::Sync(std::string_view path) {
  VFS_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, Get(path));
  {
    const MutexLock lock(&mu_);
    const auto it = poisoned_.find(handle->identity);
    if (it != poisoned_.end()) {
      return FailedPrecondition("sync_dir {}: poisoned by an earlier error: {}", path,
                                it->second.error);
    }
  }
  if (RetryInterrupted([&] { return ::fsync(handle->fd.get()); }) == 0) return absl::OkStatus();
  return Poison(handle, errno, path);
}

absl::Status DirHandles::FailSync(std::string_view path, int error) {
  VFS_ASSIGN_OR_RETURN(const std::shared_ptr<Handle> handle, Get(path));
  return MarkInjected(Poison(handle, error, path));
}

void DirHandles::Drop(std::string_view path) {
  const MutexLock lock(&mu_);
  auto it = handles_.lower_bound(path);
  // Names like "a.b" sort between "a" and "a/c": they share the prefix and are passed over.
  while (it != handles_.end() && it->first.starts_with(path)) {
    it = IsAtOrBelow(it->first, path) ? handles_.erase(it) : std::next(it);
  }
}

std::size_t DirHandles::count() const {
  const MutexLock lock(&mu_);
  return handles_.size();
}

absl::StatusOr<std::shared_ptr<DirHandles::Handle>> DirHandles::Get(std::string_view path) {
  struct stat named = {};
  if (::fstatat(root_fd_, AtPath(path).c_str(), &named, 0) != 0) {
    return PosixError(errno, "sync_dir", path);
  }
  {
    const MutexLock lock(&mu_);
    const auto it = handles_.find(path);
    if (it != handles_.end()) {
      if (it->second->identity == IdentityOf(named)) return it->second;
      handles_.erase(it);
    }
  }
  VFS_ASSIGN_OR_RETURN(std::shared_ptr<Handle> handle, OpenDir(path));
  const MutexLock lock(&mu_);
  if (handles_.size() >= kHandlesMax) handles_.clear();
  handles_.insert_or_assign(std::string(path), handle);
  return handle;
}

absl::Status DirHandles::Poison(const std::shared_ptr<Handle>& handle,
                                int error,
                                std::string_view path) {
  absl::Status status = PosixErrorAs(absl::StatusCode::kDataLoss, error, "sync_dir", path);
  const MutexLock lock(&mu_);
  poisoned_.try_emplace(handle->identity, Poisoned{handle, Message(status)});
  return status;
}

absl::StatusOr<std::shared_ptr<DirHandles::Handle>> DirHandles::OpenDir(
    std::string_view path) const {
  UniqueFd fd(RetryInterrupted([&] {
    return ::openat(root_fd_, AtPath(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }));
  if (!fd.is_open()) return WrongKindError(errno, root_fd_, "sync_dir", path);
  struct stat info = {};
  if (::fstat(fd.get(), &info) != 0) return PosixError(errno, "sync_dir", path);
  return std::make_shared<Handle>(Handle{std::move(fd), IdentityOf(info)});
}

}  // namespace permafrost::vfs
