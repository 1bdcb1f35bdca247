// The table "Personalities" of sim/CRASH_MODEL.md, rule by rule.
#include "sim/disk/crash_rules.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace permafrost::sim {

using Kind = Personality::Kind;

CrashRules::CrashRules(const DiskState& snapshot,
                       const Personality& personality,
                       const std::vector<EffectRef>& effects)
    : snapshot_(snapshot), personality_(personality), effects_(effects) {
  const Kind kind = personality.kind;
  is_journaled_ = kind == Kind::kOrdered || kind == Kind::kWriteback || kind == Kind::kTreelog;
  if (is_journaled_) growth_unit_ = kPageBytes;
  for (std::size_t i = 0; i < effects.size(); ++i) {
    const Effect& effect = *effects[i];
    const bool is_journal_record =
        !effect.is_orphan && (IsNameKind(effect.kind) || effect.kind == EffectKind::kTruncate);
    bool is_fixed = false;
    bool is_chained = false;
    switch (kind) {
      case Kind::kStrict: break;
      case Kind::kOrdered:
      case Kind::kWriteback:
        is_fixed = is_journal_record && effect.sequence < snapshot.ordered_before();
        is_chained = is_journal_record;
        break;
      case Kind::kTreelog:
        is_fixed = is_journal_record && snapshot.IsTreelogCommitted(effect);
        is_chained = is_journal_record;
        break;
      case Kind::kPrefix:
        is_fixed = !effect.is_orphan && effect.sequence < snapshot.prefix_before();
        is_chained = !effect.is_orphan;
        break;
      case Kind::kAll:
      case Kind::kNone: is_fixed = true; break;
    }
    is_fixed_.push_back(is_fixed);
    is_chained_.push_back(is_chained && !is_fixed);
    if (effect.kind == EffectKind::kRename && effect.names.size() == 2) renames_.push_back(i);
  }
}

void CrashRules::Conform(Choice& choice) const {
  for (std::size_t i = 0; i < effects_.size(); ++i) {
    if (!is_fixed_[i]) continue;
    choice.fates[i] = Fate{};
    if (personality_.kind != Kind::kNone) choice.fates[i].extent = Extent::kKept;
  }
  if (personality_.kind == Kind::kAll || personality_.kind == Kind::kNone) {
    choice.tears.clear();
    choice.fill = Fill::kZero;
    choice.fill_seed = 0;
    return;
  }
  ConformChain(choice);
  if (is_journaled_) ConformGrowth(choice);
  CoupleRenames(choice);
  if (personality_.da_alloc) GrowBeforeRename(choice);
  if (personality_.kind == Kind::kOrdered || personality_.kind == Kind::kTreelog) {
    KeepDataBelow(choice);
  }
  for (std::size_t i = 0; i < effects_.size(); ++i) Normalize(*effects_[i], choice.fates[i]);
  ConformTears(choice);
  if (choice.fill != Fill::kGarbage) choice.fill_seed = 0;
}

// The longest run of kept chained effects; under `prefix` the one after it may be cut short.
void CrashRules::ConformChain(Choice& choice) const {
  bool is_over = false;
  for (std::size_t i = 0; i < effects_.size(); ++i) {
    if (!is_chained_[i]) continue;
    Fate& fate = choice.fates[i];
    if (is_over) fate = Fate{};
    if (fate.extent == Extent::kKept && !fate.size.has_value()) continue;
    is_over = true;
    if (personality_.kind != Kind::kPrefix || effects_[i]->kind == EffectKind::kTruncate) {
      fate = Fate{};
    } else if (fate.extent == Extent::kPart) {
      const auto gap = std::find(fate.keeps_sector.begin(), fate.keeps_sector.end(), false);
      std::fill(gap, fate.keeps_sector.end(), false);
    }
  }
}

// A growth does not outlive an earlier shrink of its file that was lost, and stops at pages.
void CrashRules::ConformGrowth(Choice& choice) const {
  std::set<InodeId> unshrunk;
  for (std::size_t i = 0; i < effects_.size(); ++i) {
    const Effect& effect = *effects_[i];
    Fate& fate = choice.fates[i];
    if (!effect.has_size || effect.is_orphan) continue;
    if (effect.kind == EffectKind::kTruncate) {
      if (!KeepsSize(fate)) unshrunk.insert(effect.owner);
      continue;
    }
    if (unshrunk.contains(effect.owner)) fate = Fate{};
    if (!fate.size.has_value()) continue;
    *fate.size -= *fate.size % growth_unit_;
    if (*fate.size <= effect.size_before) fate = Fate{};
  }
}

// Both names of a rename stand before it, or both at or after it.
void CrashRules::CoupleRenames(Choice& choice) const {
  if (renames_.empty()) return;
  const bool keeps = personality_.kind == Kind::kStrict || personality_.kind == Kind::kTreelog;
  for (bool changed = true; changed;) {
    changed = false;
    std::map<std::pair<InodeId, std::string_view>, std::size_t> position;  // last kept effect + 1
    for (std::size_t i = 0; i < effects_.size(); ++i) {
      if (choice.fates[i].extent == Extent::kLost) continue;
      for (const NameVersion& version : effects_[i]->names) {
        position[{effects_[i]->owner, version.name}] = i + 1;
      }
    }
    for (std::size_t i : renames_) {
      const Effect& rename = *effects_[i];
      if (choice.fates[i].extent == Extent::kKept) continue;
      for (const NameVersion& version : rename.names) {
        const auto found = position.find({rename.owner, version.name});
        if (found == position.end() || found->second <= i) continue;
        changed = true;
        // A journal has no place for the rename: the later version (an orphan's) goes instead.
        if (keeps || is_fixed_[found->second - 1]) {
          choice.fates[i].extent = Extent::kKept;
        } else {
          choice.fates[found->second - 1] = Fate{};
        }
        break;
      }
      if (changed) break;
    }
  }
}

void CrashRules::GrowBeforeRename(Choice& choice) const {
  for (std::size_t i : renames_) {
    if (choice.fates[i].extent != Extent::kKept || !effects_[i]->replaces) continue;
    const InodeId moved = effects_[i]->names.back().target;
    for (std::size_t j = 0; j < i; ++j) {
      const Effect& effect = *effects_[j];
      if (effect.owner != moved || effect.kind != EffectKind::kGrow || effect.is_orphan) continue;
      choice.fates[j] = Fate{};
      choice.fates[j].extent = Extent::kKept;
    }
  }
}

// Sectors that a kept growth exposes hold at least what was written before it.
void CrashRules::KeepDataBelow(Choice& choice) const {
  struct Growth {
    std::size_t effect = 0;
    std::uint64_t first = 0;  // bytes exposed, half-open
    std::uint64_t end = 0;
  };
  std::map<InodeId, Growth> growths;
  std::map<InodeId, std::uint64_t> sizes;  // size before any growth
  for (std::size_t i = 0; i < effects_.size(); ++i) {
    const Effect& effect = *effects_[i];
    if (!effect.has_size || effect.is_orphan || !KeepsSize(choice.fates[i])) continue;
    const Inode* base = snapshot_.durable().Find(effect.owner);
    const auto size = sizes.emplace(effect.owner, base == nullptr ? 0 : base->bytes).first;
    if (effect.kind == EffectKind::kTruncate) {
      size->second = std::min(size->second, effect.size_after);
      growths.erase(effect.owner);
    } else {
      growths[effect.owner] = {i, size->second, choice.fates[i].size.value_or(effect.size_after)};
    }
  }
  for (const auto& [owner, growth] : growths) {
    for (std::size_t i = 0; i < growth.effect; ++i) {
      const Effect& effect = *effects_[i];
      if (effect.owner != owner || effect.kind != EffectKind::kWrite || effect.is_orphan) continue;
      Fate& fate = choice.fates[i];
      if (fate.extent == Extent::kKept) {
        if (choice.tears.empty()) continue;
      } else if (fate.extent == Extent::kLost) {
        fate.extent = Extent::kPart;
        fate.keeps_sector.assign(SectorCount(effect), false);
      }
      std::size_t rank = 0;
      for (const PageVersion& version : effect.pages) {
        for (std::uint64_t sector = 0; sector < kSectorsPerPage; ++sector) {
          if ((version.mask >> sector & 1U) == 0) continue;
          const std::uint64_t first = version.index * kPageBytes + sector * kSectorBytes;
          if (first < growth.end && first + kSectorBytes > growth.first) {
            if (fate.extent == Extent::kPart) fate.keeps_sector[rank] = true;
            std::erase_if(choice.tears,
                          [&](const Tear& t) { return t.effect == i && t.sector == rank; });
          }
          ++rank;
        }
      }
    }
  }
}

void CrashRules::ConformTears(Choice& choice) const {
  if (choice.tears.empty()) return;
  std::size_t last_kept = 0;
  for (std::size_t i = 0; i < effects_.size(); ++i) {
    if (is_chained_[i] && choice.fates[i].extent != Extent::kLost) last_kept = i;
  }
  std::erase_if(choice.tears, [&](const Tear& tear) {
    const bool is_offered = tear.is_garbled ? personality_.nopsow : personality_.tear_bytes;
    const bool is_last = personality_.kind != Kind::kPrefix || tear.effect == last_kept;
    return !is_offered || !is_last || is_fixed_[tear.effect] ||
           effects_[tear.effect]->kind != EffectKind::kWrite ||
           !KeepsSector(choice.fates[tear.effect], tear.sector);
  });
}

}  // namespace permafrost::sim
