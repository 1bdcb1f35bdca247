// open and read, with the errno of each.
#include "vfs/posix/host_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "vfs/base/status.h"
#include "vfs/posix/io_loop.h"
#include "vfs/posix/unique_fd.h"

namespace permafrost::vfs {

absl::StatusOr<std::string> ReadHostFile(std::string_view what,
                                         const std::string& path,
                                         std::size_t bytes_max) {
  const UniqueFd fd(RetryInterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (!fd.is_open()) return ErrnoToStatus(errno, fmt::format("open {}", what), path);
  std::string text;
  std::array<char, 65536> chunk = {};
  while (true) {
    const ssize_t count =
        RetryInterrupted([&] { return ::read(fd.get(), chunk.data(), chunk.size()); });
    if (count < 0) return ErrnoToStatus(errno, fmt::format("read {}", what), path);
    if (count == 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(count));
    if (text.size() > bytes_max)
      return InvalidArgument("read {} {}: longer than {} bytes", what, path, bytes_max);
  }
}

}  // namespace permafrost::vfs
