// The whole simulated disk as a value: what is live, what is durable, and every unsettled effect
// between the two.
//
// Chains: (directory, name) -> inode or none; inode -> size; (inode, sector) -> bytes. durable()
// holds the base of each chain, pending() its later versions in program order, live() what reads
// see. See sim/CRASH_MODEL.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "faults/lying_sync.h"
#include "sim/disk/effect.h"
#include "sim/disk/inode_tree.h"
#include "sim/disk/page.h"
#include "vfs/base/hash.h"

namespace permafrost::sim {

enum class SyncScope { kData, kFile, kDirectory };

// What a sync captured when it began: every version of the inode's chains below `before`.
struct SyncTicket {
  InodeId inode;
  SyncScope scope = SyncScope::kFile;
  std::uint64_t before = 0;  // first sequence that is not covered
  bool commits_ordered =
      false;  // metadata was pending that an `ordered` journal had not yet committed
  bool commits_treelog = false;  // the same under `treelog`
};

// Copying is O(1) and shares everything; the copies then differ by what changes.
//
// Requires of every call: inodes exist and are of the right kind, names are free or taken as the
// call says (the file system checks that and answers errors; here it is a mistake of ours).
// Threads: one thread at a time for all copies that share content.
class DiskState {
 public:
  // An empty root directory, settled.
  DiskState();
  // A settled disk: `tree` is durable and live.
  explicit DiskState(InodeTree tree);

  // Digest of the durable tree that the root reaches: names, link identity, sizes, bytes. Equal for
  // equal trees.
  vfs::Hash128 DurableKey() const { return durable_.Digest(); }
  // DurableKey with the pending versions and commit marks: what a process death leaves.
  vfs::Hash128 FullKey() const;

  const InodeTree& live() const { return live_; }
  const InodeTree& durable() const { return durable_; }
  const PendingMap& pending() const { return pending_; }
  bool HasPending() const { return !pending_.empty(); }
  std::uint64_t next_sequence() const { return next_sequence_; }
  // Pages that live files hold, unlinked open ones included. O(inodes) once per disk, then O(1).
  std::uint64_t live_pages() const;

  // Name and shrink effects below this are committed under `ordered` (orphans never are).
  std::uint64_t ordered_before() const { return ordered_before_; }
  std::uint64_t prefix_before() const { return prefix_before_; }
  // Whether `treelog` has committed this effect.
  bool IsTreelogCommitted(const Effect& effect) const;

  // The sector that was last deleted or cut off at this place, or null: a disk shows such bytes
  // again.
  PageRef StalePage(std::uint64_t index) const;

  InodeId MakeInode(InodeId dir,
                    std::string_view name,
                    vfs::FileKind kind,
                    const EffectOrigin& origin);
  void Link(InodeId file, InodeId dir, std::string_view name, const EffectOrigin& origin);
  // Removes a file's name or an empty directory. The inode stays live until ForgetUnlinked.
  void RemoveName(InodeId dir, std::string_view name, const EffectOrigin& origin);
  void Rename(InodeId dir, std::string_view from, std::string_view to, const EffectOrigin& origin);
  void Write(InodeId file,
             std::uint64_t offset,
             std::string_view bytes,
             const EffectOrigin& origin);
  void Resize(InodeId file, std::uint64_t bytes, const EffectOrigin& origin);

  // Drops a live inode that has no name (its last handle closed).
  void ForgetUnlinked(InodeId id);
  // Drops all of them: the process died.
  void ForgetAllUnlinked();

  SyncTicket BeginSync(InodeId inode, SyncScope scope) const;
  // Raises the bases to what the ticket captured and drops those versions and older ones.
  void EndSync(const SyncTicket& ticket);
  // The captured versions may or may not survive from now on; no later sync settles them. Names
  // stay live always.
  void OrphanSync(const SyncTicket& ticket, faults::AfterFailedSync live);
  // Reads of files whose sync failed and left their pages clean go back to what a sync has settled
  // (cache pressure, D6).
  void RevertCleanOrphans();
  bool HasCleanOrphans() const { return !CleanOrphans().empty(); }

  // Pending effects in program order.
  std::vector<EffectRef> EffectsInOrder() const;

 private:
  using InodeMarks = PersistentMap<InodeId, std::uint32_t, InodeIdTraits>;
  static constexpr std::uint32_t kOrphaned = 1;
  static constexpr std::uint32_t kCleanOrphaned = 2;  // until the cache drops its pages
  struct SequenceTraits {
    static std::uint64_t Priority(std::uint64_t sequence) { return vfs::Mix64(sequence); }
    static vfs::Hash128 Digest(std::uint64_t sequence, bool) {
      return vfs::Hasher().Add(sequence).Finish();
    }
  };
  struct StalePages;

  InodeId FreshId(InodeId dir, std::string_view name) const;
  Effect NewEffect(EffectKind kind, InodeId owner, const EffectOrigin& origin);
  void Push(Effect effect);
  void Replace(Effect effect);
  void Drop(const Effect& effect);
  void AddReference(InodeId target);
  void DropReference(InodeId target);
  void PurgeIfLost(InodeId id);
  void PurgeEffects(InodeId owner);
  void KeepStale(const PageMap& pages);
  void NoteUnlinked(InodeId id);

  std::vector<EffectRef> Captured(const SyncTicket& ticket) const;
  std::uint64_t SettleableSize(InodeId file) const;
  void SettleFile(const SyncTicket& ticket);
  void KeepUncovered(const std::vector<EffectRef>& kept,
                     const std::vector<EffectRef>& settled,
                     std::optional<std::uint64_t> shrink_to);
  void SettleDirectory(const SyncTicket& ticket);
  void CommitTreelog(const SyncTicket& ticket);
  std::vector<InodeId> CleanOrphans() const;
  void RevertLive(InodeId file);

  InodeTree live_{InodeTree::Digests::kOff};
  InodeTree durable_;
  PendingMap pending_;
  InodeMarks references_;  // inode -> pending name versions that lead to it; absent: none
  InodeMarks orphaned_;    // files with orphaned versions: kOrphaned or kCleanOrphaned
  InodeMarks unlinked_;    // live inodes without a name
  PersistentMap<std::uint64_t, bool, SequenceTraits>
      treelog_committed_;  // effects committed out of order
  std::shared_ptr<const StalePages> stale_;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t ordered_before_ = 0;
  std::uint64_t treelog_before_ = 0;
  std::uint64_t prefix_before_ = 0;
  mutable std::optional<std::uint64_t> live_pages_;  // none: not counted yet
};

}  // namespace permafrost::sim
