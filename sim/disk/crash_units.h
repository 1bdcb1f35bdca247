// What a choice loses, one unit at a time, under names that mean the same in another run of a
// changed script: the currency in which crash choices are made smaller.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/disk/crash_choice.h"
#include "sim/disk/effect.h"

namespace permafrost::sim {

// Every number as '#': files are numbered otherwise once an operation is gone.
std::string WithoutNumbers(std::string_view text);

struct LostUnit {
  // "write data/db/#.log client.write -1": kind, live path with every number as '#', innermost
  // step, and which of the effects with these words it is, counted from the last.
  std::string effect;
  // "all"; of an effect that is lost in part "size", a sector "s3", the end of a growth "upto:512",
  // a torn sector "t3:100" or "t3:garbled".
  std::string part;
  friend bool operator==(const LostUnit&, const LostUnit&) = default;
};

struct Losses {
  std::vector<LostUnit> units;
  Fill fill = Fill::kZero;
  std::uint64_t fill_seed = 0;
  friend bool operator==(const Losses&, const Losses&) = default;
};

// Everything that the choice loses, in the order of the effects.
Losses LossesOf(const Choice& choice, const std::vector<EffectRef>& effects);

// The choice that loses these and keeps the rest; nothing if an effect is not among `effects` or
// has no such part.
std::optional<Choice> ChoiceLosing(const Losses& losses, const std::vector<EffectRef>& effects);

// The parts of a unit that is the whole of an effect; the unit itself if it has but one.
std::vector<LostUnit> PartsOf(const LostUnit& unit, const std::vector<EffectRef>& effects);

}  // namespace permafrost::sim
