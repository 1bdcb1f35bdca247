// Names, links and the incremental digest: a changed inode updates the sums of its ancestors and
// nothing else.
#include "sim/disk/inode_tree.h"

#include <algorithm>
#include <set>
#include <utility>

#include "vfs/base/check.h"

namespace permafrost::sim {
namespace {

constexpr std::uint64_t kFileTag = 1;
constexpr std::uint64_t kDirectoryTag = 2;

vfs::Hash128 DigestOf(const Inode& inode) {
  if (inode.kind == vfs::FileKind::kDirectory) {
    return vfs::Hasher().Add(kDirectoryTag).Add(inode.child_sum).Finish();
  }
  return vfs::Hasher().Add(kFileTag).Add(inode.bytes).Add(inode.pages.Digest()).Finish();
}

vfs::Hash128 EntryHash(std::string_view name, const vfs::Hash128& child) {
  return vfs::Hasher().Add(name).Add(child).Finish();
}

}  // namespace

InodeTree::InodeTree(Digests digests) : digests_(digests) {
  Insert(kRootInode, vfs::FileKind::kDirectory);
}

const Inode* InodeTree::Find(InodeId id) const {
  const InodeRef* found = inodes_.Find(id);
  return found == nullptr ? nullptr : found->get();
}

Inode* InodeTree::Own(InodeId id) const {
  InodeRef* found = inodes_.Mutable(id);
  if (found == nullptr) return nullptr;
  if (found->use_count() > 1) *found = std::make_shared<Inode>(**found);
  return found->get();
}

void InodeTree::MarkDirty(InodeId id) {
  if (digests_ == Digests::kOff) return;
  if (dirty_.empty() || dirty_.back() != id) dirty_.push_back(id);
}

Inode* InodeTree::MutableContent(InodeId id) {
  Inode* inode = Own(id);
  if (inode != nullptr) MarkDirty(id);
  return inode;
}

void InodeTree::Insert(InodeId id, vfs::FileKind kind) {
  VFS_CHECK(!inodes_.Contains(id), "inode {:x} is there already", id.value);
  auto inode = std::make_shared<Inode>();
  inode->kind = kind;
  if (digests_ == Digests::kKept) inode->published = DigestOf(*inode);
  inodes_.Set(id, std::move(inode));
}

void InodeTree::Erase(InodeId id) {
  const Inode* inode = Find(id);
  VFS_CHECK(inode != nullptr && inode->names.empty(), "inode {:x} is absent or named", id.value);
  VFS_CHECK(inode->entries.empty(), "directory inode {:x} is not empty", id.value);
  inodes_.Erase(id);
}

InodeId InodeTree::Entry(InodeId dir, std::string_view name) const {
  const Inode* inode = Find(dir);
  if (inode == nullptr) return kNoInode;
  const InodeId* child = inode->entries.Find(name);
  return child == nullptr ? kNoInode : *child;
}

void InodeTree::SetEntry(InodeId dir, std::string_view name, InodeId child) {
  const InodeId before = Entry(dir, name);
  if (before == child || !Contains(dir) || (child != kNoInode && !Contains(child))) return;
  Inode* parent = Own(dir);
  if (before != kNoInode) {
    Inode* old = Own(before);
    parent->child_sum -= EntryHash(name, old->published);
    const auto is_this = [&](const NameRef& ref) { return ref.dir == dir && ref.name == name; };
    old->names.erase(std::find_if(old->names.begin(), old->names.end(), is_this));
    if (old->names.size() == 1) multi_.Erase(before);
  }
  if (child == kNoInode) {
    parent->entries.Erase(name);
  } else {
    Inode* named = Own(child);
    parent->child_sum += EntryHash(name, named->published);
    parent->entries.Set(std::string(name), child);
    named->names.push_back({dir, std::string(name)});
    if (named->names.size() == 2) multi_.Set(child, true);
  }
  MarkDirty(dir);
}

void InodeTree::DropIfUnnamed(InodeId id) {
  const Inode* inode = Find(id);
  if (inode == nullptr || id == kRootInode || !inode->names.empty()) return;
  std::vector<std::pair<std::string, InodeId>> children;
  inode->entries.ForEach([&](const std::string& name, InodeId child) {
    children.emplace_back(name, child);
    return true;
  });
  for (const auto& [name, child] : children) {
    SetEntry(id, name, kNoInode);
    DropIfUnnamed(child);
  }
  Erase(id);
}

std::string InodeTree::PathOf(InodeId id) const {
  std::string path;
  while (id != kRootInode) {
    const Inode* inode = Find(id);
    if (inode == nullptr || inode->names.empty()) return {};
    const NameRef& ref = inode->names.front();
    path = path.empty() ? ref.name : vfs::JoinPath(ref.name, path);
    id = ref.dir;
  }
  return path;
}

bool InodeTree::IsReachable(InodeId id) const { return DepthOf(id) >= 0; }

// -1 for what the root does not reach. A file is as deep as its first name.
int InodeTree::DepthOf(InodeId id) const {
  int depth = 0;
  for (; id != kRootInode; ++depth) {
    const Inode* inode = Find(id);
    if (inode == nullptr || inode->names.empty()) return -1;
    id = inode->names.front().dir;
  }
  return depth;
}

void InodeTree::Publish(const Inode& inode,
                        const vfs::Hash128& before,
                        const vfs::Hash128& after) const {
  for (const NameRef& ref : inode.names) {
    Inode* parent = Own(ref.dir);
    parent->child_sum -= EntryHash(ref.name, before);
    parent->child_sum += EntryHash(ref.name, after);
    dirty_.push_back(ref.dir);
  }
}

void InodeTree::PublishFiles() const {
  std::vector<InodeId> files;
  std::swap(files, dirty_);
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  for (InodeId id : files) {
    const Inode* inode = Find(id);
    if (inode == nullptr) continue;
    if (inode->kind == vfs::FileKind::kDirectory) {
      dirty_.push_back(id);
      continue;
    }
    const vfs::Hash128 after = DigestOf(*inode);
    if (after == inode->published) continue;
    Inode* own = Own(id);
    const vfs::Hash128 before = std::exchange(own->published, after);
    Publish(*own, before, after);
  }
}

void InodeTree::PublishDirectories() const {
  // Deepest first; directories that the root does not reach come last, nearest to nothing: their
  // parents are not in any sum of the root, but must still be right should a later entry make them
  // reachable.
  std::set<std::pair<int, InodeId>> queue;
  const auto take = [&] {
    for (InodeId id : dirty_) {
      int steps = 0;
      InodeId at = id;
      for (const Inode* inode = Find(at); inode != nullptr && !inode->names.empty();
           inode = Find(at)) {
        at = inode->names.front().dir;
        ++steps;
      }
      queue.emplace(-steps, id);
    }
    dirty_.clear();
  };
  take();
  while (!queue.empty()) {
    const InodeId id = queue.begin()->second;
    queue.erase(queue.begin());
    const Inode* inode = Find(id);
    if (inode == nullptr) continue;
    const vfs::Hash128 after = DigestOf(*inode);
    if (after == inode->published) continue;
    Inode* own = Own(id);
    const vfs::Hash128 before = std::exchange(own->published, after);
    Publish(*own, before, after);
    take();
  }
}

vfs::Hash128 InodeTree::LinkGroups() const {
  vfs::Hash128 sum;
  multi_.ForEach([&](InodeId id, bool) {
    vfs::Hash128 group;
    int reached = 0;
    for (const NameRef& ref : Find(id)->names) {
      if (!IsReachable(ref.dir)) continue;
      group += vfs::HashBytes(vfs::JoinPath(PathOf(ref.dir), ref.name));
      ++reached;
    }
    if (reached > 1) sum += vfs::Hasher().Add(group).Finish();
    return true;
  });
  return sum;
}

void InodeTree::PublishDigests() const {
  if (dirty_.empty()) return;
  PublishFiles();
  PublishDirectories();
}

vfs::Hash128 InodeTree::Digest() const {
  VFS_CHECK(digests_ == Digests::kKept, "this tree keeps no digests");
  PublishDigests();
  return vfs::Hasher().Add(Find(kRootInode)->published).Add(LinkGroups()).Finish();
}

void InodeTree::TurnDigestsOff() {
  digests_ = Digests::kOff;
  dirty_.clear();
}

}  // namespace permafrost::sim
