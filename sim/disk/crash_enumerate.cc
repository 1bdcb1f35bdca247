// Systematic choices first (all combinations where they are few), then fills, tears and seeded
// chance.
#include "sim/disk/crash_enumerate.h"

#include <algorithm>
#include <bit>
#include <map>
#include <utility>

#include "vfs/base/prng.h"

namespace permafrost::sim {
namespace {

constexpr std::uint64_t kRawProductMax =
    4096;                                // combinations looked at; many conform to the same choice
constexpr std::size_t kHolesMax = 64;    // choices that get the other fills
constexpr std::uint64_t kSizesMax = 16;  // growth stops tried per effect outside full products

// At most `limit` indices below `count`, spread evenly, with the first and the last.
std::vector<std::size_t> Spread(std::size_t count, std::size_t limit) {
  std::vector<std::size_t> picks;
  if (count == 0 || limit == 0) return picks;
  if (count <= limit) {
    for (std::size_t i = 0; i < count; ++i) picks.push_back(i);
    return picks;
  }
  if (limit == 1) return {count - 1};
  for (std::size_t i = 0; i < limit; ++i) picks.push_back(i * (count - 1) / (limit - 1));
  return picks;
}

}  // namespace

CrashImage MakeImage(BuiltImage built,
                     const Personality& personality,
                     const Choice& choice,
                     const std::vector<EffectRef>& effects) {
  CrashImage image;
  image.state = std::move(built.state);
  image.key = image.state.DurableKey();
  image.choice = PrintChoice(personality, choice);
  for (std::size_t i = 0; i < effects.size(); ++i) {
    const Fate& fate = choice.fates[i];
    const bool is_torn = std::any_of(choice.tears.begin(), choice.tears.end(),
                                     [&](const Tear& tear) { return tear.effect == i; });
    const bool is_partial = fate.extent == Extent::kPart || fate.size.has_value() || is_torn;
    if (fate.extent == Extent::kLost || is_partial) image.lost.push_back(effects[i]->sequence);
    if (is_partial) image.partial.push_back(effects[i]->sequence);
  }
  return image;
}

Enumerator::Enumerator(const DiskState& snapshot,
                       const Personality& personality,
                       const ImageBudget& budget,
                       const std::vector<EffectRef>& effects,
                       Visit visit)
    : snapshot_(snapshot),
      personality_(personality),
      budget_(budget),
      effects_(effects),
      rules_(snapshot, personality, effects),
      visit_(visit) {
  for (std::size_t i = 0; i < effects.size(); ++i) {
    if (!rules_.IsFixed(i)) free_.push_back(i);
  }
  count_.effects = effects.size();
}

Fate Enumerator::Kept() {
  Fate fate;
  fate.extent = Extent::kKept;
  return fate;
}

Choice Enumerator::Everything() const {
  Choice choice = Nothing();
  for (Fate& fate : choice.fates) fate = Kept();
  return choice;
}

bool Enumerator::Offer(Choice choice) {
  if (IsOver()) return false;
  rules_.Conform(choice);
  if (!offered_.insert(DigestOf(choice)).second) return true;
  ++count_.candidates;
  BuiltImage built = BuildImage(snapshot_, effects_, choice);
  if (built.has_holes && choice.fill == Fill::kZero) with_holes_.push_back(choice);
  if (!keys_.insert(built.state.DurableKey()).second) return true;
  if (!visit_(MakeImage(std::move(built), personality_, choice, effects_))) is_stopped_ = true;
  return !is_stopped_;
}

ImageCount Enumerator::Run() {
  const std::uint64_t max = std::max<std::uint64_t>(budget_.images_max, 1);
  const std::uint64_t random = std::min(budget_.random_images, max / 4);
  const std::uint64_t special = std::min<std::uint64_t>(max / 4, 128);
  limit_ = max;
  Offer(Nothing());
  Offer(Everything());
  const std::vector<Node> nodes = EffectNodes();
  limit_ = max - random - special;
  const bool has_all_units = OfferProduct(UnitDecisions());
  count_.exhausted = has_all_units || OfferProduct(EffectDecisions());
  if (!count_.exhausted) {
    OfferSingles(nodes);
    OfferSubsets();
    OfferPrefixes();
  }
  if (!has_all_units) OfferUnits();
  if (!count_.exhausted) OfferPairs(nodes);
  limit_ = std::min(max, count_.candidates + special / 2);
  OfferFills();
  limit_ = std::min(max, count_.candidates + special);
  OfferTears();
  limit_ = std::min(max, count_.candidates + random);
  if (!has_all_units) OfferRandom();
  count_.exhausted = count_.exhausted && !is_stopped_;
  return count_;
}

std::vector<std::uint64_t> Enumerator::SizesOf(std::size_t effect) const {
  const Effect& grow = *effects_[effect];
  const std::uint64_t unit = rules_.growth_unit();
  std::vector<std::uint64_t> sizes;
  if (grow.kind != EffectKind::kGrow) return sizes;
  const std::uint64_t first = grow.size_before / unit + 1;  // in units
  const std::uint64_t end = (grow.size_after + unit - 1) / unit;
  if (end <= first) return sizes;
  for (std::size_t i : Spread(end - first, kRawProductMax)) sizes.push_back((first + i) * unit);
  return sizes;
}

std::vector<Enumerator::Decision> Enumerator::EffectDecisions() const {
  std::vector<Decision> decisions;
  std::uint64_t chained = 0;
  for (std::size_t i : free_) {
    if (rules_.IsChained(i)) {
      ++chained;
    } else {
      decisions.push_back({Decision::What::kEffect, i, 0, 2});
    }
  }
  if (chained > 0) {
    decisions.insert(decisions.begin(), {Decision::What::kChain, 0, 0, chained + 1});
  }
  return decisions;
}

std::vector<Enumerator::Decision> Enumerator::UnitDecisions() const {
  std::vector<Decision> decisions;
  std::uint64_t chain_options = 1;
  bool has_chain = false;
  for (std::size_t i : free_) {
    const Effect& effect = *effects_[i];
    const std::uint64_t sectors = SectorCount(effect);
    const std::uint64_t sizes = effect.has_size ? SizesOf(i).size() + 1 : 0;
    if (rules_.IsChained(i)) {
      // Under `prefix` the last effect may be cut short; a journal record is whole or absent.
      const bool is_cut =
          personality_.kind == Personality::Kind::kPrefix && effect.kind != EffectKind::kTruncate;
      chain_options += is_cut ? std::max<std::uint64_t>({sectors, sizes, 1}) : 1;
      has_chain = true;
      continue;
    }
    if (IsNameKind(effect.kind)) decisions.push_back({Decision::What::kEffect, i, 0, 2});
    if (effect.has_size) decisions.push_back({Decision::What::kSize, i, 0, sizes + 1});
    for (std::uint64_t rank = 0; rank < sectors && decisions.size() < 64; ++rank) {
      decisions.push_back({Decision::What::kSector, i, rank, 2});
    }
  }
  if (has_chain) decisions.insert(decisions.begin(), {Decision::What::kChain, 1, 0, chain_options});
  return decisions;
}

// Options ascend from losing everything to keeping everything.
void Enumerator::Decide(Choice& choice, const Decision& decision, std::uint64_t option) const {
  Fate& fate = choice.fates[decision.effect];
  const auto make_part = [&](Fate& part, const Effect& effect) {
    if (part.extent == Extent::kPart) return;
    part = Fate{};
    part.extent = Extent::kPart;
    part.keeps_sector.assign(SectorCount(effect), false);
  };
  switch (decision.what) {
    case Decision::What::kEffect: fate = option == 0 ? Fate{} : Kept(); return;
    case Decision::What::kSector:
      make_part(fate, *effects_[decision.effect]);
      fate.keeps_sector[decision.rank] = option == 1;
      return;
    case Decision::What::kSize: {
      make_part(fate, *effects_[decision.effect]);
      const std::vector<std::uint64_t> sizes = SizesOf(decision.effect);
      fate.keeps_size = option > 0;
      if (option > 0 && option <= sizes.size()) fate.size = sizes[option - 1];
      return;
    }
    case Decision::What::kChain: break;
  }
  const bool has_units = decision.effect == 1;
  for (std::size_t i : free_) {
    if (!rules_.IsChained(i)) continue;
    const Effect& effect = *effects_[i];
    std::uint64_t steps = 1;
    std::vector<std::uint64_t> sizes;
    const bool is_cut = has_units && personality_.kind == Personality::Kind::kPrefix &&
                        effect.kind != EffectKind::kTruncate;
    if (is_cut) {
      sizes = SizesOf(i);
      steps =
          std::max<std::uint64_t>({SectorCount(effect), effect.has_size ? sizes.size() + 1 : 0, 1});
    }
    if (option >= steps) {
      choice.fates[i] = Kept();
      option -= steps;
      continue;
    }
    if (option > 0 && effect.has_size) {
      choice.fates[i] = Kept();
      choice.fates[i].size = sizes[option - 1];
    } else if (option > 0) {
      make_part(choice.fates[i], effect);
      for (std::uint64_t rank = 0; rank < option; ++rank) choice.fates[i].keeps_sector[rank] = true;
    }
    return;
  }
}

bool Enumerator::OfferProduct(const std::vector<Decision>& decisions) {
  std::uint64_t raw = 1;
  const std::uint64_t distinct_max = std::uint64_t{1}
                                     << std::min<std::uint64_t>(budget_.subset_nodes_max, 30);
  for (const Decision& decision : decisions) {
    if (raw > std::max(kRawProductMax, distinct_max)) return false;
    raw *= decision.option_count;
  }
  if (raw > std::max(kRawProductMax, distinct_max)) return false;
  std::vector<Choice> distinct;
  std::set<vfs::Hash128> seen;
  for (std::uint64_t number = 0; number < raw; ++number) {
    Choice choice = Nothing();
    std::uint64_t rest = number;
    for (const Decision& decision : decisions) {
      Decide(choice, decision, rest % decision.option_count);
      rest /= decision.option_count;
    }
    rules_.Conform(choice);
    if (!seen.insert(DigestOf(choice)).second) continue;
    distinct.push_back(std::move(choice));
    if (distinct.size() > distinct_max) return false;
  }
  if (count_.candidates + distinct.size() > limit_) return false;
  for (Choice& choice : distinct) {
    if (!Offer(std::move(choice))) return false;
  }
  return true;
}

std::vector<Enumerator::Node> Enumerator::EffectNodes() const {
  std::vector<Node> nodes;
  for (std::size_t i : free_) nodes.push_back({i});
  return nodes;
}

// Kind of chain (names, sizes, bytes), and with `by_owner` also the inode or directory; by first
// effect.
std::vector<Enumerator::Node> Enumerator::GroupNodes(bool by_owner) const {
  std::map<std::pair<int, InodeId>, std::size_t> places;
  std::vector<Node> nodes;
  for (std::size_t i : free_) {
    const Effect& effect = *effects_[i];
    const int kind = IsNameKind(effect.kind) ? 0 : effect.has_size ? 1 : 2;
    const auto [place, is_new] =
        places.emplace(std::pair(kind, by_owner ? effect.owner : kNoInode), nodes.size());
    if (is_new) nodes.emplace_back();
    nodes[place->second].push_back(i);
  }
  return nodes;
}

void Enumerator::OfferSingles(const std::vector<Node>& nodes) {
  const std::size_t room = static_cast<std::size_t>(limit_ - std::min(limit_, count_.candidates));
  for (std::size_t i : Spread(nodes.size(), std::max<std::size_t>(room / 3, 1))) {
    Choice lost = Everything();
    Choice kept = Nothing();
    for (std::size_t effect : nodes[i]) {
      Lose(lost, effect);
      Keep(kept, effect);
    }
    if (!Offer(std::move(lost)) || !Offer(std::move(kept))) return;
  }
}

void Enumerator::OfferSubsets() {
  for (const bool by_owner : {true, false}) {
    const std::vector<Node> nodes = GroupNodes(by_owner);
    if (nodes.size() > budget_.subset_nodes_max) {
      OfferSingles(nodes);
      continue;
    }
    for (std::uint64_t subset = 0; subset < std::uint64_t{1} << nodes.size(); ++subset) {
      Choice choice = Nothing();
      for (std::size_t n = 0; n < nodes.size(); ++n) {
        if ((subset >> n & 1U) == 0) continue;
        for (std::size_t effect : nodes[n]) Keep(choice, effect);
      }
      if (!Offer(std::move(choice))) return;
    }
    return;
  }
}

void Enumerator::OfferPrefixes() {
  for (std::size_t i : Spread(free_.size(), 64)) {
    Choice choice = Nothing();
    for (std::size_t j = 0; j <= i; ++j) Keep(choice, free_[j]);
    if (!Offer(std::move(choice))) return;
  }
}

void Enumerator::OfferPairs(const std::vector<Node>& nodes) {
  for (std::size_t distance = 1; distance < nodes.size(); ++distance) {
    for (std::size_t i = 0; i + distance < nodes.size(); ++i) {
      Choice lost = Everything();
      Choice kept = Nothing();
      for (std::size_t node : {i, i + distance}) {
        for (std::size_t effect : nodes[node]) {
          Lose(lost, effect);
          Keep(kept, effect);
        }
      }
      if (!Offer(std::move(lost)) || !Offer(std::move(kept))) return;
    }
  }
}

// Below effects: growth that stops short, single sectors lost and kept.
void Enumerator::OfferUnits() {
  const std::uint64_t end = limit_;
  limit_ = std::min(end, count_.candidates + (end - std::min(end, count_.candidates)) / 2);
  for (auto it = free_.rbegin(); it != free_.rend(); ++it) {
    const std::vector<std::uint64_t> sizes = SizesOf(*it);
    for (std::size_t i : Spread(sizes.size(), kSizesMax)) {
      Choice choice = Everything();
      choice.fates[*it].size = sizes[i];
      if (!Offer(std::move(choice))) break;
    }
  }
  limit_ = end;
  for (auto it = free_.rbegin(); it != free_.rend(); ++it) {
    const std::size_t sectors = SectorCount(*effects_[*it]);
    if (sectors < 2) continue;
    for (std::size_t rank : Spread(sectors, kSizesMax)) {
      Fate part;
      part.extent = Extent::kPart;
      part.keeps_size = true;
      part.keeps_sector.assign(sectors, true);
      part.keeps_sector[rank] = false;
      Choice lost = Everything();
      lost.fates[*it] = part;
      part.keeps_sector.flip();
      Choice kept = Everything();
      kept.fates[*it] = part;
      if (!Offer(std::move(lost)) || !Offer(std::move(kept))) return;
    }
  }
}

void Enumerator::OfferFills() {
  std::vector<Choice> holes;
  std::swap(holes, with_holes_);
  for (std::size_t i : Spread(holes.size(), kHolesMax)) {
    for (const Fill fill : {Fill::kStale, Fill::kGarbage}) {
      Choice choice = holes[i];
      choice.fill = fill;
      choice.fill_seed = budget_.seed;
      if (!Offer(std::move(choice))) return;
    }
  }
}

// Of each multi-sector write, newest first: everything up to each sector edge. Then what the
// modifiers add.
void Enumerator::OfferTears() {
  for (auto it = free_.rbegin(); it != free_.rend(); ++it) {
    const Effect& effect = *effects_[*it];
    if (effect.kind != EffectKind::kWrite) continue;
    const std::size_t sectors = SectorCount(effect);
    for (std::size_t edge : Spread(sectors - 1, kSizesMax)) {
      Choice choice = Everything();
      Fate& fate = choice.fates[*it];
      fate.extent = Extent::kPart;
      fate.keeps_sector.assign(sectors, false);
      std::fill_n(fate.keeps_sector.begin(), edge + 1, true);
      if (!Offer(std::move(choice))) return;
    }
    for (std::size_t rank : Spread(sectors, kSizesMax)) {
      for (const std::uint64_t bytes :
           {std::uint64_t{0}, std::uint64_t{1}, kSectorBytes / 2, kSectorBytes - 1,
            effect.first_byte % kSectorBytes, effect.end_byte % kSectorBytes}) {
        const bool is_garbled = bytes == 0;
        if (is_garbled ? !personality_.nopsow : !personality_.tear_bytes) continue;
        Choice choice = Everything();
        choice.tears.push_back({*it, rank, bytes, is_garbled});
        choice.fill_seed = budget_.seed;
        if (!Offer(std::move(choice))) return;
      }
    }
  }
}

void Enumerator::OfferRandom() {
  vfs::Prng prng = vfs::Prng(budget_.seed).Fork("crash_images");
  while (!IsOver() && !free_.empty()) {
    const std::uint64_t before = count_.candidates;
    for (int attempt = 0; attempt < 4 && count_.candidates == before && !is_stopped_; ++attempt) {
      Choice choice = Nothing();
      const vfs::Ratio keep{static_cast<std::uint32_t>(prng.Between(1, 3)), 4};
      for (std::size_t i : free_) {
        Fate& fate = choice.fates[i];
        if (!prng.Chance(keep)) continue;
        fate = Kept();
        const std::size_t sectors = SectorCount(*effects_[i]);
        const std::vector<std::uint64_t> sizes = SizesOf(i);
        if (!sizes.empty() && prng.Chance({1, 3})) fate.size = sizes[prng.Below(sizes.size())];
        if (sectors < 2 || !prng.Chance({1, 3})) continue;
        fate.extent = Extent::kPart;
        fate.keeps_size = prng.Chance({1, 2});
        for (std::size_t rank = 0; rank < sectors; ++rank) {
          fate.keeps_sector.push_back(prng.Chance(keep));
        }
      }
      choice.fill = static_cast<Fill>(prng.Below(3));
      choice.fill_seed = prng.Next();
      Offer(std::move(choice));
    }
    if (count_.candidates == before) return;  // nothing new to be found by chance
  }
}

}  // namespace permafrost::sim
