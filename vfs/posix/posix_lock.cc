// flock, record locks, and the text for the one who comes second.
#include "vfs/posix/posix_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>

#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/io_loop.h"
#include "vfs/posix/posix_error.h"
#include "vfs/posix/unique_fd.h"

namespace permafrost::vfs {
namespace {

class PosixLock final : public FileLock {
 public:
  explicit PosixLock(UniqueFd fd) : fd_(std::move(fd)) {}

 private:
  const UniqueFd fd_;  // closing it releases every lock
};

// What the holder wrote, made fit for one line of text.
std::string HolderOf(int fd) {
  char raw[32];
  const Transfer done = TransferAll(sizeof(raw), [&](std::size_t from, std::size_t left) {
    return ::pread(fd, raw + from, left, static_cast<off_t>(from));
  });
  std::string holder;
  for (const char c : std::string_view(raw, done.bytes)) {
    if (c > ' ' && c < '\x7f') holder += c;
  }
  return holder;
}

absl::Status HeldError(int fd, std::string_view path) {
  const std::string holder = HolderOf(fd);
  if (holder.empty()) {
    return Unavailable("lock {}: held by another process; stop it or use another directory", path);
  }
  if (holder == std::to_string(::getpid())) {
    return Unavailable("lock {}: held by this process (pid {}); use another directory", path,
                       holder);
  }
  return Unavailable("lock {}: held by another process (pid {}); stop it or use another directory",
                     path, holder);
}

absl::Status TakeBoth(int fd, std::string_view path, const LockOptions& options) {
  if (RetryInterrupted([&] { return ::flock(fd, LOCK_EX | LOCK_NB); }) != 0) {
    return errno == EWOULDBLOCK ? HeldError(fd, path) : PosixError(errno, "lock", path);
  }
  if (!options.also_fcntl) return absl::OkStatus();
  struct flock whole_file = {};
  whole_file.l_type = F_WRLCK;
  whole_file.l_whence = SEEK_SET;
  if (RetryInterrupted([&] { return ::fcntl(fd, F_OFD_SETLK, &whole_file); }) != 0) {
    const bool is_held = errno == EAGAIN || errno == EACCES;
    return is_held ? HeldError(fd, path) : PosixError(errno, "lock", path);
  }
  return absl::OkStatus();
}

absl::Status WriteContent(int fd, std::string_view path, std::string_view content) {
  if (content.empty()) return absl::OkStatus();
  if (RetryInterrupted([&] { return ::ftruncate(fd, 0); }) != 0) {
    return PosixError(errno, "lock", path);
  }
  const Transfer done = WriteAll(content.size(), [&](std::size_t from, std::size_t left) {
    return ::pwrite(fd, content.data() + from, left, static_cast<off_t>(from));
  });
  return done.error == 0 ? absl::OkStatus() : PosixError(done.error, "lock", path);
}

// Whether the path still names the open file: its former holder may have unlinked it between our
// open and our lock.
bool IsStillNamed(int root_fd, const std::string& path, int fd) {
  struct stat named = {};
  struct stat held = {};
  return ::fstatat(root_fd, path.c_str(), &named, AT_SYMLINK_NOFOLLOW) == 0 &&
         ::fstat(fd, &held) == 0 && named.st_dev == held.st_dev && named.st_ino == held.st_ino;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileLock>> TakePosixLock(int root_fd,
                                                        std::string_view path,
                                                        const LockOptions& options) {
  const std::string name(path);
  constexpr int kAttempts = 16;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    UniqueFd fd(RetryInterrupted([&] {
      return ::openat(root_fd, name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    }));
    if (!fd.is_open()) return PosixError(errno, "lock", path);
    VFS_RETURN_IF_ERROR(TakeBoth(fd.get(), path, options));
    if (!IsStillNamed(root_fd, name, fd.get())) continue;
    VFS_RETURN_IF_ERROR(WriteContent(fd.get(), path, options.content));
    return std::make_unique<PosixLock>(std::move(fd));
  }
  return Unavailable("lock {}: the file was replaced {} times while being locked", path, kAttempts);
}

}  // namespace permafrost::vfs
