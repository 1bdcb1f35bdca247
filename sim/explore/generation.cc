// Runs generations and makes the starts of the next ones.
#include "sim/explore/generation.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "sim/oracle/state_difference.h"
#include "vfs/base/check.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

WorldOptions QuietOptions(const CutRules& rules, std::uint64_t seed) {
  return {.seed = seed, .plan = {}, .disk = rules.disk};
}

// The disk after a clean shutdown, and what a power cut keeps of it at the two extremes: their
// logical state must agree.
void CheckConvergence(const Scenario& scenario,
                      const CutRules& rules,
                      World& settled,
                      History& history) {
  const DiskState& end = settled.disk().state();
  const auto restarted = [&](DiskState state) {
    World world(std::move(state), QuietOptions(rules, 1), nullptr);
    History inner(history.config());
    scenario.Recover(world, inner);
    for (const Event& event : inner.events()) {
      if (event.kind == EventKind::kViolation) history.Violate(event.domain, event.text);
    }
    DiskState after = world.disk().state();
    World clone(std::move(after), QuietOptions(rules, 2), nullptr);
    return scenario.LogicalState(clone);
  };
  DiskState dead = end;
  dead.ForgetAllUnlinked();
  const std::string clean = restarted(std::move(dead));
  for (const auto kind : {Personality::Kind::kNone, Personality::Kind::kAll}) {
    const Personality extreme{.kind = kind};
    const CrashImages images(end, extreme, {.images_max = 1, .random_images = 0, .seed = 0});
    images.ForEach([&](const CrashImage& image) {
      const std::string state = restarted(image.state);
      if (state != clean) {
        history.Violate("34-convergence",
                        fmt::format("settled store restarted from a cut that keeps {} differs from "
                                    "a clean restart: {}",
                                    ToString(extreme), StateDifference(clean, state)));
      }
      return false;
    });
  }
}

std::string JoinSorted(const std::set<std::string>& items) {
  std::string text;
  for (const std::string& item : items) {
    if (!text.empty()) text += ',';
    text += item;
  }
  return text;
}

// Carries out a start: at-rest checks on a clone, then the recovery. Both write into `history`.
void Recover(const Scenario& scenario,
             const CutRules& rules,
             const Start& start,
             World& world,
             History& history) {
  {
    World clone(start.disk, QuietOptions(rules, GenerationSeed(start) ^ 1U), nullptr);
    scenario.CheckAtRest(clone, history);
  }
  scenario.Recover(world, history);
  if (!start.script.empty()) scenario.Work(world, history, start.script);
  const auto share = std::max<std::uint32_t>(rules.convergence_share, 1);
  if (start.depth == 0 && start.script.empty() && start.key.lo % share == 0) {
    // Only a breach of convergence itself is of interest here; everything else was checked above.
    CheckConvergence(scenario, rules, world, history);
  }
}

WorldOptions GenerationOptions(const CutRules& rules, const Start& start, KeepPoints keep) {
  return {
      .seed = GenerationSeed(start), .plan = rules.plan, .disk = rules.disk, .keep_points = keep};
}

}  // namespace

std::uint64_t GenerationSeed(const Start& start) {
  const vfs::Hash128 disk =
      start.kind == CutKind::kPowerCut ? start.disk.DurableKey() : start.disk.FullKey();
  return vfs::Hasher()
      .Add(disk)
      .Add(start.config)
      .Add(static_cast<std::uint64_t>(start.kind))
      .Finish()
      .lo;
}

ThreadReport InWorldOf(const Scenario& scenario,
                       const CutRules& rules,
                       DiskState state,
                       WorldOptions options,
                       const History* history,
                       absl::FunctionRef<void(World&)> use) {
  if (!scenario.has_threads()) return InWorld(std::move(state), options, history, use);
  options.threading = rules.threading;
  options.threading.is_on = true;
  static std::set<std::string, std::less<>> warm;
  if (warm.emplace(scenario.name()).second) {
    WorldOptions first{.seed = 0, .plan = {}, .disk = {}, .threading = options.threading};
    first.threading.strategy = {};
    InWorld(DiskState(), first, nullptr, [&](World& world) {
      History ignored(scenario.FirstConfig());
      scenario.Work(world, ignored, scenario.FixedScript(ScriptSize::kFull));
    });
  }
  return InWorld(std::move(state), options, history, use);
}

vfs::Hash128 RecoveryKey(const Start& start, const faults::FaultPlan& plan) {
  vfs::Hasher hasher;
  for (const std::string& op : start.script) hasher.Add(op);
  return hasher.Add(static_cast<std::uint64_t>(start.kind))
      .Add(start.kind == CutKind::kPowerCut ? start.disk.DurableKey() : start.disk.FullKey())
      .Add(start.config)
      .Add(start.depth)
      .Add(faults::ToString(plan))
      .Finish();
}

Record RunGeneration(const Scenario& scenario,
                     const CutRules& rules,
                     const Start& start,
                     absl::FunctionRef<void(const Cut&, Start)> on_child) {
  const ShimCalls shims_before = CountShimCalls();
  vfs::ResetProbes();
  Record record;
  record.key = start.key;
  History history(start.config);
  std::vector<CrashPoint> points;
  const KeepPoints keep = start.depth > 0 ? KeepPoints::kYes : KeepPoints::kNo;
  InWorldOf(scenario, rules, start.disk, GenerationOptions(rules, start, keep), &history,
            [&](World& world) {
              Recover(scenario, rules, start, world, history);
              if (start.depth > 0) points = world.TakePoints();
              record.trace_hash = world.trace().hash();
            });
  for (const CrashPoint& point : points) {
    ++record.points;
    const ImageCount count = ForEachStart(
        rules, rules.nested_budget, point, start.depth - 1, [&](const Cut& cut, Start next) {
          record.children.push_back(
              {.cut = cut, .event_count = point.event_count, .key = next.key});
          on_child(cut, std::move(next));
        });
    record.candidates += count.candidates;
    record.exhausted += count.exhausted ? 1 : 0;
  }
  record.events = history.events();
  record.opens = CountShimCalls().session_id - shims_before.session_id;
  record.probes = vfs::ProbeCounts();
  return record;
}

ImageCount ForEachStart(const CutRules& rules,
                        const ImageBudget& budget,
                        const CrashPoint& point,
                        std::uint32_t depth,
                        absl::FunctionRef<void(const Cut&, Start)> visit) {
  ImageBudget seeded = budget;
  seeded.seed = vfs::Hasher().Add(budget.seed).Add(point.index).Finish().lo;
  const CrashImages images(point.snapshot, rules.personality, seeded);
  return images.ForEach([&](const CrashImage& image) {
    Cut cut;
    Start start = StartFrom(rules, point, images, image, depth, &cut);
    visit(cut, std::move(start));
    return true;
  });
}

std::string LabelOf(const CrashPoint& point) {
  std::string text;
  for (const std::string& label : point.labels) {
    if (!text.empty()) text += '/';
    text += label;
  }
  return text.empty() ? "outside any step" : text;
}

Start StartFrom(const CutRules& rules,
                const CrashPoint& point,
                const CrashImages& images,
                const CrashImage& image,
                std::uint32_t depth,
                Cut* cut) {
  // Both ascend by sequence.
  std::set<std::string> lost;
  auto effect = images.effects().begin();
  for (const std::uint64_t sequence : image.lost) {
    while (effect != images.effects().end() && effect->sequence < sequence) ++effect;
    if (effect != images.effects().end() && effect->sequence == sequence) lost.insert(effect->kind);
  }
  *cut = {.kind = CutKind::kPowerCut,
          .point = point.index,
          .choice = image.choice,
          .label = LabelOf(point),
          .lost = JoinSorted(lost),
          .lost_effects = image.lost.size()};
  Start start{.kind = CutKind::kPowerCut,
              .disk = image.state,
              .config = point.config,
              .script = {},
              .depth = depth,
              .key = {}};
  start.key = RecoveryKey(start, rules.plan);
  return start;
}

Start DeathAt(const CutRules& rules, const CrashPoint& point, std::uint32_t depth, Cut* cut) {
  *cut = {.kind = CutKind::kProcessDeath,
          .point = point.index,
          .choice = "",
          .label = LabelOf(point),
          .lost = ""};
  Start start{.kind = CutKind::kProcessDeath,
              .disk = point.snapshot,
              .config = point.config,
              .script = {},
              .depth = std::max<std::uint32_t>(depth, 1),
              .key = {}};
  start.disk.ForgetAllUnlinked();
  start.key = RecoveryKey(start, rules.plan);
  return start;
}

absl::StatusOr<Start> StartAt(const CutRules& rules,
                              const std::vector<CrashPoint>& points,
                              const Cut& cut,
                              std::uint32_t depth) {
  for (const CrashPoint& point : points) {
    if (point.index != cut.point) continue;
    if (cut.kind == CutKind::kProcessDeath) {
      Cut ignored;
      Start start = DeathAt(rules, point, depth, &ignored);
      start.script = cut.ops;
      start.key = RecoveryKey(start, rules.plan);
      return start;
    }
    const CrashImages images(point.snapshot, rules.personality, rules.workload_budget);
    VFS_ASSIGN_OR_RETURN(CrashImage image, images.FromChoice(cut.choice));
    Start start{.kind = CutKind::kPowerCut,
                .disk = image.state,
                .config = point.config,
                .script = cut.ops,
                .depth = depth,
                .key = {}};
    start.key = RecoveryKey(start, rules.plan);
    return start;
  }
  return vfs::InvalidArgument(
      "replay cut point={}: the run has {} points; it is not the run that the repro was made from",
      cut.point, points.size());
}

Rerun RerunGeneration(const Scenario& scenario, const CutRules& rules, const Start& start) {
  History history(start.config);
  Rerun rerun;
  WorldOptions options = GenerationOptions(rules, start, KeepPoints::kYes);
  options.keep_lines = rules.keep_lines;
  const auto use = [&](World& world) {
    Recover(scenario, rules, start, world, history);
    rerun.points = world.TakePoints();
    rerun.trace_hash = world.trace().hash();
    rerun.lines = world.trace().TakeLines();
  };
  rerun.schedule_hash = InWorldOf(scenario, rules, start.disk, options, &history, use).hash;
  rerun.events = history.events();
  return rerun;
}

}  // namespace permafrost::sim
