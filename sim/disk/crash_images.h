// The images that a power cut may leave of one snapshot: enumerated by the tree of units, or made
// from a printed choice.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include "sim/disk/crash_units.h"
#include "sim/disk/disk_state.h"
#include "sim/disk/personality.h"
#include "vfs/base/hash.h"

namespace permafrost::sim {

// One pending effect of a snapshot, as reports name it.
struct PendingEffect {
  std::uint64_t sequence = 0;  // program order over the whole disk
  std::string
      kind;  // "write", "grow", "truncate", "create", "mkdir", "rename", "link", "unlink", "rmdir"
  std::string path;    // live path at the time of the effect
  std::string label;   // innermost step
  std::string labels;  // whole step stack, outermost first, '/'-joined
  std::string site;    // file:line of the innermost step
};

struct CrashImage {
  DiskState state;     // nothing pending; live == durable
  vfs::Hash128 key;    // state.DurableKey()
  std::string choice;  // parses back through CrashImages::FromChoice on an equal snapshot
  std::vector<std::uint64_t>
      lost;  // sequences of effects of which at least one unit was lost, ascending
  std::vector<std::uint64_t> partial;  // of those, effects of which at least one unit was kept
};

struct ImageBudget {
  std::uint64_t images_max = 512;    // candidates offered per crash point, none/all/singles first
  std::uint64_t random_images = 16;  // seeded random choices after the systematic ones
  std::uint64_t seed = 0;
  std::uint64_t subset_nodes_max =
      6;  // all subsets of at most so many nodes (2^n choices) at the deepest such level
};

struct ImageCount {
  std::uint64_t candidates = 0;  // images offered (before deduplication across crash points)
  std::uint64_t effects = 0;     // pending effects of the snapshot
  bool exhausted = false;        // all subsets down to effects were offered
};

class CrashImages {
 public:
  // Keeps a copy of the snapshot (O(1)).
  CrashImages(const DiskState& snapshot, const Personality& personality, const ImageBudget& budget);

  const std::vector<PendingEffect>& effects() const { return effects_; }

  // Offers every candidate in a fixed order, equal keys once; stops when `visit` returns false.
  ImageCount ForEach(absl::FunctionRef<bool(const CrashImage&)> visit) const;

  // Rebuilds one image from its printed choice.
  // Errors: kInvalidArgument  the text does not parse or names effects that this snapshot does not
  // have
  absl::StatusOr<CrashImage> FromChoice(std::string_view choice) const;

  // What a printed choice loses of what it could have kept.
  // Errors: as FromChoice
  absl::StatusOr<Losses> LossesOf(std::string_view choice) const;
  // The image that loses these units and whatever the personality loses with them.
  // Errors: kNotFound  the snapshot has no such unit pending
  absl::StatusOr<CrashImage> Losing(const Losses& losses) const;
  // Units of whole effects split into their parts.
  std::vector<LostUnit> PartsOf(const std::vector<LostUnit>& units) const;

 private:
  DiskState snapshot_;
  Personality personality_;
  ImageBudget budget_;
  std::vector<PendingEffect> effects_;
  std::vector<EffectRef> log_;  // effects_[i] describes log_[i]
};

// What a power cut that keeps everything leaves.
DiskState KeptImage(const DiskState& disk);

}  // namespace permafrost::sim
