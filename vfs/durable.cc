// The order of syncs.
#include "vfs/durable.h"

#include <set>
#include <vector>

#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"

namespace permafrost::vfs {
namespace {

absl::Status SyncFileUnder(File* file, const StepAt& label) {
  const Step step(label);
  return file->Sync();
}

absl::Status SyncDirUnder(FileSystem* fs, std::string_view directory, const StepAt& label) {
  const Step step(label);
  return fs->SyncDir(directory);
}

bool IsAtOrBelow(std::string_view path, std::string_view top) {
  if (top.empty()) return true;
  return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

absl::Status ExpectDirectory(FileSystem* fs, std::string_view path) {
  VFS_ASSIGN_OR_RETURN(const FileInfo info, fs->Stat(path));
  if (info.kind == FileKind::kDirectory) return absl::OkStatus();
  return FailedPrecondition("make_dirs {}: is a file, expected a directory", path);
}

// OK, also where somebody made the directory before us.
absl::Status MakeDirIfMissing(FileSystem* fs, std::string_view path) {
  absl::Status status = fs->MakeDir(path);
  if (absl::IsAlreadyExists(status)) return ExpectDirectory(fs, path);
  return status;
}

absl::Status IgnoreNotFound(const absl::Status& status) {
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

}  // namespace

absl::Status BarrierNewFile(FileSystem* fs,
                            File* file,
                            std::string_view path,
                            const BarrierLabels& labels) {
  VFS_CHECK(labels.file.label() != nullptr && labels.parent.label() != nullptr &&
                labels.grandparent.label() != nullptr,
            "a barrier of {} needs three labels", path);
  const std::string_view parent = ParentOf(path);
  // (1) The bytes, before any name that leads to them may become durable.
  VFS_RETURN_IF_ERROR(SyncFileUnder(file, labels.file));
  // (2) The name.
  VFS_RETURN_IF_ERROR(SyncDirUnder(fs, parent, labels.parent));
  // (3) The name of the directory that holds it.
  if (parent.empty()) return absl::OkStatus();
  return SyncDirUnder(fs, ParentOf(parent), labels.grandparent);
}

absl::Status MakeDirs(FileSystem* fs, const DirChain& chain, const StepAt& label) {
  VFS_CHECK(IsAtOrBelow(chain.leaf, chain.anchor), "{} is not above {}", chain.anchor, chain.leaf);
  VFS_RETURN_IF_ERROR(ExpectDirectory(fs, chain.anchor));
  // Upwards to the nearest that exists, so that an existing chain costs one call.
  std::vector<std::string_view> missing;
  for (std::string_view path = chain.leaf; path != chain.anchor; path = ParentOf(path)) {
    const absl::Status status = ExpectDirectory(fs, path);
    if (status.ok()) break;
    if (!absl::IsNotFound(status)) return status;
    missing.push_back(path);
  }
  for (auto it = missing.rbegin(); it != missing.rend(); ++it) {
    VFS_RETURN_IF_ERROR(MakeDirIfMissing(fs, *it));
  }
  return SyncChain(fs, chain, label);
}

absl::Status SyncChain(FileSystem* fs, const DirChain& chain, const StepAt& label) {
  VFS_CHECK(IsAtOrBelow(chain.leaf, chain.anchor), "{} is not above {}", chain.anchor, chain.leaf);
  std::string_view path = chain.leaf;
  while (true) {
    VFS_RETURN_IF_ERROR(SyncDirUnder(fs, path, label));
    if (path == chain.anchor) return absl::OkStatus();
    path = ParentOf(path);
  }
}

absl::Status SettleDir(FileSystem* fs, std::string_view directory, const StepAt& label) {
  std::string_view path = directory;
  while (true) {
    absl::Status status = SyncDirUnder(fs, path, label);
    if (!absl::IsNotFound(status) || path.empty()) return status;
    path = ParentOf(path);
  }
}

absl::Status SyncParents(FileSystem* fs, std::span<const std::string> paths, const StepAt& label) {
  std::set<std::string_view> parents;
  for (const std::string& path : paths) parents.insert(ParentOf(path));
  for (const std::string_view parent : parents) {
    VFS_RETURN_IF_ERROR(SettleDir(fs, parent, label));
  }
  return absl::OkStatus();
}

absl::Status RemoveTree(FileSystem* fs, std::string_view directory) {
  const absl::StatusOr<std::vector<DirEntry>> entries = fs->List(directory);
  if (!entries.ok()) return IgnoreNotFound(entries.status());
  for (const DirEntry& entry : *entries) {
    const std::string path = JoinPath(directory, entry.name);
    VFS_RETURN_IF_ERROR(entry.kind == FileKind::kDirectory ? RemoveTree(fs, path)
                                                           : UnlinkIfExists(fs, path));
  }
  return IgnoreNotFound(fs->RemoveDir(directory));
}

absl::Status UnlinkIfExists(FileSystem* fs, std::string_view path) {
  return IgnoreNotFound(fs->Unlink(path));
}

}  // namespace permafrost::vfs
