// realpath, getrandom, read and write.
#include "engine/daemon/real_world.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/command_line.h"
#include "vfs/posix/io_loop.h"

namespace permafrost::engine {
namespace {

constexpr std::size_t kBlockBytes = 65'536;

absl::Status About(std::string_view flag,
                   const std::string& path,
                   const absl::Status& status,
                   std::string_view remedy) {
  return vfs::MakeStatus(status.code(),
                         fmt::format("{} '{}': {}; {}", flag, path, vfs::Message(status), remedy));
}

}  // namespace

absl::StatusOr<HostPath> ResolveHostPath(std::string_view flag, const std::string& path) {
  std::array<char, PATH_MAX> resolved = {};
  std::string whole;
  if (::realpath(path.c_str(), resolved.data()) != nullptr) {
    whole = resolved.data();
  } else {
    std::string_view left = path;
    while (left.size() > 1 && left.ends_with('/')) left.remove_suffix(1);
    const std::size_t slash = left.rfind('/');
    const std::string parent(slash == std::string_view::npos ? "."
                             : slash == 0                    ? "/"
                                                             : left.substr(0, slash));
    if (left.empty() || ::realpath(parent.c_str(), resolved.data()) == nullptr) {
      const absl::Status why =
          vfs::ErrnoToStatus(left.empty() ? ENOENT : errno, "find", left.empty() ? path : parent);
      return vfs::InvalidArgument("{} '{}': {}; make it first", flag, path, vfs::Message(why));
    }
    const std::string_view above = resolved.data();
    whole = fmt::format("{}/{}", above == "/" ? "" : above,
                        slash == std::string_view::npos ? left : left.substr(slash + 1));
  }
  const std::size_t slash = whole.rfind('/');
  HostPath split{.parent = whole.substr(0, slash), .name = whole.substr(slash + 1)};
  if (split.parent.empty()) split.parent = "/";
  if (split.name.empty())
    return vfs::InvalidArgument("{} '{}': the root directory; name one below it", flag, path);
  return split;
}

std::uint64_t DrawSeed() {
  std::uint64_t seed = 0;
  VFS_CHECK(::getrandom(&seed, sizeof(seed), 0) == sizeof(seed), "getrandom: errno {}", errno);
  return seed;
}

absl::StatusOr<std::unique_ptr<RealWorld>> OpenWorld(std::string_view flag, const HostPath& path) {
  auto fs = vfs::PosixFileSystem::Open(path.parent);
  if (!fs.ok()) return About(flag, path.name, fs.status(), "name a directory that can be entered");
  return std::make_unique<RealWorld>(*std::move(fs), DrawSeed());
}

absl::Status WriteNewHostFile(std::string_view flag,
                              const std::string& path,
                              std::string_view bytes) {
  VFS_ASSIGN_OR_RETURN(const HostPath split, ResolveHostPath(flag, path));
  VFS_ASSIGN_OR_RETURN(const auto world, OpenWorld(flag, split));
  vfs::FileSystem* const fs = world->Env().fs;
  auto file = fs->Create(split.name);
  if (file.status().code() == absl::StatusCode::kAlreadyExists)
    return vfs::InvalidArgument("{} '{}': it exists; name a new file", flag, path);
  if (!file.ok()) return About(flag, path, file.status(), "name a new file");
  absl::Status written = (*file)->Append(bytes);
  if (written.ok()) written = (*file)->Close();
  if (written.ok()) return written;
  fs->Unlink(split.name).IgnoreError();  // the first error is the one to tell
  return About(flag, path, written, "name another place");
}

absl::Status StandardOutput::Write(std::string_view text) {
  if (!status_.ok()) return status_;
  pending_ += text;
  return pending_.size() < kBlockBytes ? absl::OkStatus() : Flush();
}

absl::Status StandardOutput::Flush() {
  if (!status_.ok() || pending_.empty()) return status_;
  status_ = vfs::WriteStandardOutput(pending_);
  pending_.clear();
  return status_;
}

absl::Status StandardOutput::CheckReader() {
  pollfd pipe{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  const int found = vfs::RetryInterrupted([&] { return ::poll(&pipe, 1, 0); });
  if (status_.ok() && found > 0 && (pipe.revents & POLLERR) != 0)
    status_ = vfs::ErrnoToStatus(EPIPE, "write", "standard output");
  return status_;
}

absl::StatusOr<HostInput> HostInput::Open(std::string_view flag,
                                          const std::string& path,
                                          vfs::StopSignal* stop) {
  if (path == "-") return HostInput("standard input", STDIN_FILENO, stop);
  // Without waiting for the writer of a FIFO, if something else is to be waited for.
  const int flags = O_RDONLY | O_CLOEXEC | (stop != nullptr ? O_NONBLOCK : 0);
  const int fd = vfs::RetryInterrupted([&] { return ::open(path.c_str(), flags); });
  if (fd < 0) {
    return vfs::InvalidArgument("{}: {}; name a file that can be read, or -", flag,
                                vfs::Message(vfs::ErrnoToStatus(errno, "open file", path)));
  }
  // What is read later is waited for.
  VFS_CHECK(::fcntl(fd, F_SETFL, 0) == 0, "fcntl: errno {}", errno);
  return HostInput(path, fd, stop);
}

HostInput::~HostInput() {
  if (fd_ > STDIN_FILENO) ::close(fd_);
}

absl::StatusOr<std::string> HostInput::Next() {
  if (stop_ != nullptr && stop_->WaitForInput(fd_))
    return vfs::MakeStatus(absl::StatusCode::kCancelled, "asked to stop");
  std::string block(kBlockBytes, '\0');
  const ssize_t count =
      vfs::RetryInterrupted([&] { return ::read(fd_, block.data(), block.size()); });
  if (count < 0)
    return vfs::InvalidArgument("{}", vfs::Message(vfs::ErrnoToStatus(errno, "read", path_)));
  block.resize(static_cast<std::size_t>(count));
  return block;
}

}  // namespace permafrost::engine
