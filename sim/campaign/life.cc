// The random walk through cuts: at each generation several cuts are tried and judged, one of them
// is lived on from.
#include "sim/campaign/life.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "faults/fault_plan.h"
#include "sim/campaign/draw_faults.h"
#include "sim/oracle/expectation.h"
#include "sim/sched/sched.h"
#include "vfs/base/check.h"
#include "vfs/base/hash.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

constexpr std::uint64_t kGenerationsMax = 4;
constexpr std::uint64_t kCutsPerGeneration = 3;

// A generation that was lived through: where it can be cut.
struct Lived {
  std::vector<Event> events;
  std::vector<CrashPoint> points;
};

// The state of one life.
class Walk {
 public:
  Walk(const Scenario& scenario, const CutRules& rules, const Repro& repro, std::uint64_t seed)
      : scenario_(scenario), rules_(rules), repro_(repro), prng_(vfs::Prng(seed).Fork("life")) {
    life_.seed = seed;
    repro_.seed = seed;
    rules_.workload_budget = {.images_max = 24, .random_images = 12, .seed = seed};
    rules_.convergence_share = 64;
    if (rules_.threading.is_drawn) rules_.threading.strategy = DrawStrategy();
    repro_.strategy = rules_.threading.strategy;
    faults::FaultPlan faults = rules_.life_faults;
    if (rules_.draws_faults) {
      vfs::Prng prng = prng_.Fork("faults");
      const auto rot = scenario.FirstConfigUnderRot().has_value() ? DrawRot::kYes : DrawRot::kNo;
      faults = faults::Join(std::move(faults), DrawFaults(prng, rot));
    }
    repro_.faults = faults::ToString(faults);
    workload_plan_ = faults::Join(faults, rules_.plan);  // as a replay joins them
  }

  Life Run() {
    const ShimCalls before = CountShimCalls();
    vfs::ResetProbes();
    Lived lived = LiveWorkload();
    if (scenario_.has_threads()) TryOtherSchedules();
    Expectation memory;
    std::vector<Cut> path;
    const std::uint64_t generations = prng_.Between(1, kGenerationsMax);
    for (std::uint64_t g = 0; g < generations; ++g) {
      for (std::uint64_t attempt = 0; attempt + 1 < kCutsPerGeneration; ++attempt)
        Try(lived, memory, path);
      Expectation next_memory = memory;
      std::vector<Cut> next_path = path;
      lived = LiveOn(lived, next_memory, next_path);
      memory = std::move(next_memory);
      path = std::move(next_path);
    }
    life_.opens = CountShimCalls().session_id - before.session_id;
    life_.probes = vfs::ProbeCounts();
    return std::move(life_);
  }

 private:
  StrategySpec DrawStrategy() const {
    using Kind = StrategySpec::Kind;
    const StrategySpec kinds[] = {
        {.kind = Kind::kRunToBlock},
        {.kind = Kind::kUniform},
        {.kind = Kind::kRandomWalk, .numerator = 3, .denominator = 10},
        {.kind = Kind::kRandomWalk, .numerator = 1, .denominator = 20},
        {.kind = Kind::kPct, .depth = 2, .length = 2'000},
        {.kind = Kind::kPct, .depth = 3, .length = 10'000},
    };
    vfs::Prng prng = prng_.Fork("strategy");
    return kinds[prng.Below(std::size(kinds))];
  }

  Lived LiveWorkload() {
    vfs::Prng script_prng = prng_.Fork("script");
    repro_.ops = scenario_.RandomScript(script_prng);
    repro_.cuts.clear();
    LeaveBreadcrumb(ToString(repro_));
    History history(FirstConfigOf(scenario_, workload_plan_));
    Lived lived;
    const WorldOptions options{.seed = life_.seed,
                               .plan = workload_plan_,
                               .disk = rules_.disk,
                               .keep_points = KeepPoints::kYes,
                               .keep_lines = rules_.keep_lines};
    const auto live = [&](World& world) {
      scenario_.Work(world, history, repro_.ops);
      lived = {.events = history.events(), .points = world.TakePoints()};
      life_.trace_hash += world.trace().hash();
      Keep(world.trace().TakeLines());
    };
    const ThreadReport report = InWorldOf(scenario_, rules_, DiskState(), options, &history, live);
    decisions_ = report.decisions;
    AddSchedule(report.hash);
    if (scenario_.has_threads()) repro_.schedule = report.schedule;
    life_.crash_points += lived.points.size();
    // What the running code answered without any cut must be right too.
    Expectation memory;
    for (const Event& event : lived.events) Fold(event, memory, {});
    return lived;
  }

  // The same workload from other seeds, without a cut: most bugs of threads need none, and these
  // runs cost a fraction of a recovery.
  void TryOtherSchedules() {
    const Repro own = repro_;
    CutRules rules = rules_;
    // Changes of priority beyond the end would change nothing.
    StrategySpec& strategy = rules.threading.strategy;
    strategy.length = std::min(strategy.length, std::max<std::uint64_t>(decisions_, 1));
    repro_.strategy = strategy;
    for (std::uint32_t i = 1; i <= rules_.schedules; ++i) {
      repro_.seed = vfs::Hasher().Add(life_.seed).Add(i).Finish().lo;
      repro_.schedule.reset();
      LeaveBreadcrumb(ToString(repro_));
      History history(FirstConfigOf(scenario_, workload_plan_));
      const WorldOptions options{.seed = repro_.seed, .plan = workload_plan_, .disk = rules_.disk};
      const auto live = [&](World& world) {
        scenario_.Work(world, history, repro_.ops);
        life_.trace_hash += world.trace().hash();
      };
      const ThreadReport report = InWorldOf(scenario_, rules, DiskState(), options, &history, live);
      repro_.schedule = report.schedule;
      AddSchedule(report.hash);
      ++life_.schedules;
      Expectation memory;
      for (const Event& event : history.events()) Fold(event, memory, {});
    }
    repro_ = own;
    LeaveBreadcrumb(ToString(repro_));
  }

  void AddSchedule(std::uint64_t hash) {
    if (hash != 0) life_.schedule_hash = vfs::Mix64(life_.schedule_hash ^ hash);
  }

  void Keep(std::vector<std::string> lines) {
    std::move(lines.begin(), lines.end(), std::back_inserter(life_.lines));
  }

  void Fold(const Event& event, Expectation& memory, const std::vector<Cut>& path) {
    const auto violation = memory.Fold(event);
    if (!violation.has_value()) return;
    FoundViolation found{
        .invariant = violation->invariant, .text = violation->text, .repro = repro_};
    found.repro.cuts = path;
    found.repro.expect = violation->invariant;
    found.repro.text = violation->text;
    life_.violations.push_back(std::move(found));
  }

  // Draws a cut of this generation, restarts on what it leaves, and judges; `memory` and `path`
  // move on.
  Lived LiveOn(const Lived& lived, Expectation& memory, std::vector<Cut>& path) {
    const CrashPoint& point = lived.points[prng_.Below(lived.points.size())];
    for (std::size_t i = 0; i < point.event_count; ++i) {
      // Answers of this generation were judged when it was lived; here they only become promises.
      memory.Fold(lived.events[i]);
    }
    auto [cut, start] = DrawCut(point);
    if (prng_.Chance({1, 2})) {
      vfs::Prng script_prng = prng_.Fork(prng_.Next());
      cut.ops = scenario_.RandomScript(script_prng);
      start.script = cut.ops;
      start.key = RecoveryKey(start, rules_.plan);
    }
    path.push_back(cut);
    repro_.cuts = path;
    LeaveBreadcrumb(ToString(repro_));
    Rerun rerun = RerunGeneration(scenario_, rules_, start);
    ++life_.recoveries;
    life_.trace_hash += rerun.trace_hash;
    AddSchedule(rerun.schedule_hash);
    Keep(std::move(rerun.lines));
    life_.crash_points += rerun.points.size();
    Expectation judged = memory;
    for (const Event& event : rerun.events) Fold(event, judged, path);
    return {.events = std::move(rerun.events), .points = std::move(rerun.points)};
  }

  void Try(const Lived& lived, const Expectation& memory, const std::vector<Cut>& path) {
    Expectation copy = memory;
    std::vector<Cut> copied_path = path;
    LiveOn(lived, copy, copied_path);
  }

  std::pair<Cut, Start> DrawCut(const CrashPoint& point) {
    if (prng_.Chance({1, 6})) {
      ++life_.deaths;
      Cut cut;
      Start start = DeathAt(rules_, point, 1, &cut);
      start.depth = 0;
      start.key = RecoveryKey(start, rules_.plan);
      return {cut, std::move(start)};
    }
    ++life_.cuts;
    std::vector<std::pair<Cut, Start>> starts;
    ForEachStart(rules_, rules_.workload_budget, point, 0,
                 [&](const Cut& cut, Start start) { starts.emplace_back(cut, std::move(start)); });
    return std::move(starts[prng_.Below(starts.size())]);
  }

  const Scenario& scenario_;
  CutRules rules_;
  Repro repro_;
  vfs::Prng prng_;
  faults::FaultPlan workload_plan_;
  std::uint64_t decisions_ = 0;  // of the workload, if it has threads
  Life life_;
};

}  // namespace

Life RunLife(const Scenario& scenario,
             const CutRules& rules,
             const Repro& repro,
             std::uint64_t seed) {
  return Walk(scenario, rules, repro, seed).Run();
}

void AddTo(Certificate& certificate, const Life& life) {
  certificate.crash_points += life.crash_points;
  certificate.candidates += life.cuts;
  certificate.deaths += life.deaths;
  certificate.recoveries += life.recoveries;
  certificate.schedules += life.schedules;
  certificate.distinct += life.recoveries;
  certificate.judgements += life.recoveries;
  certificate.opens += life.opens;
  certificate.trace_hash += life.trace_hash;
  for (const auto& [name, count] : life.probes) certificate.probes[name] += count;
  for (const FoundViolation& found : life.violations) AddFinding(found, certificate);
}

Repro ReproOf(const ItemResult& result, const Repro& base) {
  auto repro = ParseRepro(result.breadcrumb, "breadcrumb");
  return repro.ok() ? *std::move(repro) : base;
}

void AddDeathTo(Certificate& certificate, Repro repro, const std::string& last_words) {
  FoundViolation found{.invariant = kNoCrash,
                       .text = fmt::format("the code under test ended its process: {}", last_words),
                       .repro = std::move(repro)};
  found.repro.expect = found.invariant;
  found.repro.text = found.text;
  AddFinding(std::move(found), certificate);
}

std::string Encode(const Life& life) {
  nlohmann::ordered_json json;
  json["seed"] = life.seed;
  json["numbers"] = {life.crash_points,  life.cuts,      life.deaths,
                     life.recoveries,    life.opens,     life.trace_hash.lo,
                     life.trace_hash.hi, life.schedules, life.schedule_hash};
  json["probes"] = life.probes;
  json["violations"] = nlohmann::ordered_json::array();
  for (const FoundViolation& found : life.violations) {
    json["violations"].push_back(
        {found.invariant, found.fingerprint, found.text, ToString(found.repro)});
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

absl::StatusOr<Life> DecodeLife(std::string_view bytes) {
  const auto json = nlohmann::ordered_json::parse(bytes, nullptr, false);
  if (json.is_discarded() || !json.contains("numbers"))
    return vfs::Internal("read worker answer: {} bytes are not a life", bytes.size());
  Life life;
  life.seed = json["seed"];
  const std::vector<std::uint64_t> numbers = json["numbers"];
  life.crash_points = numbers.at(0);
  life.cuts = numbers.at(1);
  life.deaths = numbers.at(2);
  life.recoveries = numbers.at(3);
  life.opens = numbers.at(4);
  life.trace_hash = {numbers.at(5), numbers.at(6)};
  life.schedules = numbers.at(7);
  life.schedule_hash = numbers.at(8);
  life.probes = json["probes"].get<std::map<std::string, std::uint64_t>>();
  for (const auto& item : json["violations"]) {
    FoundViolation found{
        .invariant = item[0], .fingerprint = item[1], .text = item[2], .count = 1, .repro = {}};
    VFS_ASSIGN_OR_RETURN(found.repro, ParseRepro(item[3].get<std::string>(), "worker answer"));
    life.violations.push_back(std::move(found));
  }
  return life;
}

}  // namespace permafrost::sim
