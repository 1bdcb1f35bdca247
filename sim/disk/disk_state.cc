// The live side of the simulated disk: every change is applied to what reads see and logged as
// pending versions.
#include "sim/disk/disk_state.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "vfs/base/check.h"

namespace permafrost::sim {
namespace {

constexpr std::size_t kStaleMapsMax = 8;

// The sectors of page `index` that [first, end) touches, in bytes of the file.
std::uint8_t SectorMask(std::uint64_t index, std::uint64_t first, std::uint64_t end) {
  const std::uint64_t page_first = index * kPageBytes;
  const std::uint64_t low = std::max(first, page_first) - page_first;
  const std::uint64_t high = std::min(end, page_first + kPageBytes) - page_first;
  const unsigned low_sector = static_cast<unsigned>(low / kSectorBytes);
  const unsigned high_sector = static_cast<unsigned>((high + kSectorBytes - 1) / kSectorBytes);
  return static_cast<std::uint8_t>((1U << high_sector) - (1U << low_sector));
}

}  // namespace

struct DiskState::StalePages {
  std::vector<PageMap> maps;  // newest first
};

DiskState::DiskState() : DiskState(InodeTree()) {}

DiskState::DiskState(InodeTree tree) : live_(tree), durable_(std::move(tree)) {
  live_.TurnDigestsOff();
}

vfs::Hash128 DiskState::FullKey() const {
  vfs::Hasher hasher;
  hasher.Add(DurableKey())
      .Add(pending_.Digest())
      .Add(treelog_committed_.Digest())
      .Add(next_sequence_)
      .Add(ordered_before_)
      .Add(treelog_before_)
      .Add(prefix_before_);
  for (const InodeId id : CleanOrphans()) hasher.Add(id.value);
  return hasher.Finish();
}

std::uint64_t DiskState::live_pages() const {
  if (!live_pages_.has_value()) {
    std::uint64_t count = 0;
    live_.ForEach([&](InodeId, const Inode& inode) { count += inode.pages.size(); });
    live_pages_ = count;
  }
  return *live_pages_;
}

bool DiskState::IsTreelogCommitted(const Effect& effect) const {
  if (effect.is_orphan) return false;
  return effect.sequence < treelog_before_ || treelog_committed_.Contains(effect.sequence);
}

PageRef DiskState::StalePage(std::uint64_t index) const {
  if (stale_ == nullptr) return nullptr;
  for (const PageMap& pages : stale_->maps) {
    if (const PageRef* page = pages.Find(index)) return *page;
  }
  return nullptr;
}

void DiskState::KeepStale(const PageMap& pages) {
  if (pages.empty()) return;
  auto next = std::make_shared<StalePages>();
  next->maps.push_back(pages);
  if (stale_ != nullptr) {
    const std::size_t kept = std::min(stale_->maps.size(), kStaleMapsMax - 1);
    next->maps.insert(next->maps.end(), stale_->maps.begin(),
                      stale_->maps.begin() + static_cast<std::ptrdiff_t>(kept));
  }
  stale_ = std::move(next);
}

InodeId DiskState::FreshId(InodeId dir, std::string_view name) const {
  const std::uint64_t seed = vfs::Hasher().Add(dir.value).Add(name).Finish().lo;
  for (std::uint64_t bump = 0;; ++bump) {
    const InodeId id{vfs::Mix64(seed + bump)};
    if (id > kRootInode && !live_.Contains(id) && !durable_.Contains(id)) return id;
  }
}

Effect DiskState::NewEffect(EffectKind kind, InodeId owner, const EffectOrigin& origin) {
  Effect effect;
  effect.sequence = next_sequence_++;
  effect.kind = kind;
  effect.owner = owner;
  effect.origin = origin;
  return effect;
}

// What nothing durable or pending can ever reach again leaves no effects: no crash shows them.
void DiskState::Push(Effect effect) {
  if (!durable_.Contains(effect.owner)) return;
  for (const NameVersion& version : effect.names) AddReference(version.target);
  const PendingKey key{effect.owner, effect.sequence};
  pending_.Set(key, std::make_shared<const Effect>(std::move(effect)));
}

void DiskState::AddReference(InodeId target) {
  if (target == kNoInode) return;
  if (std::uint32_t* count = references_.Mutable(target)) {
    ++*count;
  } else {
    references_.Set(target, 1);
  }
}

InodeId DiskState::MakeInode(InodeId dir,
                             std::string_view name,
                             vfs::FileKind kind,
                             const EffectOrigin& origin) {
  VFS_CHECK(live_.Entry(dir, name) == kNoInode, "name {} is taken", name);
  const InodeId id = FreshId(dir, name);
  live_.Insert(id, kind);
  live_.SetEntry(dir, name, id);
  if (durable_.Contains(dir)) durable_.Insert(id, kind);
  const bool is_file = kind == vfs::FileKind::kFile;
  Effect effect = NewEffect(is_file ? EffectKind::kCreate : EffectKind::kMkdir, dir, origin);
  effect.names.push_back({std::string(name), id});
  Push(std::move(effect));
  return id;
}

void DiskState::Link(InodeId file, InodeId dir, std::string_view name, const EffectOrigin& origin) {
  live_.SetEntry(dir, name, file);
  Effect effect = NewEffect(EffectKind::kLink, dir, origin);
  effect.names.push_back({std::string(name), file});
  Push(std::move(effect));
}

void DiskState::NoteUnlinked(InodeId id) {
  const Inode* inode = live_.Find(id);
  if (inode == nullptr || !inode->names.empty()) return;
  if (inode->kind == vfs::FileKind::kDirectory) {
    live_.DropIfUnnamed(id);
  } else {
    unlinked_.Set(id, 1);
  }
}

void DiskState::RemoveName(InodeId dir, std::string_view name, const EffectOrigin& origin) {
  const InodeId target = live_.Entry(dir, name);
  const Inode* inode = live_.Find(target);
  VFS_CHECK(inode != nullptr, "no name {} to remove", name);
  const bool is_file = inode->kind == vfs::FileKind::kFile;
  live_.SetEntry(dir, name, kNoInode);
  NoteUnlinked(target);
  Effect effect = NewEffect(is_file ? EffectKind::kUnlink : EffectKind::kRmdir, dir, origin);
  effect.names.push_back({std::string(name), kNoInode});
  Push(std::move(effect));
}

void DiskState::Rename(InodeId dir,
                       std::string_view from,
                       std::string_view to,
                       const EffectOrigin& origin) {
  const InodeId moved = live_.Entry(dir, from);
  const InodeId replaced = live_.Entry(dir, to);
  VFS_CHECK(moved != kNoInode && moved != replaced, "rename of {} to {}", from, to);
  live_.SetEntry(dir, from, kNoInode);
  live_.SetEntry(dir, to, moved);
  NoteUnlinked(replaced);
  Effect effect = NewEffect(EffectKind::kRename, dir, origin);
  effect.names.push_back({std::string(from), kNoInode});
  effect.names.push_back({std::string(to), moved});
  effect.replaces = replaced != kNoInode;
  Push(std::move(effect));
}

void DiskState::Write(InodeId file,
                      std::uint64_t offset,
                      std::string_view bytes,
                      const EffectOrigin& origin) {
  if (bytes.empty()) return;
  Inode* inode = live_.MutableContent(file);
  VFS_CHECK(inode != nullptr, "write to inode {:x}, which is not live", file.value);
  const std::uint64_t end = offset + bytes.size();
  const std::size_t pages_before = inode->pages.size();
  Effect effect = NewEffect(EffectKind::kWrite, file, origin);
  effect.first_byte = offset;
  effect.end_byte = end;
  for (std::uint64_t at = offset; at < end;) {
    const std::uint64_t index = at / kPageBytes;
    const std::uint64_t in_page = at % kPageBytes;
    const std::uint64_t length = std::min(end - at, kPageBytes - in_page);
    PageRef* slot = inode->pages.Mutable(index);
    if (slot == nullptr) slot = inode->pages.Set(index, nullptr);
    if (length == kPageBytes) *slot = std::make_shared<Page>();
    Page* page = OwnPage(*slot);
    std::memcpy(page->bytes.data() + in_page, bytes.data() + (at - offset), length);
    effect.pages.push_back({index, SectorMask(index, offset, end), *slot});
    at += length;
  }
  if (live_pages_.has_value()) *live_pages_ += inode->pages.size() - pages_before;
  std::uint64_t size_before = inode->bytes;
  inode->bytes = std::max(inode->bytes, end);
  const std::uint64_t size_after = inode->bytes;
  effect.size_after = size_after;
  Push(std::move(effect));
  // A rewrite of what a failed sync orphaned is an ordinary write: it exposes its bytes again.
  if (size_before == size_after && orphaned_.Contains(file)) {
    const std::uint64_t settleable = SettleableSize(file);
    if (end > settleable) size_before = settleable;
  }
  if (size_before >= size_after) return;
  Effect growth = NewEffect(EffectKind::kGrow, file, origin);
  growth.has_size = true;
  growth.size_before = size_before;
  growth.size_after = size_after;
  Push(std::move(growth));
}

void DiskState::Resize(InodeId file, std::uint64_t bytes, const EffectOrigin& origin) {
  Inode* inode = live_.MutableContent(file);
  VFS_CHECK(inode != nullptr, "resize of inode {:x}, which is not live", file.value);
  const std::uint64_t before = inode->bytes;
  if (bytes == before) return;
  Effect effect =
      NewEffect(bytes > before ? EffectKind::kGrow : EffectKind::kTruncate, file, origin);
  effect.has_size = true;
  effect.size_before = before;
  effect.size_after = bytes;
  inode->bytes = bytes;
  if (bytes < before) {
    KeepStale(inode->pages);
    std::vector<std::uint64_t> cut;
    const auto collect = [&](std::uint64_t index, const PageRef&) {
      cut.push_back(index);
      return true;
    };
    inode->pages.ForEachFrom(bytes / kPageBytes, collect);
    if (const Inode* base = durable_.Find(file)) {
      base->pages.ForEachFrom(bytes / kPageBytes, collect);
    }
    std::sort(cut.begin(), cut.end());
    cut.erase(std::unique(cut.begin(), cut.end()), cut.end());
    const std::size_t pages_before = inode->pages.size();
    CutPages(inode->pages, bytes);
    if (live_pages_.has_value()) *live_pages_ -= pages_before - inode->pages.size();
    for (std::uint64_t index : cut) {
      if (index * kPageBytes >= before) break;
      const std::uint8_t mask = SectorMask(index, bytes, before);
      if (mask == 0) continue;
      const PageRef* left = inode->pages.Find(index);
      effect.pages.push_back({index, mask, left == nullptr ? nullptr : *left});
    }
  }
  Push(std::move(effect));
}

void DiskState::ForgetUnlinked(InodeId id) {
  if (!unlinked_.Erase(id)) return;
  const Inode* inode = live_.Find(id);
  if (live_pages_.has_value()) *live_pages_ -= inode->pages.size();
  KeepStale(inode->pages);
  live_.Erase(id);
}

void DiskState::ForgetAllUnlinked() {
  std::vector<InodeId> ids;
  unlinked_.ForEach([&](InodeId id, std::uint32_t) {
    ids.push_back(id);
    return true;
  });
  for (InodeId id : ids) ForgetUnlinked(id);
}

std::vector<EffectRef> DiskState::EffectsInOrder() const {
  std::vector<EffectRef> effects;
  effects.reserve(pending_.size());
  pending_.ForEach([&](const PendingKey&, const EffectRef& effect) {
    effects.push_back(effect);
    return true;
  });
  std::sort(effects.begin(), effects.end(),
            [](const EffectRef& a, const EffectRef& b) { return a->sequence < b->sequence; });
  return effects;
}

}  // namespace permafrost::sim
