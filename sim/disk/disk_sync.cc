// The durable side of the simulated disk: what a sync captures, settles or orphans, and what can
// never come back.
#include <algorithm>
#include <set>
#include <utility>

#include "sim/disk/disk_state.h"
#include "vfs/base/check.h"
#include "vfs/base/probe.h"

namespace permafrost::sim {
namespace {

bool LeadsTo(const Effect& effect, InodeId target) {
  return std::any_of(effect.names.begin(), effect.names.end(),
                     [&](const NameVersion& version) { return version.target == target; });
}

// Bits of `mask` at page `index` that no effect of `later` after `sequence` holds a version of.
std::uint8_t Uncovered(std::uint8_t mask,
                       std::uint64_t index,
                       std::uint64_t sequence,
                       const std::vector<EffectRef>& later) {
  for (const EffectRef& effect : later) {
    if (effect->sequence < sequence) continue;
    for (const PageVersion& version : effect->pages) {
      if (version.index == index) mask = static_cast<std::uint8_t>(mask & ~version.mask);
    }
  }
  return mask;
}

}  // namespace

std::vector<EffectRef> DiskState::Captured(const SyncTicket& ticket) const {
  std::vector<EffectRef> captured;
  pending_.ForEachFrom(PendingKey{ticket.inode, 0},
                       [&](const PendingKey& key, const EffectRef& effect) {
                         if (key.owner != ticket.inode || key.sequence >= ticket.before)
                           return false;
                         captured.push_back(effect);
                         return true;
                       });
  return captured;
}

SyncTicket DiskState::BeginSync(InodeId inode, SyncScope scope) const {
  SyncTicket ticket;
  ticket.inode = inode;
  ticket.scope = scope;
  ticket.before = next_sequence_;
  const auto note = [&](const Effect& effect, bool is_growth) {
    if (effect.is_orphan) return;
    if (is_growth || effect.sequence >= ordered_before_) ticket.commits_ordered = true;
    if (is_growth || !IsTreelogCommitted(effect)) ticket.commits_treelog = true;
  };
  for (const EffectRef& effect : Captured(ticket)) {
    if (IsNameKind(effect->kind)) note(*effect, false);
    if (effect->kind == EffectKind::kGrow) note(*effect, true);
    if (effect->kind == EffectKind::kTruncate && scope != SyncScope::kData) note(*effect, false);
  }
  // The inode itself is new or renamed: its own metadata is pending with its name.
  const Inode* live = live_.Find(inode);
  if (live == nullptr || !references_.Contains(inode)) return ticket;
  std::set<InodeId> directories;
  for (const NameRef& ref : live->names) directories.insert(ref.dir);
  for (InodeId dir : directories) {
    SyncTicket of_dir = ticket;
    of_dir.inode = dir;
    for (const EffectRef& effect : Captured(of_dir)) {
      const bool is_birth =
          effect->kind == EffectKind::kCreate || effect->kind == EffectKind::kMkdir;
      if (LeadsTo(*effect, inode) && (is_birth || scope != SyncScope::kData)) note(*effect, false);
    }
  }
  return ticket;
}

void DiskState::EndSync(const SyncTicket& ticket) {
  prefix_before_ = std::max(prefix_before_, ticket.before);
  if (ticket.commits_ordered) ordered_before_ = std::max(ordered_before_, ticket.before);
  if (ticket.scope == SyncScope::kDirectory) {
    if (ticket.commits_treelog) treelog_before_ = std::max(treelog_before_, ticket.before);
    SettleDirectory(ticket);
  } else {
    if (ticket.commits_treelog) CommitTreelog(ticket);
    SettleFile(ticket);
  }
}

// Marks the last version of every live name on the way from the root to the file.
void DiskState::CommitTreelog(const SyncTicket& ticket) {
  std::vector<InodeId> todo = {ticket.inode};
  while (!todo.empty()) {
    const InodeId id = todo.back();
    todo.pop_back();
    const Inode* inode = live_.Find(id);
    if (inode == nullptr) continue;
    for (const NameRef& ref : inode->names) {
      todo.push_back(ref.dir);
      SyncTicket of_dir = ticket;
      of_dir.inode = ref.dir;
      std::uint64_t last = 0;
      for (const EffectRef& effect : Captured(of_dir)) {
        if (effect->is_orphan) continue;
        for (const NameVersion& version : effect->names) {
          if (version.name == ref.name && version.target == id) last = effect->sequence;
        }
      }
      if (last != 0) treelog_committed_.Set(last, true);
    }
  }
}

void DiskState::Drop(const Effect& effect) {
  pending_.Erase(PendingKey{effect.owner, effect.sequence});
  treelog_committed_.Erase(effect.sequence);
}

void DiskState::Replace(Effect effect) {
  const PendingKey key{effect.owner, effect.sequence};
  pending_.Set(key, std::make_shared<const Effect>(std::move(effect)));
}

std::uint64_t DiskState::SettleableSize(InodeId file) const {
  const Inode* base = durable_.Find(file);
  std::uint64_t size = base == nullptr ? 0 : base->bytes;
  SyncTicket all;
  all.inode = file;
  all.before = next_sequence_;
  for (const EffectRef& effect : Captured(all)) {
    if (effect->has_size && !effect->is_orphan) size = effect->size_after;
  }
  return size;
}

void DiskState::SettleFile(const SyncTicket& ticket) {
  const std::vector<EffectRef> captured = Captured(ticket);
  if (captured.empty()) return;
  Inode* base = durable_.MutableContent(ticket.inode);
  VFS_CHECK(base != nullptr, "pending effects of inode {:x}, which is gone", ticket.inode.value);
  std::vector<EffectRef> settled;
  std::vector<EffectRef> kept;  // orphans, and shrinks that SyncData does not cover
  bool has_kept_shrink = false;
  std::optional<std::uint64_t> size;
  for (const EffectRef& effect : captured) {
    if (effect->has_size && !effect->is_orphan) size = effect->size_after;
    const bool is_uncovered_shrink =
        effect->kind == EffectKind::kTruncate && ticket.scope == SyncScope::kData;
    has_kept_shrink = has_kept_shrink || (is_uncovered_shrink && !effect->is_orphan);
    (effect->is_orphan || is_uncovered_shrink ? kept : settled).push_back(effect);
  }
  for (const EffectRef& effect : settled) {
    for (const PageVersion& version : effect->pages) {
      CopySectors(base->pages, version.index, version.mask, version.page);
    }
  }
  // Growth that SyncData covers must not expose less than it wrote; an uncovered shrink may still
  // leave more.
  std::optional<std::uint64_t> shrink_to;
  if (size.has_value()) {
    if (has_kept_shrink && *size < base->bytes) {
      shrink_to = size;
    } else {
      base->bytes = *size;
    }
  }
  CutPages(base->pages, base->bytes);
  for (const EffectRef& effect : settled) Drop(*effect);
  KeepUncovered(kept, settled, shrink_to);
}

// Versions older than a settled one of their chain are below the base now; the others of `kept`
// stay.
void DiskState::KeepUncovered(const std::vector<EffectRef>& kept,
                              const std::vector<EffectRef>& settled,
                              std::optional<std::uint64_t> shrink_to) {
  std::uint64_t last_settled_size = 0;
  for (const EffectRef& effect : settled) {
    if (effect->has_size) last_settled_size = effect->sequence;
  }
  bool is_last_shrink = true;
  bool has_orphans = false;
  for (auto it = kept.rbegin(); it != kept.rend(); ++it) {
    Effect effect = **it;
    for (PageVersion& version : effect.pages) {
      version.mask = Uncovered(version.mask, version.index, effect.sequence, settled);
    }
    std::erase_if(effect.pages, [](const PageVersion& version) { return version.mask == 0; });
    if (effect.is_orphan) {
      if (effect.sequence < last_settled_size) effect.has_size = false;
    } else {
      effect.has_size = shrink_to.has_value() && is_last_shrink;
      if (effect.has_size) effect.size_after = *shrink_to;
      is_last_shrink = false;
    }
    if (effect.pages.empty() && !effect.has_size) {
      Drop(effect);
      continue;
    }
    has_orphans = has_orphans || effect.is_orphan;
    Replace(std::move(effect));
  }
  if (!has_orphans && !kept.empty()) orphaned_.Erase(kept.front()->owner);
}

void DiskState::SettleDirectory(const SyncTicket& ticket) {
  const std::vector<EffectRef> captured = Captured(ticket);
  std::set<InodeId> touched;
  std::set<std::string> settled_names;
  for (auto it = captured.rbegin(); it != captured.rend(); ++it) {
    Effect effect = **it;
    if (!effect.is_orphan) {
      for (const NameVersion& version : effect.names) settled_names.insert(version.name);
      continue;
    }
    std::erase_if(effect.names, [&](const NameVersion& version) {
      if (!settled_names.contains(version.name)) return false;
      touched.insert(version.target);
      DropReference(version.target);
      return true;
    });
    if (effect.names.empty()) {
      Drop(effect);
    } else {
      Replace(std::move(effect));
    }
  }
  for (const EffectRef& effect : captured) {
    if (effect->is_orphan) continue;
    for (const NameVersion& version : effect->names) {
      touched.insert(durable_.Entry(ticket.inode, version.name));
      touched.insert(version.target);
      durable_.SetEntry(ticket.inode, version.name, version.target);
      DropReference(version.target);
    }
    Drop(*effect);
  }
  for (InodeId id : touched) PurgeIfLost(id);
}

void DiskState::DropReference(InodeId target) {
  if (target == kNoInode) return;
  std::uint32_t* count = references_.Mutable(target);
  VFS_CHECK(count != nullptr, "inode {:x} has no pending name", target.value);
  if (--*count == 0) references_.Erase(target);
}

// An inode that no base and no pending version names is out of every image for good.
void DiskState::PurgeIfLost(InodeId id) {
  const Inode* inode = durable_.Find(id);
  if (inode == nullptr || id == kRootInode) return;
  if (!inode->names.empty() || references_.Contains(id)) return;
  std::set<InodeId> touched;
  std::vector<std::pair<std::string, InodeId>> entries;
  inode->entries.ForEach([&](const std::string& name, InodeId child) {
    entries.emplace_back(name, child);
    return true;
  });
  for (const auto& [name, child] : entries) {
    durable_.SetEntry(id, name, kNoInode);
    touched.insert(child);
  }
  SyncTicket all;
  all.inode = id;
  all.before = next_sequence_;
  for (const EffectRef& effect : Captured(all)) {
    for (const NameVersion& version : effect->names) {
      DropReference(version.target);
      touched.insert(version.target);
    }
    Drop(*effect);
  }
  orphaned_.Erase(id);
  durable_.Erase(id);
  for (InodeId child : touched) PurgeIfLost(child);
}

void DiskState::OrphanSync(const SyncTicket& ticket, faults::AfterFailedSync live) {
  bool any = false;
  for (const EffectRef& effect : Captured(ticket)) {
    if (effect->kind == EffectKind::kTruncate && ticket.scope == SyncScope::kData) continue;
    any = true;
    if (effect->is_orphan) continue;
    Effect orphan = *effect;
    orphan.is_orphan = true;
    treelog_committed_.Erase(orphan.sequence);
    Replace(std::move(orphan));
  }
  if (!any) return;
  VFS_PROBE("sim/disk/sync_orphaned_versions");
  if (ticket.scope == SyncScope::kDirectory) return;
  const bool is_clean = live == faults::AfterFailedSync::kRevertOnDropCaches;
  if (is_clean || !orphaned_.Contains(ticket.inode))
    orphaned_.Set(ticket.inode, is_clean ? kCleanOrphaned : kOrphaned);
  if (live == faults::AfterFailedSync::kRevert) RevertLive(ticket.inode);
}

void DiskState::RevertLive(InodeId file) {
  SyncTicket all;
  all.inode = file;
  all.before = next_sequence_;
  Inode* inode = live_.MutableContent(file);
  const Inode* base = durable_.Find(file);
  if (inode == nullptr || base == nullptr) return;
  const std::size_t pages_before = inode->pages.size();
  inode->bytes = base->bytes;
  inode->pages = base->pages;
  for (const EffectRef& effect : Captured(all)) {
    if (effect->is_orphan) {
      Effect reverted = *effect;
      reverted.is_reverted = true;
      Replace(std::move(reverted));
      continue;
    }
    for (const PageVersion& version : effect->pages) {
      CopySectors(inode->pages, version.index, version.mask, version.page);
    }
    if (effect->has_size) inode->bytes = effect->size_after;
  }
  CutPages(inode->pages, inode->bytes);
  if (live_pages_.has_value()) *live_pages_ += inode->pages.size() - pages_before;
}

std::vector<InodeId> DiskState::CleanOrphans() const {
  std::vector<InodeId> files;
  orphaned_.ForEach([&](InodeId id, std::uint32_t mark) {
    if (mark == kCleanOrphaned) files.push_back(id);
    return true;
  });
  return files;
}

void DiskState::RevertCleanOrphans() {
  for (InodeId id : CleanOrphans()) {
    RevertLive(id);
    orphaned_.Set(id, kOrphaned);
  }
}

}  // namespace permafrost::sim
