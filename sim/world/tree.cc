// Walks, copies and compares.
#include "sim/world/tree.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "sim/disk/sim_file_system.h"
#include "sim/oracle/store_predicates.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

absl::Status ReadBelow(const vfs::FileSystem& fs, const std::string& directory, Tree& tree) {
  VFS_ASSIGN_OR_RETURN(const std::vector<vfs::DirEntry> entries, fs.List(directory));
  for (const vfs::DirEntry& entry : entries) {
    const std::string path = vfs::JoinPath(directory, entry.name);
    if (entry.kind == vfs::FileKind::kDirectory) {
      tree[path] = std::nullopt;
      VFS_RETURN_IF_ERROR(ReadBelow(fs, path, tree));
    } else {
      VFS_ASSIGN_OR_RETURN(tree[path], ReadWholeFile(fs, path));
    }
  }
  return absl::OkStatus();
}

std::string Described(const Tree& tree, const std::string& path) {
  const auto found = tree.find(path);
  if (found == tree.end()) return "nothing";
  return found->second.has_value() ? fmt::format("a file of {} bytes", found->second->size())
                                   : "a directory";
}

}  // namespace

absl::StatusOr<Tree> ReadTree(const vfs::FileSystem& fs) {
  Tree tree;
  VFS_RETURN_IF_ERROR(ReadBelow(fs, "", tree));
  return tree;
}

absl::Status WriteTree(const Tree& tree, vfs::FileSystem& fs) {
  for (const auto& [path, content] : tree) {
    if (!content.has_value()) {
      VFS_RETURN_IF_ERROR(fs.MakeDir(path));
      continue;
    }
    VFS_ASSIGN_OR_RETURN(const auto file, fs.Create(path));
    VFS_RETURN_IF_ERROR(file->Append(*content));
    VFS_RETURN_IF_ERROR(file->Close());
  }
  return absl::OkStatus();
}

absl::Status RemoveAll(vfs::FileSystem& fs) {
  VFS_ASSIGN_OR_RETURN(const Tree tree, ReadTree(fs));
  for (auto entry = tree.rbegin(); entry != tree.rend(); ++entry) {
    const auto& [path, content] = *entry;
    VFS_RETURN_IF_ERROR(content.has_value() ? fs.Unlink(path) : fs.RemoveDir(path));
  }
  return absl::OkStatus();
}

DiskState DiskOf(const Tree& tree) {
  SimFileSystem fs;
  absl::Status status = WriteTree(tree, fs);
  status.Update(fs.SyncDir(""));
  for (const auto& [path, content] : tree) {
    if (content.has_value()) {
      const auto file = fs.Open(path, vfs::OpenMode::kReadWrite);
      status.Update(file.ok() ? (*file)->Sync() : file.status());
    } else {
      status.Update(fs.SyncDir(path));
    }
  }
  VFS_CHECK(status.ok(), "an empty simulated disk takes any tree: {}", vfs::Message(status));
  return fs.state();
}

std::string Difference(const Tree& a,
                       std::string_view left,
                       const Tree& b,
                       std::string_view right) {
  const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (in_a == a.end() && in_b == b.end()) return "";
  const bool a_is_first = in_b == b.end() || (in_a != a.end() && in_a->first < in_b->first);
  const std::string& path = a_is_first ? in_a->first : in_b->first;
  const std::string on_left = Described(a, path);
  const std::string on_right = Described(b, path);
  if (on_left != on_right)
    return fmt::format("{}: {} {}, {} {}", path, on_left, left, on_right, right);
  const std::string& bytes = *in_a->second;
  const auto at = std::mismatch(bytes.begin(), bytes.end(), in_b->second->begin()).first;
  return fmt::format("{}: byte {} differs {} and {}", path, at - bytes.begin(), left, right);
}

}  // namespace permafrost::sim
