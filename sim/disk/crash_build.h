// Builds the disk that one choice leaves.
#pragma once

#include <vector>

#include "sim/disk/crash_choice.h"
#include "sim/disk/disk_state.h"

namespace permafrost::sim {

struct BuiltImage {
  DiskState state;         // nothing pending
  bool has_holes = false;  // bytes below a size whose write did not survive: the fill shows
};

// Requires: the choice conforms to the rules. Cost: O(kept effects), nothing for what is settled.
BuiltImage BuildImage(const DiskState& snapshot,
                      const std::vector<EffectRef>& effects,
                      const Choice& choice);

}  // namespace permafrost::sim
