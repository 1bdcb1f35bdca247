// System calls and their errors.
#include "sim/cli/host_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include "vfs/base/status.h"

namespace permafrost::sim {

absl::Status MakeDirs(const std::string& path) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string prefix = path.substr(0, end);
    if (mkdir(prefix.c_str(), 0777) != 0 && errno != EEXIST)
      return vfs::ErrnoToStatus(errno, "make directory", prefix);
    if (end == std::string::npos) return absl::OkStatus();
  }
}

absl::StatusOr<std::string> MakeUniqueDir(std::string_view prefix) {
  constexpr std::size_t kDrawn = 6;  // characters that mkdtemp replaces
  std::string path = fmt::format("{}{}", prefix, std::string(kDrawn, 'X'));
  if (mkdtemp(path.data()) == nullptr) return vfs::ErrnoToStatus(errno, "make directory", path);
  return path;
}

absl::Status WriteNewFile(const std::string& path, std::string_view text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return vfs::ErrnoToStatus(errno, "create", path);
  int error = 0;
  while (!text.empty() && error == 0) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written >= 0) text.remove_prefix(static_cast<std::size_t>(written));
    if (written < 0 && errno != EINTR) error = errno;
  }
  if (error == 0 && fsync(fd) != 0) error = errno;
  if (close(fd) != 0 && error == 0) error = errno;
  return error == 0 ? absl::OkStatus() : vfs::ErrnoToStatus(error, "write", path);
}

absl::Status WriteWhole(const std::string& path, std::string_view text) {
  const std::string scratch = fmt::format("{}.{}.part", path, getpid());
  absl::Status status = WriteNewFile(scratch, text);
  if (status.ok() && rename(scratch.c_str(), path.c_str()) != 0)
    status = vfs::ErrnoToStatus(errno, "rename to", path);
  if (status.ok()) return status;
  unlink(scratch.c_str());
  return vfs::ErrnoToStatus(vfs::ErrnoOf(status), "write", path);
}

}  // namespace permafrost::sim
