// Path rules and the calls that every file system derives from others.
#include "vfs/file_system.h"

#include "vfs/base/check.h"
#include "vfs/base/status.h"

namespace permafrost::vfs {

absl::StatusOr<bool> FileSystem::Exists(std::string_view path) const {
  auto info = Stat(path);
  if (info.ok()) return true;
  if (absl::IsNotFound(info.status())) return false;
  return info.status();
}

absl::Status CheckPath(std::string_view op, std::string_view path) {
  if (path.empty()) return absl::OkStatus();
  std::string_view rest = path;
  while (true) {
    const std::size_t slash = rest.find('/');
    const std::string_view component = rest.substr(0, slash);
    if (component.empty() || component == "." || component == "..") {
      return InvalidArgument(
          "{} '{}': component '{}' is not allowed; paths are relative and normal", op, path,
          component);
    }
    if (component.find('\0') != std::string_view::npos)
      return InvalidArgument("{}: path holds a zero byte", op);
    if (component.size() > 255)
      return InvalidArgument("{} '{}': component of {} bytes (limit 255)", op, path,
                             component.size());
    if (slash == std::string_view::npos) return absl::OkStatus();
    rest.remove_prefix(slash + 1);
  }
}

std::string_view ParentOf(std::string_view path) {
  VFS_CHECK(!path.empty(), "the root has no parent");
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
}

std::string_view NameOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  if (directory.empty()) return std::string(name);
  return fmt::format("{}/{}", directory, name);
}

}  // namespace permafrost::vfs
