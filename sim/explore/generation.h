// One generation: an image, the at-rest checks, the recovery, and (when asked) every image that a
// further cut leaves.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include "sim/disk/crash_images.h"
#include "sim/disk/personality.h"
#include "sim/explore/record.h"
#include "sim/explore/scenario.h"
#include "sim/world/world.h"

namespace permafrost::sim {

// A disk to start on, and how it came about.
struct Start {
  CutKind kind = CutKind::kPowerCut;
  DiskState disk;
  std::string config;       // with which the restart starts
  Script script;            // what it does after its recovery; empty: nothing
  std::uint32_t depth = 0;  // how many further cuts follow
  vfs::Hash128 key;         // RecoveryKey of the above
};

// Everything that the recovery may depend on: durable tree (for a death also what is pending),
// configuration, the fault plan that stays in force, what it does afterwards, and how often it is
// cut again.
vfs::Hash128 RecoveryKey(const Start& start, const faults::FaultPlan& plan);

// The seed of the world that such a start runs in.
std::uint64_t GenerationSeed(const Start& start);

// How cuts are taken and judged, equal for all generations of an exploration.
struct CutRules {
  Personality personality;
  ImageBudget workload_budget{.images_max = 48, .random_images = 8, .seed = 0};
  ImageBudget nested_budget{.images_max = 8, .random_images = 2, .seed = 0};
  faults::FaultPlan plan;  // mutations: they stay in force through every restart
  SimDiskOptions disk;
  Threading threading;            // of scenarios that have threads; `is_on` is theirs to say
  std::uint32_t schedules = 0;    // of those: how many more a life runs its workload under, uncut
  faults::FaultPlan life_faults;  // of lives: in force in the workload
  bool draws_faults = false;      // of lives: each draws more from its seed
  KeepLines keep_lines = KeepLines::kNo;  // of the traces of lives
  std::uint32_t convergence_share =
      16;  // one settled state in so many is restarted three ways; 1: all of them
};

// InWorld with the rules' threading if the scenario has threads. The first threaded run of a
// process differs from the later ones (static objects are made in it): one is thrown away before.
ThreadReport InWorldOf(const Scenario& scenario,
                       const CutRules& rules,
                       DiskState state,
                       WorldOptions options,
                       const History* history,
                       absl::FunctionRef<void(World&)> use);

// Runs the generation on this thread and offers every start that a further cut leaves of it (none
// at depth 0). An abort of the code under test aborts the caller: workers are for that.
Record RunGeneration(const Scenario& scenario,
                     const CutRules& rules,
                     const Start& start,
                     absl::FunctionRef<void(const Cut&, Start)> on_child);

// The images of one crash point as starts; calls `visit` for each distinct one in a fixed order.
ImageCount ForEachStart(const CutRules& rules,
                        const ImageBudget& budget,
                        const CrashPoint& point,
                        std::uint32_t depth,
                        absl::FunctionRef<void(const Cut&, Start)> visit);
// The start that one image of a point leaves, and the cut that makes it.
Start StartFrom(const CutRules& rules,
                const CrashPoint& point,
                const CrashImages& images,
                const CrashImage& image,
                std::uint32_t depth,
                Cut* cut);
// The step stack of a point, '/'-joined.
std::string LabelOf(const CrashPoint& point);
// The process death at one crash point. Its restart is always cut once more, so depth is at least
// 1.
Start DeathAt(const CutRules& rules, const CrashPoint& point, std::uint32_t depth, Cut* cut);

// Makes the start that a printed cut describes.
// Errors: kInvalidArgument  the generation has no such point, or the choice does not fit it
absl::StatusOr<Start> StartAt(const CutRules& rules,
                              const std::vector<CrashPoint>& points,
                              const Cut& cut,
                              std::uint32_t depth);

// A generation that keeps its points, for replay.
struct Rerun {
  std::vector<Event> events;
  std::vector<CrashPoint> points;
  vfs::Hash128 trace_hash;
  std::uint64_t schedule_hash = 0;  // 0: no threads
  std::vector<std::string> lines;   // of the trace, if the rules keep them
};
Rerun RerunGeneration(const Scenario& scenario, const CutRules& rules, const Start& start);

}  // namespace permafrost::sim
