// The order in which the images of one crash point are offered.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <absl/functional/function_ref.h>

#include "sim/disk/crash_build.h"
#include "sim/disk/crash_choice.h"
#include "sim/disk/crash_images.h"
#include "sim/disk/crash_rules.h"

namespace permafrost::sim {

// The image of one conforming choice, with what it lost.
CrashImage MakeImage(BuiltImage built,
                     const Personality& personality,
                     const Choice& choice,
                     const std::vector<EffectRef>& effects);

// Used once: Run offers everything.
class Enumerator {
 public:
  using Visit = absl::FunctionRef<bool(const CrashImage&)>;

  Enumerator(const DiskState& snapshot,
             const Personality& personality,
             const ImageBudget& budget,
             const std::vector<EffectRef>& effects,
             Visit visit);

  ImageCount Run();

 private:
  // An independent decision: how many options it has, and what effect it decides.
  struct Decision {
    enum class What { kChain, kEffect, kSector, kSize };
    What what = What::kEffect;
    std::size_t effect = 0;
    std::size_t rank = 0;  // sector
    std::uint64_t option_count = 2;
  };
  using Node = std::vector<std::size_t>;  // effects that are kept or lost together

  Choice Nothing() const { return Choice{std::vector<Fate>(effects_.size()), {}, Fill::kZero, 0}; }
  Choice Everything() const;
  void Keep(Choice& choice, std::size_t effect) const { choice.fates[effect] = Kept(); }
  void Lose(Choice& choice, std::size_t effect) const { choice.fates[effect] = Fate{}; }
  static Fate Kept();

  // Offers one candidate unless it was offered before; false once the budget or the visitor has had
  // enough.
  bool Offer(Choice choice);
  bool IsOver() const { return is_stopped_ || count_.candidates >= limit_; }

  std::vector<Decision> EffectDecisions() const;
  std::vector<Decision> UnitDecisions() const;
  void Decide(Choice& choice, const Decision& decision, std::uint64_t option) const;
  // Offers every combination if there are few enough; returns whether it did.
  bool OfferProduct(const std::vector<Decision>& decisions);
  std::vector<std::uint64_t> SizesOf(std::size_t effect) const;

  std::vector<Node> EffectNodes() const;
  std::vector<Node> GroupNodes(bool by_owner) const;
  void OfferSingles(const std::vector<Node>& nodes);
  void OfferSubsets();
  void OfferPrefixes();
  void OfferPairs(const std::vector<Node>& nodes);
  void OfferUnits();
  void OfferFills();
  void OfferTears();
  void OfferRandom();

  const DiskState& snapshot_;
  const Personality personality_;
  const ImageBudget budget_;
  const std::vector<EffectRef>& effects_;
  const CrashRules rules_;
  const Visit visit_;
  std::vector<std::size_t> free_;  // effects with something to choose
  ImageCount count_;
  std::uint64_t limit_ = 0;  // candidates until the current stage ends
  bool is_stopped_ = false;
  std::set<vfs::Hash128> offered_;
  std::set<vfs::Hash128> keys_;
  std::vector<Choice> with_holes_;  // offered with zeros: the other fills are candidates too
};

}  // namespace permafrost::sim
