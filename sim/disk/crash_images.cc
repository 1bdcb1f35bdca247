// The public face of the crash images: descriptions of pending effects, enumeration, replay of a
// choice.
#include "sim/disk/crash_images.h"

#include <utility>

#include "sim/disk/crash_enumerate.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {

CrashImages::CrashImages(const DiskState& snapshot,
                         const Personality& personality,
                         const ImageBudget& budget)
    : snapshot_(snapshot),
      personality_(personality),
      budget_(budget),
      log_(snapshot.EffectsInOrder()) {
  snapshot_.DurableKey();  // once here, so that no image publishes the snapshot's own digests again
  effects_.reserve(log_.size());
  for (const EffectRef& effect : log_) {
    PendingEffect described;
    described.sequence = effect->sequence;
    described.kind = ToString(effect->kind);
    if (effect->origin.path != nullptr) described.path = *effect->origin.path;
    if (effect->origin.step != nullptr) {
      described.label = effect->origin.step->label;
      described.labels = effect->origin.step->labels;
      described.site = effect->origin.step->site;
    }
    effects_.push_back(std::move(described));
  }
}

ImageCount CrashImages::ForEach(absl::FunctionRef<bool(const CrashImage&)> visit) const {
  return Enumerator(snapshot_, personality_, budget_, log_, visit).Run();
}

absl::StatusOr<CrashImage> CrashImages::FromChoice(std::string_view choice) const {
  VFS_ASSIGN_OR_RETURN(const Choice parsed, ParseChoice(personality_, choice, log_));
  Choice allowed = parsed;
  CrashRules(snapshot_, personality_, log_).Conform(allowed);
  if (DigestOf(allowed) != DigestOf(parsed)) {
    return vfs::InvalidArgument("crash choice '{}': {} does not allow it; nearest: '{}'", choice,
                                ToString(personality_), PrintChoice(personality_, allowed));
  }
  return MakeImage(BuildImage(snapshot_, log_, allowed), personality_, allowed, log_);
}

absl::StatusOr<Losses> CrashImages::LossesOf(std::string_view choice) const {
  VFS_ASSIGN_OR_RETURN(Choice parsed, ParseChoice(personality_, choice, log_));
  const CrashRules rules(snapshot_, personality_, log_);
  for (std::size_t i = 0; i < log_.size(); ++i) {
    if (rules.IsFixed(i)) parsed.fates[i] = Fate{.extent = Extent::kKept, .keeps_sector = {}};
  }
  return sim::LossesOf(parsed, log_);
}

absl::StatusOr<CrashImage> CrashImages::Losing(const Losses& losses) const {
  std::optional<Choice> choice = ChoiceLosing(losses, log_);
  if (!choice.has_value())
    return vfs::NotFound("crash image: one of {} lost units is not pending", losses.units.size());
  CrashRules(snapshot_, personality_, log_).Conform(*choice);
  return MakeImage(BuildImage(snapshot_, log_, *choice), personality_, *choice, log_);
}

std::vector<LostUnit> CrashImages::PartsOf(const std::vector<LostUnit>& units) const {
  std::vector<LostUnit> parts;
  for (const LostUnit& unit : units) {
    const std::vector<LostUnit> more = sim::PartsOf(unit, log_);
    parts.insert(parts.end(), more.begin(), more.end());
  }
  return parts;
}

DiskState KeptImage(const DiskState& settled) {
  const CrashImages images(settled, {.kind = Personality::Kind::kAll},
                           {.images_max = 1, .random_images = 0, .seed = 0});
  DiskState image;
  images.ForEach([&](const CrashImage& kept) {
    image = kept.state;
    return false;
  });
  return image;
}

}  // namespace permafrost::sim
