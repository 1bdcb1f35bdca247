// The order of the passes, and what each of them leaves out.
#include "sim/repro/shrink.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <absl/strings/str_join.h>
#include <absl/strings/str_split.h>
#include <fmt/format.h>

#include "sim/explore/interrupt.h"
#include "sim/repro/candidate.h"
#include "sim/repro/ddmin.h"
#include "sim/repro/replay.h"
#include "sim/sched/sched.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

constexpr std::uint32_t kSecondsPerStep = 10;  // a recovery takes milliseconds: this is a hang

template <typename T>
std::vector<T> Picked(const std::vector<T>& from, const Places& places) {
  std::vector<T> picked;
  for (const std::size_t place : places) picked.push_back(from[place]);
  return picked;
}

std::uint64_t RuleCount(const std::string& faults) {
  const auto plan = faults::ParsePlan(faults);
  return plan.ok() ? plan->rules.size() : 0;
}

ReproSize SizeOf(const Candidate& candidate) {
  const Repro& repro = candidate.repro;
  ReproSize size{.ops = repro.ops.size(),
                 .faults = RuleCount(repro.faults),
                 .cuts = repro.cuts.size(),
                 .lost_units = 0,
                 .choices = repro.schedule.has_value() ? repro.schedule->choices.size() : 0};
  for (const Cut& cut : repro.cuts) size.ops += cut.ops.size();
  for (const CutPlace& place : candidate.places) size.lost_units += place.losses.units.size();
  return size;
}

// An operation of a repro: whose, and which.
struct OpPlace {
  std::size_t generation = 0;  // 0: the workload; N: what follows the recovery from cut N
  std::size_t index = 0;
};

Script& ScriptOf(Repro& repro, std::size_t generation) {
  return generation == 0 ? repro.ops : repro.cuts[generation - 1].ops;
}

std::vector<OpPlace> OpsOf(const Repro& repro) {
  std::vector<OpPlace> places;
  for (std::size_t i = 0; i < repro.ops.size(); ++i) places.push_back({0, i});
  for (std::size_t g = 0; g < repro.cuts.size(); ++g) {
    for (std::size_t i = 0; i < repro.cuts[g].ops.size(); ++i) places.push_back({g + 1, i});
  }
  return places;
}

// The repro with these of its operations only.
Repro WithOps(const Repro& repro, const std::vector<OpPlace>& places) {
  Repro smaller = repro;
  for (std::size_t g = 0; g <= repro.cuts.size(); ++g) ScriptOf(smaller, g).clear();
  for (const OpPlace& place : places) {
    const Script& from = place.generation == 0 ? repro.ops : repro.cuts[place.generation - 1].ops;
    ScriptOf(smaller, place.generation).push_back(from[place.index]);
  }
  return smaller;
}

// Smaller numbers worth a try in place of `number`, the smallest first.
std::vector<std::uint64_t> SmallerThan(std::uint64_t number) {
  std::vector<std::uint64_t> smaller;
  for (const std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, number / 2, number - 1}) {
    if (value < number && (smaller.empty() || smaller.back() < value)) smaller.push_back(value);
  }
  return smaller;
}

class Shrinker {
 public:
  Shrinker(const Scenario& scenario, const ExploreOptions& base, const ShrinkLimits& limits)
      : scenario_(scenario),
        base_(base),
        limits_(limits),
        start_nanos_(RealNanos()),
        deadline_nanos_(start_nanos_ + static_cast<std::uint64_t>(limits.seconds_max * 1e9)) {
    base_.workers.seconds_per_step = kSecondsPerStep;
    base_.workers.jobs = 1;
    base_.workers.on_finished = nullptr;
  }

  absl::StatusOr<Shrunk> Run(const Repro& repro) {
    VFS_RETURN_IF_ERROR(Load(repro));
    const ReproSize before = SizeOf(best_);
    if (scenario_.has_threads()) LeaveThreadsAlone();
    // Fewer lost units first: each of them is something that a shorter run must have to lose.
    DropTail();
    DropUnits();
    DropCuts(Width::kNarrow);
    DropOps(Width::kNarrow);
    DropFaults();
    Refine();
    const ReproSize narrow = SizeOf(best_);
    DropCuts(Width::kWide);
    DropOps(Width::kWide);
    if (SizeOf(best_) != narrow) Refine();
    VFS_RETURN_IF_ERROR(status_);
    LeaveOutAnEmptySchedule();
    VFS_RETURN_IF_ERROR(Confirm());
    return Shrunk{.repro = best_.repro,
                  .before = before,
                  .after = SizeOf(best_),
                  .replays = replays_,
                  .seconds = static_cast<double>(RealNanos() - start_nanos_) * 1e-9,
                  .is_cut_short = RealNanos() > deadline_nanos_};
  }

 private:
  bool IsOver() const { return !status_.ok() || IsInterrupted() || RealNanos() > deadline_nanos_; }

  // Shows that the repro reproduces, and learns where its cuts lie.
  absl::Status Load(const Repro& repro) {
    if (repro.expect.empty()) {
      return vfs::InvalidArgument(
          "minimize: the repro expects 'clean', there is no violation to keep; name the broken "
          "invariant in its 'expect:' line");
    }
    ++replays_;
    VFS_ASSIGN_OR_RETURN(const ReplayOutcome outcome,
                         ReplayInWorker(scenario_, base_, repro, ShowEvents::kNo));
    if (!outcome.Shows(repro.expect)) {
      return vfs::InvalidArgument(
          "minimize: the repro does not show {}, its replay shows {}; find the violation again "
          "with this build, or correct its 'expect:' line",
          repro.expect, outcome.violations.empty() ? "none" : outcome.violations[0].invariant);
    }
    strategy_ = repro.strategy;
    WarmUp();
    best_.repro = repro;
    if (best_.repro.ops.empty()) best_.repro.ops = base_.script;
    // The restarts that ask for convergence cost three recoveries each: only if they are needed.
    for (const std::uint32_t share : {std::numeric_limits<std::uint32_t>::max(), 1U}) {
      base_.rules.convergence_share = share;
      // What lies behind the violation shows nothing.
      for (std::size_t cuts = repro.cuts.size() + 1; cuts-- > 0;) {
        Candidate as_written = best_;
        as_written.repro.cuts.resize(cuts);
        if (Try(as_written, {.width = Width::kAsWritten, .strategies = {}})) return status_;
        VFS_RETURN_IF_ERROR(status_);
      }
    }
    if (IsInterrupted()) return vfs::Internal("minimize: interrupted before it ended");
    if (IsOver())
      return vfs::InvalidArgument(
          "minimize: the time was over before anything was tried; give it more");
    return vfs::Aborted("minimize: {} was shown once and not again; see powercut check-determinism",
                        repro.expect);
  }

  // The first run with threads makes a process's static objects; workers inherit them if it can be
  // survived.
  void WarmUp() const {
    if (!scenario_.has_threads()) return;
    ExploreOptions options = base_;
    options.rules.plan = {};
    options.rules.threading.strategy = {};
    options.faults = {};
    options.schedule.reset();
    options.script.clear();
    const auto results = RunInWorkers(1, 1, base_.workers, [&](std::size_t) {
      return RunWorkload(scenario_, options).trace_hash.Hex();
    });
    if (results.ok() && results->front().is_finished) RunWorkload(scenario_, options);
  }

  // Runs the candidate in a worker; if it shows the violation, it is the best one from now on.
  bool Try(const Candidate& candidate, SearchRules rules) {
    if (IsOver()) return false;
    ++replays_;
    rules.deadline_nanos = deadline_nanos_;
    const auto results = RunInWorkers(1, 1, base_.workers, [&](std::size_t) {
      const auto found = FindAgain(scenario_, base_, candidate, rules);
      return found.has_value() ? Encode(*found) : std::string();
    });
    if (!results.ok()) {
      status_ = results.status();
      return false;
    }
    auto found = Answer(results->front(), candidate);
    if (!found.has_value()) return false;
    best_ = *std::move(found);
    SayProgress();
    return true;
  }

  // What the worker found, or what it was doing when it died if that is what is looked for.
  std::optional<Candidate> Answer(const ItemResult& result, const Candidate& candidate) {
    if (result.is_finished) {
      if (result.frame.empty()) return std::nullopt;
      auto found = DecodeCandidate(result.frame);
      if (found.ok()) return *std::move(found);
      status_ = found.status();
      return std::nullopt;
    }
    // Interrupted, or a death that is another finding.
    if (result.last_words.empty() || candidate.repro.expect != kNoCrash) return std::nullopt;
    auto found = DecodeCandidate(result.breadcrumb);
    if (!found.ok() || found->repro.cuts.size() != candidate.repro.cuts.size()) return std::nullopt;
    found->repro.text = DeathOf(result.last_words).text;
    return *std::move(found);
  }

  void SayProgress() const {
    if (!limits_.progress) return;
    const double seconds = static_cast<double>(RealNanos() - start_nanos_) * 1e-9;
    limits_.progress(SizeOf(best_), replays_, std::min(seconds / limits_.seconds_max, 1.0));
  }

  bool Try(Repro repro, Width width) {
    Candidate candidate = best_;
    candidate.repro = std::move(repro);
    return Try(candidate, {.width = width, .strategies = Strategies(width)});
  }

  // An operation less turns the decisions of a schedule into others: threads may have to be
  // scheduled anew.
  std::vector<StrategySpec> Strategies(Width width) const {
    const std::optional<Schedule>& schedule = best_.repro.schedule;
    if (!schedule.has_value() || schedule->choices.empty()) return {};
    if (width == Width::kSamePoint || width == Width::kAsWritten) return {};
    std::vector<StrategySpec> strategies{strategy_};
    if (width == Width::kWide) {
      using Kind = StrategySpec::Kind;
      strategies.push_back({.kind = Kind::kRandomWalk, .numerator = 3, .denominator = 10});
      strategies.push_back({.kind = Kind::kPct, .depth = 3, .length = 2'000});
    }
    return strategies;
  }

  // What shows without any choice of threads needs no schedule, nor a strategy for its restarts.
  void LeaveThreadsAlone() {
    Candidate candidate = best_;
    candidate.repro.schedule = Schedule();
    candidate.repro.strategy = StrategySpec();
    if (Try(candidate, {.width = Width::kWide, .strategies = {}})) return;
    candidate = best_;
    candidate.repro.strategy = StrategySpec();
    Try(candidate, {.width = Width::kSamePoint, .strategies = {}});
  }

  // Operations behind the cut change nothing before it: the cut stays as it is written. Bisection,
  // since what a prefix shows every longer one shows.
  void DropTail() {
    const Candidate whole = best_;
    std::size_t shown = whole.repro.ops.size();
    std::size_t silent = 0;  // never tried: a repro without operations means the scenario's own
    while (shown - silent > 1 && !IsOver()) {
      const std::size_t middle = silent + (shown - silent) / 2;
      Candidate candidate = whole;
      candidate.repro.ops.resize(middle);
      if (Try(candidate, {.width = Width::kAsWritten, .strategies = {}})) {
        shown = middle;
      } else {
        silent = middle;
      }
    }
  }

  void DropOps(Width width) {
    const Candidate whole = best_;
    const std::vector<OpPlace> places = OpsOf(whole.repro);
    // Of the last success everything but the operations is kept: choices, fault numbers, schedule.
    MinimizePlaces(
        places.size(),
        [&](const Places& kept) {
          const Repro smaller = WithOps(whole.repro, Picked(places, kept));
          if (smaller.ops.empty()) return false;
          Repro next = best_.repro;
          for (std::size_t g = 0; g <= next.cuts.size(); ++g)
            ScriptOf(next, g) = g == 0 ? smaller.ops : smaller.cuts[g - 1].ops;
          return Try(std::move(next), width);
        },
        [this] { return IsOver(); });
  }

  // The last cut is the finding's; each earlier one goes with what it restarted.
  void DropCuts(Width width) {
    for (std::size_t i = 0; i + 1 < best_.repro.cuts.size();) {
      Candidate candidate = best_;
      candidate.repro.cuts.erase(candidate.repro.cuts.begin() + static_cast<std::ptrdiff_t>(i));
      candidate.places.erase(candidate.places.begin() + static_cast<std::ptrdiff_t>(i));
      if (!Try(candidate, {.width = width, .strategies = Strategies(width)})) ++i;
    }
  }

  void DropFaults() {
    const auto plan = faults::ParsePlan(best_.repro.faults);
    if (!plan.ok()) return;
    MinimizePlaces(
        plan->rules.size(),
        [&](const Places& kept) {
          Repro smaller = best_.repro;
          smaller.faults = faults::ToString(faults::FaultPlan{.rules = Picked(plan->rules, kept)});
          return Try(std::move(smaller), Width::kNarrow);
        },
        [this] { return IsOver(); });
  }

  void DropUnits() {
    for (std::size_t i = 0; i < best_.places.size(); ++i) {
      const std::vector<LostUnit> units = best_.places[i].losses.units;
      KeepUnits(i, units);
      FillWithZeros(i);
      // A part of an effect says more than the whole of it, unless it takes several.
      const Candidate coarse = best_;
      if (coarse.places[i].parts == coarse.places[i].losses.units) continue;
      KeepUnits(i, coarse.places[i].parts);
      if (SizeOf(best_).lost_units > SizeOf(coarse).lost_units) best_ = coarse;
    }
  }

  // `units` is no part of best_, which moves on meanwhile.
  void KeepUnits(std::size_t cut, const std::vector<LostUnit>& units) {
    MinimizePlaces(
        units.size(),
        [&](const Places& kept) {
          Candidate candidate = best_;
          candidate.places[cut].losses.units = Picked(units, kept);
          return Try(candidate, {.width = Width::kSamePoint, .strategies = {}});
        },
        [this] { return IsOver(); });
  }

  void FillWithZeros(std::size_t cut) {
    if (best_.places[cut].losses.fill == Fill::kZero) return;
    Candidate candidate = best_;
    candidate.places[cut].losses.fill = Fill::kZero;
    candidate.places[cut].losses.fill_seed = 0;
    Try(candidate, {.width = Width::kSamePoint, .strategies = {}});
  }

  // A decision less renumbers those behind it: what is left is 1-minimal, a smaller schedule of
  // other decisions may exist.
  void DropChoices() {
    if (!best_.repro.schedule.has_value()) return;
    const Schedule whole = *best_.repro.schedule;
    MinimizePlaces(
        whole.choices.size(),
        [&](const Places& kept) {
          Candidate candidate = best_;
          candidate.repro.schedule = Schedule{.choices = Picked(whole.choices, kept)};
          return Try(candidate, {.width = Width::kNarrow, .strategies = {}});
        },
        [this] { return IsOver(); });
  }

  // What may have grown, or can be smaller, since operations went.
  void Refine() {
    DropUnits();
    DropNumbers();
    DropChoices();
  }

  void DropNumbers() {
    for (const OpPlace& place : OpsOf(best_.repro)) {
      const std::vector<std::string> words =
          absl::StrSplit(ScriptOf(best_.repro, place.generation)[place.index], ' ');
      for (std::size_t word = 1; word < words.size(); ++word) {
        while (LowerNumber(place, word)) {
        }
      }
    }
  }

  bool LowerNumber(const OpPlace& place, std::size_t word) {
    const std::string op = ScriptOf(best_.repro, place.generation)[place.index];
    std::vector<std::string> words = absl::StrSplit(op, ' ');
    for (const std::uint64_t smaller :
         SmallerThan(vfs::ParseNumber<std::uint64_t>(words[word]).value_or(0))) {
      words[word] = fmt::format("{}", smaller);
      Repro repro = best_.repro;
      ScriptOf(repro, place.generation)[place.index] = absl::StrJoin(words, " ");
      if (Try(std::move(repro), Width::kNarrow)) return true;
    }
    return false;
  }

  // The strategy says as much.
  void LeaveOutAnEmptySchedule() {
    Repro& repro = best_.repro;
    const bool is_empty = repro.schedule.has_value() && repro.schedule->choices.empty();
    if (is_empty && repro.strategy.kind == StrategySpec::Kind::kRunToBlock) repro.schedule.reset();
  }

  absl::Status Confirm() {
    if (IsInterrupted()) return vfs::Internal("minimize: interrupted before it ended");
    ++replays_;
    VFS_ASSIGN_OR_RETURN(const ReplayOutcome outcome,
                         ReplayInWorker(scenario_, base_, best_.repro, ShowEvents::kNo));
    if (outcome.Shows(best_.repro.expect)) return absl::OkStatus();
    return vfs::Aborted(
        "minimize: the smaller repro showed {} and then did not; see powercut check-determinism",
        best_.repro.expect);
  }

  const Scenario& scenario_;
  ExploreOptions base_;
  const ShrinkLimits& limits_;
  const std::uint64_t start_nanos_;
  const std::uint64_t deadline_nanos_;
  StrategySpec strategy_;  // with which the violation was found
  Candidate best_;
  std::uint64_t replays_ = 0;
  absl::Status status_;  // the first failure of the harness; ends everything
};

}  // namespace

std::string Compared(const ReproSize& before, const ReproSize& after) {
  std::vector<std::string> parts;
  const auto add = [&](std::uint64_t had, std::uint64_t has, std::string_view what) {
    if (had > 0) parts.push_back(fmt::format("{} -> {} {}", had, has, what));
  };
  add(before.ops, after.ops, "operations");
  add(before.faults, after.faults, "fault rules");
  add(before.cuts, after.cuts, "cuts");
  add(before.lost_units, after.lost_units, "lost units");
  add(before.choices, after.choices, "schedule choices");
  return absl::StrJoin(parts, ", ");
}

absl::StatusOr<Shrunk> Shrink(const Scenario& scenario,
                              const ExploreOptions& base,
                              const Repro& repro,
                              const ShrinkLimits& limits) {
  return Shrinker(scenario, base, limits).Run(repro);
}

}  // namespace permafrost::sim
