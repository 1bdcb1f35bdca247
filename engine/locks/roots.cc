// Making, settling and locking the roots.
#include "engine/locks/roots.h"

#include <functional>
#include <set>
#include <string>

#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"
#include "vfs/durable.h"

namespace permafrost::engine {
namespace {

constexpr std::string_view kHeldText = "open store: the ";

// The roots and the catalog's database directory.
std::vector<std::string> DirectoriesOf(const Layout& layout) {
  std::vector<std::string> directories;
  for (const auto& [name, path] : layout.roots().Configured()) directories.push_back(path);
  directories.push_back(layout.CatalogDir());
  return directories;
}

// Removes a directory if it is empty, then the same for each directory above it. Best effort:
// whatever is refused (not empty, a mount point, a link, no permission) was not made by a start
// that failed, and stays.
void RemoveEmptyUpwards(vfs::FileSystem* fs, std::string_view directory) {
  while (!directory.empty() && fs->RemoveDir(directory).ok()) {
    VFS_PROBE("engine/roots/empty_directory_renewed");
    directory = vfs::ParentOf(directory);
  }
}

// Makes the directory and those above it that are missing.
absl::Status MakeMissing(vfs::FileSystem* fs, std::string_view directory) {
  if (directory.empty()) return absl::OkStatus();
  const absl::Status made = fs->MakeDir(directory);
  if (made.ok()) return made;
  if (made.code() == absl::StatusCode::kAlreadyExists) {
    VFS_ASSIGN_OR_RETURN(const vfs::FileInfo info, fs->Stat(directory));
    if (info.kind == vfs::FileKind::kDirectory) return absl::OkStatus();
    return vfs::FailedPrecondition(
        "make root {}: a file of this name is in the way; move it or choose another directory",
        directory);
  }
  if (made.code() != absl::StatusCode::kNotFound) return made;
  VFS_RETURN_IF_ERROR(MakeMissing(fs, vfs::ParentOf(directory)));
  return fs->MakeDir(directory);
}

}  // namespace

absl::Status PrepareRoots(vfs::FileSystem* fs, const Layout& layout) {
  const vfs::Step step("roots.sync");
  const std::vector<std::string> directories = DirectoriesOf(layout);
  for (const std::string& directory : directories) RemoveEmptyUpwards(fs, directory);
  std::set<std::string, std::greater<>> chain = {""};  // deeper directories before those above them
  for (const std::string& directory : directories) {
    VFS_RETURN_IF_ERROR(MakeMissing(fs, directory));
    for (std::string_view above = directory; !above.empty(); above = vfs::ParentOf(above)) {
      chain.emplace(above);
    }
  }
  for (const std::string& directory : chain) {
    VFS_RETURN_IF_ERROR(vfs::SettleDir(fs, directory, "roots.sync"));
  }
  return absl::OkStatus();
}

absl::Status CheckRootsExist(const vfs::FileSystem& fs, const Layout& layout) {
  for (const auto& [name, path] : layout.roots().Configured()) {
    VFS_ASSIGN_OR_RETURN(const bool exists, fs.Exists(path));
    if (!exists) {
      return vfs::NotFound("open store: no {} root '{}'; check the data directory", name, path);
    }
  }
  VFS_ASSIGN_OR_RETURN(const bool has_catalog, fs.Exists(layout.CatalogDir()));
  if (has_catalog) return absl::OkStatus();
  return vfs::NotFound("open store: no catalog '{}'; check the data directory",
                       layout.CatalogDir());
}

absl::StatusOr<RootLocks> RootLocks::Take(vfs::FileSystem* fs,
                                          const Layout& layout,
                                          std::string_view holder) {
  RootLocks held;
  std::set<vfs::FileIdentity> locked;
  for (const auto& [name, path] : layout.roots().Configured()) {
    VFS_ASSIGN_OR_RETURN(const vfs::FileIdentity identity, fs->Identity(path));
    if (!locked.insert(identity).second) {
      VFS_PROBE("engine/locks/two_roots_are_one_directory");
      continue;
    }
    absl::StatusOr<std::unique_ptr<vfs::FileLock>> lock =
        fs->Lock(vfs::JoinPath(path, kLockFileName), {.content = std::string(holder)});
    if (lock.status().code() == absl::StatusCode::kUnavailable) {
      VFS_PROBE("engine/locks/root_held");
      return vfs::FailedPrecondition("{}{} root is held: {}", kHeldText, name,
                                     vfs::Message(lock.status()));
    }
    if (!lock.ok()) return std::move(lock).status();
    held.locks_.push_back(*std::move(lock));
  }
  return held;
}

bool IsRootHeld(const absl::Status& status) {
  return status.code() == absl::StatusCode::kFailedPrecondition &&
         vfs::Message(status).starts_with(kHeldText);
}

}  // namespace permafrost::engine
