// Choices to named units and back.
#include "sim/disk/crash_units.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>

namespace permafrost::sim {
namespace {

constexpr std::string_view kAll = "all";
constexpr std::string_view kSize = "size";
constexpr std::string_view kUpTo = "upto:";
constexpr std::string_view kGarbled = "garbled";

std::vector<std::string> NamesOf(const std::vector<EffectRef>& effects) {
  std::vector<std::string> names(effects.size());
  std::map<std::string, std::uint64_t> counts;
  for (std::size_t i = effects.size(); i-- > 0;) {
    const EffectOrigin& origin = effects[i]->origin;
    const std::string words =
        fmt::format("{} {} {}", ToString(effects[i]->kind),
                    origin.path == nullptr ? "" : WithoutNumbers(*origin.path),
                    origin.step == nullptr ? "" : origin.step->label);
    names[i] = fmt::format("{} -{}", words, ++counts[words]);
  }
  return names;
}

std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  if (error != std::errc() || end != last || text.empty()) return std::nullopt;
  return value;
}

bool LoseSector(const Effect& effect, std::uint64_t rank, Fate& fate) {
  if (rank >= SectorCount(effect)) return false;
  fate.keeps_sector[rank] = false;
  return true;
}

// "3:100" or "3:garbled" into a tear of the effect.
bool TearSector(const Effect& effect, std::size_t index, std::string_view text, Choice& choice) {
  const std::size_t colon = text.find(':');
  const auto sector = Number(text.substr(0, colon));
  if (colon == std::string_view::npos || !sector || *sector >= SectorCount(effect)) return false;
  Tear tear{.effect = index, .sector = *sector};
  tear.is_garbled = text.substr(colon + 1) == kGarbled;
  if (!tear.is_garbled) {
    const auto bytes = Number(text.substr(colon + 1));
    if (!bytes.has_value()) return false;
    tear.bytes = *bytes;
  }
  choice.tears.push_back(tear);
  return true;
}

// Takes one part of an effect whose fate has all its parts spelled out.
bool Lose(const Effect& effect, std::size_t index, std::string_view part, Choice& choice) {
  Fate& fate = choice.fates[index];
  if (part == kAll) {
    fate.keeps_size = false;
    std::fill(fate.keeps_sector.begin(), fate.keeps_sector.end(), false);
    return true;
  }
  if (part == kSize) {
    fate.keeps_size = false;
    return effect.has_size;
  }
  if (part.starts_with(kUpTo)) {
    fate.size = Number(part.substr(kUpTo.size()));
    return effect.has_size && fate.size.value_or(0) > effect.size_before &&
           *fate.size <= effect.size_after;
  }
  if (part.starts_with('t')) return TearSector(effect, index, part.substr(1), choice);
  const auto rank = Number(part.substr(1));
  return part.starts_with('s') && rank.has_value() && LoseSector(effect, *rank, fate);
}

Fate Spelled(const Effect& effect) {
  Fate fate;
  fate.extent = Extent::kPart;
  fate.keeps_size = effect.has_size;
  fate.keeps_sector.assign(SectorCount(effect), true);
  return fate;
}

}  // namespace

std::string WithoutNumbers(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_digit = c >= '0' && c <= '9';
    if (!is_digit) out += c;
    if (is_digit && (out.empty() || out.back() != '#')) out += '#';
  }
  return out;
}

Losses LossesOf(const Choice& choice, const std::vector<EffectRef>& effects) {
  const std::vector<std::string> names = NamesOf(effects);
  Losses losses{.units = {}, .fill = choice.fill, .fill_seed = choice.fill_seed};
  for (std::size_t i = 0; i < effects.size(); ++i) {
    const Fate& fate = choice.fates[i];
    const auto add = [&](std::string part) { losses.units.push_back({names[i], std::move(part)}); };
    if (fate.extent == Extent::kLost) add(std::string(kAll));
    if (fate.extent == Extent::kPart) {
      if (effects[i]->has_size && !fate.keeps_size) add(std::string(kSize));
      for (std::size_t rank = 0; rank < fate.keeps_sector.size(); ++rank) {
        if (!fate.keeps_sector[rank]) add(fmt::format("s{}", rank));
      }
    }
    if (fate.size.has_value()) add(fmt::format("{}{}", kUpTo, *fate.size));
    for (const Tear& tear : choice.tears) {
      if (tear.effect != i) continue;
      add(fmt::format("t{}:{}", tear.sector,
                      tear.is_garbled ? std::string(kGarbled) : fmt::format("{}", tear.bytes)));
    }
  }
  return losses;
}

std::optional<Choice> ChoiceLosing(const Losses& losses, const std::vector<EffectRef>& effects) {
  Choice choice{.fates = std::vector<Fate>(effects.size()),
                .tears = {},
                .fill = losses.fill,
                .fill_seed = losses.fill_seed};
  // A name has no parts: it is kept or lost as a whole.
  for (Fate& fate : choice.fates) fate.extent = Extent::kKept;
  const std::vector<std::string> names = NamesOf(effects);
  for (const LostUnit& unit : losses.units) {
    const auto found = std::find(names.begin(), names.end(), unit.effect);
    if (found == names.end()) return std::nullopt;
    const auto index = static_cast<std::size_t>(found - names.begin());
    const Effect& effect = *effects[index];
    Fate& fate = choice.fates[index];
    const bool has_parts = effect.has_size || SectorCount(effect) > 0;
    if (!has_parts) {
      if (unit.part != kAll) return std::nullopt;
      fate = Fate{};
      continue;
    }
    if (fate.extent == Extent::kKept) fate = Spelled(effect);
    if (!Lose(effect, index, unit.part, choice)) return std::nullopt;
  }
  for (std::size_t i = 0; i < effects.size(); ++i) Normalize(*effects[i], choice.fates[i]);
  return choice;
}

std::vector<LostUnit> PartsOf(const LostUnit& unit, const std::vector<EffectRef>& effects) {
  const std::vector<std::string> names = NamesOf(effects);
  const auto found = std::find(names.begin(), names.end(), unit.effect);
  if (found == names.end() || unit.part != kAll) return {unit};
  const Effect& effect = *effects[static_cast<std::size_t>(found - names.begin())];
  const std::size_t sectors = SectorCount(effect);
  if (sectors + (effect.has_size ? 1 : 0) < 2) return {unit};
  std::vector<LostUnit> parts;
  if (effect.has_size) parts.push_back({unit.effect, std::string(kSize)});
  for (std::size_t rank = 0; rank < sectors; ++rank)
    parts.push_back({unit.effect, fmt::format("s{}", rank)});
  return parts;
}

}  // namespace permafrost::sim
