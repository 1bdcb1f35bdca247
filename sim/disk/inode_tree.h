// A tree of files and directories as a value: O(1) copies, names both ways, and a digest of what
// the root reaches.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/disk/page.h"
#include "sim/disk/persistent_map.h"
#include "vfs/base/hash.h"
#include "vfs/file_system.h"

namespace permafrost::sim {

// 0 is "none" (a name that leads nowhere); the root is 1.
struct InodeId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(const InodeId&, const InodeId&) = default;
};
inline constexpr InodeId kNoInode{0};
inline constexpr InodeId kRootInode{1};

struct InodeIdTraits {
  static std::uint64_t Priority(InodeId id) { return vfs::Mix64(id.value); }
};
struct EntryTraits {
  static std::uint64_t Priority(std::string_view name) { return vfs::HashBytes(name).lo; }
};

// One name of an inode, seen from the inode.
struct NameRef {
  InodeId dir;
  std::string name;
};

struct Inode {
  vfs::FileKind kind = vfs::FileKind::kFile;
  std::uint64_t bytes = 0;  // files: size
  PageMap pages;            // files: nothing non-zero at or above `bytes`
  PersistentMap<std::string, InodeId, EntryTraits> entries;  // directories
  std::vector<NameRef> names;                                // every entry that leads here
  vfs::Hash128 child_sum;  // directories: sum over entries, of published digests
  vfs::Hash128 published;  // this inode's digest as its parents' sums hold it
};
using InodeRef = std::shared_ptr<Inode>;

// Threads: one thread at a time for all copies that share nodes.
class InodeTree {
 public:
  enum class Digests { kKept, kOff };

  // Holds an empty root. Digests::kOff saves the bookkeeping where Digest() is never asked.
  explicit InodeTree(Digests digests = Digests::kKept);

  // Null if there is no such inode. Valid until the tree changes.
  const Inode* Find(InodeId id) const;
  bool Contains(InodeId id) const { return inodes_.Contains(id); }
  // For changes of size and pages only (entries go through SetEntry). Valid until the tree changes
  // or is copied.
  Inode* MutableContent(InodeId id);

  void Insert(InodeId id, vfs::FileKind kind);
  // Requires: no names lead to it and it has no entries.
  void Erase(InodeId id);

  // kNoInode if the directory or the name does not exist.
  InodeId Entry(InodeId dir, std::string_view name) const;
  // Makes (dir, name) lead to `child`, or nowhere. Does nothing if the directory or the child is
  // not in this tree.
  void SetEntry(InodeId dir, std::string_view name, InodeId child);

  // Drops `id` if no name leads to it, and whatever was reachable only through it.
  void DropIfUnnamed(InodeId id);

  // "" for the root and for what the root does not reach; else the path by the first name.
  std::string PathOf(InodeId id) const;
  bool IsReachable(InodeId id) const;

  // Digest of the tree that the root reaches: names, link identity, sizes, bytes. Equal for equal
  // trees whatever their inode numbers. O(changed since it was last asked).
  vfs::Hash128 Digest() const;
  // Brings the digests up to date, so that copies made now need not each do it. Free if they are.
  void PublishDigests() const;

  void TurnDigestsOff();

  template <typename Visit>  // visit(InodeId, const Inode&), in the order of ids
  void ForEach(Visit&& visit) const {
    inodes_.ForEach([&](InodeId id, const InodeRef& inode) {
      visit(id, *inode);
      return true;
    });
  }

  std::size_t inode_count() const { return inodes_.size(); }
  // Nodes of the inode map that both trees hold, for tests of sharing.
  std::size_t SharedInodes(const InodeTree& other) const {
    return inodes_.SharedNodes(other.inodes_);
  }

 private:
  using InodeMap = PersistentMap<InodeId, InodeRef, InodeIdTraits>;

  Inode* Own(InodeId id) const;
  void MarkDirty(InodeId id);
  void PublishFiles() const;
  void PublishDirectories() const;
  void Publish(const Inode& inode, const vfs::Hash128& before, const vfs::Hash128& after) const;
  vfs::Hash128 LinkGroups() const;
  int DepthOf(InodeId id) const;

  mutable InodeMap inodes_;
  mutable std::vector<InodeId> dirty_;                 // digests not yet published
  PersistentMap<InodeId, bool, InodeIdTraits> multi_;  // inodes with several names
  Digests digests_;
};

}  // namespace permafrost::sim
