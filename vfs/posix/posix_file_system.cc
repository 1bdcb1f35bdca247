// One system call or two per method; the errors are sorted here.
#include "vfs/posix/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "vfs/base/fault_point.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/io_loop.h"
#include "vfs/posix/posix_error.h"
#include "vfs/posix/posix_file.h"
#include "vfs/posix/posix_lock.h"
#include "vfs/posix/posix_path.h"

namespace permafrost::vfs {
namespace {

struct CloseDirStream {
  void operator()(DIR* stream) const { ::closedir(stream); }
};

FileKind KindOf(const struct stat& info) {
  return S_ISDIR(info.st_mode) ? FileKind::kDirectory : FileKind::kFile;
}

// What an entry is; a link counts as what it leads to, a dangling one as a file.
FileKind EntryKind(int dir_fd, const dirent& entry) {
  if (entry.d_type == DT_DIR) return FileKind::kDirectory;
  if (entry.d_type == DT_REG) return FileKind::kFile;
  struct stat info = {};
  if (::fstatat(dir_fd, entry.d_name, &info, 0) != 0) return FileKind::kFile;
  return KindOf(info);
}

}  // namespace

absl::StatusOr<std::unique_ptr<PosixFileSystem>> PosixFileSystem::Open(std::string_view root) {
  const std::string name(root);
  UniqueFd fd(
      RetryInterrupted([&] { return ::open(name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!fd.is_open()) return WrongKindError(errno, AT_FDCWD, "open root", root);
  return std::unique_ptr<PosixFileSystem>(new PosixFileSystem(std::move(fd)));
}

PosixFileSystem::PosixFileSystem(UniqueFd root)
    : root_(std::move(root)), dir_handles_(root_.get()) {}
PosixFileSystem::~PosixFileSystem() = default;

absl::StatusOr<std::unique_ptr<File>> PosixFileSystem::Create(std::string_view path) {
  VFS_RETURN_IF_ERROR(FaultPoint("vfs/create", {path}));
  VFS_RETURN_IF_ERROR(CheckPath("create", path));
  UniqueFd fd(RetryInterrupted([&] {
    return ::openat(root_.get(), AtPath(path).c_str(),
                    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
  }));
  if (!fd.is_open()) return PosixError(errno, "create", path);
  return std::make_unique<PosixFile>(std::move(fd), path, OpenMode::kReadWrite);
}

absl::StatusOr<std::unique_ptr<File>> PosixFileSystem::Open(std::string_view path, OpenMode mode) {
  VFS_RETURN_IF_ERROR(FaultPoint("vfs/open", {path}));
  VFS_RETURN_IF_ERROR(CheckPath("open", path));
  const int access = mode == OpenMode::kRead ? O_RDONLY : O_RDWR;
  UniqueFd fd(RetryInterrupted([&] {
    return ::openat(root_.get(), AtPath(path).c_str(), access | O_CLOEXEC | O_NOFOLLOW);
  }));
  if (!fd.is_open()) return PosixError(errno, "open", path);
  struct stat info = {};
  if (::fstat(fd.get(), &info) != 0) return PosixError(errno, "open", path);
  if (S_ISDIR(info.st_mode)) return PosixError(EISDIR, "open", path);
  return std::make_unique<PosixFile>(std::move(fd), path, mode);
}

absl::Status PosixFileSystem::MakeDir(std::string_view path) {
  VFS_RETURN_IF_ERROR(FaultPoint("vfs/make_dir", {path}));
  VFS_RETURN_IF_ERROR(CheckPath("make_dir", path));
  if (::mkdirat(root_.get(), AtPath(path).c_str(), 0755) != 0) {
    return PosixError(errno, "make_dir", path);
  }
  dir_handles_.Drop(path);
  return absl::OkStatus();
}

absl::Status PosixFileSystem::RemoveDir(std::string_view path) {
  VFS_RETURN_IF_ERROR(FaultPoint("vfs/remove_dir", {path}));
  VFS_RETURN_IF_ERROR(CheckPath("remove_dir", path));
  if (path.empty()) return PosixError(EBUSY, "remove_dir", path);
  if (::unlinkat(root_.get(), AtPath(path).c_str(), AT_REMOVEDIR) != 0) {
    // POSIX lets a file system say EEXIST for "not empty", and some do.
    const int error = errno == EEXIST ? ENOTEMPTY : errno;
    return WrongKindError(error, root_.get(), "remove_dir", path);
  }
  dir_handles_.Drop(path);
  return absl::OkStatus();
}

absl::StatusOr<std::vector<DirEntry>> PosixFileSystem::List(std::string_view path) const {
  VFS_RETURN_IF_ERROR(FaultPoint("vfs/list", {path}));
  return ListEntries(path);
}

absl::StatusOr<std::vector<DirEntry>> PosixFileSystem::ListEntries(std::string_view path) const {
  VFS_RETURN_IF_ERROR(CheckPath("list", path));
  UniqueFd fd(RetryInterrupted([&] {
    return ::openat(root_.get(), AtPath(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }));
  if (!fd.is_open()) return WrongKindError(errno, root_.get(), "list", path);
  const std::unique_ptr<DIR, CloseDirStream> stream(::fdopendir(fd.get()));
  if (stream == nullptr) return PosixError(errno, "list", path);
  const int dir_fd = fd.Release();  // the stream owns it now

  std::vector<DirEntry> entries;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    entries.push_back({.name = std::string(name), .kind = EntryKind(dir_fd, *entry)});
  }
  if (errno != 0) return PosixError(errno, "list", path);
  std::sort(entries.begin(), entries.end());
  return entries;
}

absl::Status PosixFileSystem::SyncDir(std::string_view path) {
  const int injected = FaultErrno("vfs/sync_dir", path);
  VFS_RETURN_IF_ERROR(CheckPath("sync_dir", path));
  if (injected != 0) return dir_handles_.FailSync(path, injected);
  return dir_handles_.Sync(path);
}

absl::Status PosixFileSystem::Rename(std::string_view from, std::string_view to) {
  VFS_RETURN_IF_ERROR(FaultPoint("vfs/rename", {.path = from, .path_to = to}));
  VFS_RETURN_IF_ERROR(CheckPath("rename", from));
  VFS_RETURN_IF_ERROR(CheckPath("rename", to));
  const std::string both = fmt::format("{} to {}", from, to);
  if (from.empty() || to.empty()) return PosixError(EBUSY, "rename", both);
  if (ParentOf(from) != ParentOf(to)) {
    absl::Status status =
        FailedPrecondition("rename {}: not within one directory (errno {})", both, EXDEV);
    SetErrno(status, EXDEV);
    return status;
  }
  if (::renameat(root_.get(), AtPath(from).c_str(), root_.get(), AtPath(to).c_str()) != 0) {
    const int error = errno == EEXIST ? ENOTEMPTY : errno;
    absl::Status status = WrongKindError(error, root_.get(), "rename", from);
    return PosixErrorAs(status.code(), error, "rename", both);
  }
  dir_handles_.Drop(from);
  dir_handles_.Drop(to);
  return absl::OkStatus();
}

absl::Status PosixFileSystem::Link(std::string_view existing, std::string_view name) {
  VFS_RETURN_IF_ERROR(FaultPoint("vfs/link", {.path = existing, .path_to = name}));
  VFS_RETURN_IF_ERROR(CheckPath("link", existing));
  VFS_RETURN_IF_ERROR(CheckPath("link", name));
  const std::string both = fmt::format("{} to {}", existing, name);
  struct stat info = {};
  if (::fstatat(root_.get(), AtPath(existing).c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return PosixError(errno, "link", both);
  }
  // The kernel says EPERM, which reads as if a right were missing.
  if (S_ISDIR(info.st_mode)) return PosixError(EISDIR, "link", both);
  if (::linkat(root_.get(), AtPath(existing).c_str(), root_.get(), AtPath(name).c_str(), 0) != 0) {
    return PosixError(errno, "link", both);
  }
  return absl::OkStatus();
}

absl::Status PosixFileSystem::Unlink(std::string_view path) {
  VFS_RETURN_IF_ERROR(FaultPoint("vfs/unlink", {path}));
  VFS_RETURN_IF_ERROR(CheckPath("unlink", path));
  if (::unlinkat(root_.get(), AtPath(path).c_str(), 0) != 0) {
    return PosixError(errno, "unlink", path);
  }
  return absl::OkStatus();
}

absl::StatusOr<FileInfo> PosixFileSystem::Stat(std::string_view path) const {
  VFS_RETURN_IF_ERROR(FaultPoint("vfs/stat", {path}));
  VFS_RETURN_IF_ERROR(CheckPath("stat", path));
  struct stat info = {};
  if (::fstatat(root_.get(), AtPath(path).c_str(), &info, 0) != 0) {
    return PosixError(errno, "stat", path);
  }
  if (S_ISDIR(info.st_mode)) return FileInfo{.kind = FileKind::kDirectory};
  return FileInfo{.kind = FileKind::kFile,
                  .bytes = static_cast<std::uint64_t>(info.st_size),
                  .link_count = static_cast<std::uint64_t>(info.st_nlink)};
}

absl::StatusOr<FileIdentity> PosixFileSystem::Identity(std::string_view path) const {
  VFS_RETURN_IF_ERROR(FaultPoint("vfs/identity", {path}));
  VFS_RETURN_IF_ERROR(CheckPath("identity", path));
  struct stat info = {};
  if (::fstatat(root_.get(), AtPath(path).c_str(), &info, 0) != 0) {
    return PosixError(errno, "identity", path);
  }
  return IdentityOf(info);
}

absl::StatusOr<std::uint64_t> PosixFileSystem::FreeSpace(std::string_view path) const {
  VFS_RETURN_IF_ERROR(FaultPoint("vfs/free_space", {path}));
  VFS_RETURN_IF_ERROR(CheckPath("free_space", path));
  const UniqueFd fd(RetryInterrupted(
      [&] { return ::openat(root_.get(), AtPath(path).c_str(), O_PATH | O_CLOEXEC); }));
  struct statvfs info = {};
  if (!fd.is_open() || ::fstatvfs(fd.get(), &info) != 0) {
    return PosixError(errno, "free_space", path);
  }
  return static_cast<std::uint64_t>(info.f_bavail) * static_cast<std::uint64_t>(info.f_frsize);
}

absl::StatusOr<std::unique_ptr<FileLock>> PosixFileSystem::Lock(std::string_view path,
                                                                const LockOptions& options) {
  VFS_RETURN_IF_ERROR(FaultPoint("vfs/lock", {path}));
  VFS_RETURN_IF_ERROR(CheckPath("lock", path));
  if (path.empty()) return PosixError(EISDIR, "lock", path);
  return TakePosixLock(root_.get(), path, options);
}

absl::Status PosixFileSystem::DropCaches() {
  VFS_RETURN_IF_ERROR(FaultPoint("vfs/drop_caches", {}));
  std::vector<std::string> pending = {""};
  while (!pending.empty()) {
    const std::string directory = std::move(pending.back());
    pending.pop_back();
    const auto entries = ListEntries(directory);
    if (!entries.ok()) continue;  // removed meanwhile: a hint has nothing to report
    for (const DirEntry& entry : *entries) {
      std::string path = JoinPath(directory, entry.name);
      // Links are not entered: they may lead out of the root, or in a circle.
      const UniqueFd fd(RetryInterrupted([&] {
        return ::openat(root_.get(), path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
      }));
      if (!fd.is_open()) continue;
      if (entry.kind == FileKind::kDirectory) {
        pending.push_back(std::move(path));
      } else {
        // The result is dropped on purpose: a hint.
        static_cast<void>(::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace permafrost::vfs
