// Bases with the chosen versions laid over them; what no name reaches is dropped.
#include "sim/disk/crash_build.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <utility>

#include "vfs/base/hash.h"

namespace permafrost::sim {
namespace {

struct ByteRange {
  std::uint64_t first = 0;  // half-open
  std::uint64_t end = 0;
};

class Builder {
 public:
  Builder(const DiskState& snapshot, const std::vector<EffectRef>& effects, const Choice& choice)
      : snapshot_(snapshot), effects_(effects), choice_(choice), tree_(snapshot.durable()) {}

  BuiltImage Build() {
    ApplyNames();
    for (std::size_t i = 0; i < effects_.size(); ++i) {
      if (!IsNameKind(effects_[i]->kind)) ApplyContent(i);
    }
    for (InodeId file : files_) Finish(file);
    tree_
        // before the copy into live and durable, so that both share the published digests
        .Digest();
    return {DiskState(std::move(tree_)), has_holes_};
  }

 private:
  void ApplyNames() {
    std::vector<InodeId> candidates;
    for (std::size_t i = 0; i < effects_.size(); ++i) {
      const Effect& effect = *effects_[i];
      for (const NameVersion& version : effect.names) {
        candidates.push_back(version.target);
        if (choice_.fates[i].extent == Extent::kLost) continue;
        candidates.push_back(tree_.Entry(effect.owner, version.name));
        tree_.SetEntry(effect.owner, version.name, version.target);
      }
    }
    for (InodeId id : candidates) tree_.DropIfUnnamed(id);
  }

  void ApplyContent(std::size_t i) {
    const Effect& effect = *effects_[i];
    const Fate& fate = choice_.fates[i];
    if (!tree_.Contains(effect.owner)) return;
    if (files_.empty() || files_.back() != effect.owner) {
      if (std::find(files_.begin(), files_.end(), effect.owner) == files_.end()) {
        files_.push_back(effect.owner);
      }
    }
    if (fate.extent == Extent::kLost) return;
    Inode* inode = tree_.MutableContent(effect.owner);
    if (effect.has_size && KeepsSize(fate)) inode->bytes = fate.size.value_or(effect.size_after);
    std::size_t rank = 0;
    for (const PageVersion& version : effect.pages) {
      std::uint8_t mask = version.mask;
      for (unsigned sector = 0; sector < kSectorsPerPage; ++sector) {
        const auto bit = static_cast<std::uint8_t>(1U << sector);
        if ((version.mask & bit) == 0) continue;
        if (!KeepsSector(fate, rank) || ApplyTear(i, rank, version, sector, *inode)) {
          mask = static_cast<std::uint8_t>(mask & ~bit);
        }
        ++rank;
      }
      CopySectors(inode->pages, version.index, mask, version.page);
    }
  }

  // Returns true if the sector was torn byte-wise, and so is already there.
  bool ApplyTear(std::size_t effect,
                 std::size_t rank,
                 const PageVersion& version,
                 unsigned sector,
                 Inode& inode) {
    for (const Tear& tear : choice_.tears) {
      if (tear.effect != effect || tear.sector != rank) continue;
      if (tear.is_garbled) {
        garbled_.emplace_back(effects_[effect]->owner, version.index);
        return false;
      }
      PageRef* slot = inode.pages.Mutable(version.index);
      if (slot == nullptr) slot = inode.pages.Set(version.index, nullptr);
      Page* page = OwnPage(*slot);
      const std::size_t at = sector * kSectorBytes;
      std::memcpy(page->bytes.data() + at, version.page->bytes.data() + at, tear.bytes);
      return true;
    }
    return false;
  }

  void Finish(InodeId file) {
    const Inode* base = snapshot_.durable().Find(file);
    const std::uint64_t bytes = tree_.Find(file)->bytes;
    for (const auto& [owner, index] : garbled_) {
      if (owner != file) continue;
      PutFill(file, {index * kPageBytes, std::min(bytes, (index + 1) * kPageBytes)},
              Fill::kGarbage);
    }
    if (bytes > base->bytes) {
      for (const ByteRange& hole : Holes(file, base->bytes, bytes)) {
        has_holes_ = true;
        PutFill(file, hole, choice_.fill);
      }
    }
    const Inode* inode = tree_.Find(file);
    if (inode != base) CutPages(tree_.MutableContent(file)->pages, bytes);
  }

  // Bytes below the size that a lost write would have written and the chosen version of their
  // sector does not hold.
  std::vector<ByteRange> Holes(InodeId file, std::uint64_t base_bytes, std::uint64_t bytes) const {
    std::map<std::uint64_t, std::uint64_t>
        known;  // sector -> end of the bytes that its chosen version holds
    std::map<std::uint64_t, std::vector<ByteRange>> lost;
    for (std::size_t i = 0; i < effects_.size(); ++i) {
      const Effect& effect = *effects_[i];
      if (effect.owner != file || effect.pages.empty()) continue;
      std::size_t rank = 0;
      for (const PageVersion& version : effect.pages) {
        for (std::uint64_t sector = 0; sector < kSectorsPerPage; ++sector) {
          if ((version.mask >> sector & 1U) == 0) continue;
          const std::uint64_t number = version.index * kSectorsPerPage + sector;
          const bool is_write = effect.kind == EffectKind::kWrite;
          const std::uint64_t first = number * kSectorBytes;
          const std::uint64_t end = first + kSectorBytes;
          if (KeepsSector(choice_.fates[i], rank++)) {
            known[number] = std::min(end, effect.size_after);
          } else if (is_write) {
            lost[number].push_back(
                {std::max(first, effect.first_byte), std::min({end, effect.end_byte, bytes})});
          }
        }
      }
    }
    std::vector<ByteRange> holes;
    for (const auto& [number, ranges] : lost) {
      const auto found = known.find(number);
      const std::uint64_t held = found == known.end() ? base_bytes : found->second;
      for (ByteRange range : ranges) {
        range.first = std::max(range.first, held);
        if (range.first < range.end) holes.push_back(range);
      }
    }
    return holes;
  }

  void PutFill(InodeId file, const ByteRange& range, Fill fill) {
    if (fill == Fill::kZero || range.first >= range.end) return;
    Inode* inode = tree_.MutableContent(file);
    const std::uint64_t index = range.first / kPageBytes;
    PageRef* slot = inode->pages.Mutable(index);
    if (slot == nullptr) slot = inode->pages.Set(index, nullptr);
    Page* page = OwnPage(*slot);
    const PageRef stale = fill == Fill::kStale ? StaleSource(file, index) : nullptr;
    for (std::uint64_t at = range.first; at < range.end; ++at) {
      const std::uint64_t in_page = at % kPageBytes;
      const std::uint64_t word = vfs::Mix64(choice_.fill_seed * 0x9e3779b97f4a7c15ULL + at / 8 + 1);
      const auto garbage = static_cast<char>(word >> (at % 8 * 8));
      page->bytes[in_page] = stale == nullptr ? garbage : stale->bytes[in_page];
    }
  }

  // What was last deleted at this place of some file; else the file's own beginning, one sector
  // further.
  PageRef StaleSource(InodeId file, std::uint64_t index) const {
    if (PageRef deleted = snapshot_.StalePage(index)) return deleted;
    const Inode* live = snapshot_.live().Find(file);
    const PageRef* first = live == nullptr ? nullptr : live->pages.Find(std::uint64_t{0});
    if (first == nullptr) return nullptr;
    PageRef shifted = CopyOf(**first);
    std::rotate(shifted->bytes.begin(), shifted->bytes.begin() + kSectorBytes,
                shifted->bytes.end());
    return shifted;
  }

  const DiskState& snapshot_;
  const std::vector<EffectRef>& effects_;
  const Choice& choice_;
  InodeTree tree_;
  std::vector<InodeId> files_;  // with pending content, in program order
  std::vector<std::pair<InodeId, std::uint64_t>> garbled_;
  bool has_holes_ = false;
};

}  // namespace

BuiltImage BuildImage(const DiskState& snapshot,
                      const std::vector<EffectRef>& effects,
                      const Choice& choice) {
  return Builder(snapshot, effects, choice).Build();
}

}  // namespace permafrost::sim
