// What each personality allows: turns any choice into the nearest allowed one.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/disk/crash_choice.h"
#include "sim/disk/disk_state.h"
#include "sim/disk/personality.h"

namespace permafrost::sim {

// Threads: immutable once made.
class CrashRules {
 public:
  // Borrowed: the snapshot and its effects in program order outlive the rules.
  CrashRules(const DiskState& snapshot,
             const Personality& personality,
             const std::vector<EffectRef>& effects);

  // The personality has already committed (all: keeps; none: loses) this effect: there is nothing
  // to choose.
  bool IsFixed(std::size_t effect) const { return is_fixed_[effect]; }
  // The effect survives only together with all earlier chained ones (a journal in program order).
  bool IsChained(std::size_t effect) const { return is_chained_[effect]; }
  // A growth may stop at multiples of this.
  std::uint64_t growth_unit() const { return growth_unit_; }

  // Idempotent; an allowed choice stays as it is.
  void Conform(Choice& choice) const;

 private:
  void ConformChain(Choice& choice) const;
  void ConformGrowth(Choice& choice) const;
  void CoupleRenames(Choice& choice) const;
  void GrowBeforeRename(Choice& choice) const;
  void KeepDataBelow(Choice& choice) const;
  void ConformTears(Choice& choice) const;

  const DiskState& snapshot_;
  const Personality personality_;
  const std::vector<EffectRef>& effects_;
  bool is_journaled_ = false;  // ordered, writeback, treelog
  std::uint64_t growth_unit_ = kSectorBytes;
  std::vector<bool> is_fixed_;
  std::vector<bool> is_chained_;
  std::vector<std::size_t> renames_;
};

}  // namespace permafrost::sim
