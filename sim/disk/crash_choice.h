// One choice of what a power cut keeps, as a value that prints and parses.
//
// Text: "<personality> keep=<items> [size=<effect>:<bytes>,...]
// [tear=<effect>.s<sector>:<bytes|garbled>,...] fill=<fill>" Items: "none", or effects by their
// number in CrashImages::effects(), ranges "3-7", and parts of one effect "2.size+s0+s2-4" (its
// size version, its sectors by rank within the effect). Fill: zero, stale, garbage:<seed>.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "sim/disk/effect.h"
#include "sim/disk/personality.h"
#include "vfs/base/hash.h"

namespace permafrost::sim {

enum class Extent : std::uint8_t { kLost, kKept, kPart };

struct Fate {
  Extent extent = Extent::kLost;
  bool keeps_size = false;            // kPart: the size version
  std::vector<bool> keeps_sector;     // kPart: by rank within the effect
  std::optional<std::uint64_t> size;  // a kept growth that stops short of its end
};

enum class Fill : std::uint8_t { kZero, kStale, kGarbage };

// The first `bytes` of a kept sector are new, the rest is what the choice without it leaves; or its
// page is garbage.
struct Tear {
  std::size_t effect = 0;
  std::size_t sector = 0;
  std::uint64_t bytes = 0;
  bool is_garbled = false;
  friend bool operator==(const Tear&, const Tear&) = default;
};

struct Choice {
  std::vector<Fate> fates;  // one per effect
  std::vector<Tear> tears;
  Fill fill = Fill::kZero;
  std::uint64_t fill_seed = 0;  // garbage
};

// Whether a version is kept. Ranks count the sectors of the effect.
bool KeepsSector(const Fate& fate, std::size_t rank);
bool KeepsSize(const Fate& fate);

// One spelling per choice: a part that is everything is kept, one that is nothing is lost.
void Normalize(const Effect& effect, Fate& fate);

// Equal for equal normal choices.
vfs::Hash128 DigestOf(const Choice& choice);

std::string PrintChoice(const Personality& personality, const Choice& choice);
// Errors: kInvalidArgument  does not parse, another personality, or no such effect, sector or size
absl::StatusOr<Choice> ParseChoice(const Personality& personality,
                                   std::string_view text,
                                   const std::vector<EffectRef>& effects);

}  // namespace permafrost::sim
