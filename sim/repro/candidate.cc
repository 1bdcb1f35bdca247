// The search: workload variants, then likely points, then a recovery each.
#include "sim/repro/candidate.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include <nlohmann/json.hpp>

#include "sim/oracle/expectation.h"
#include "sim/repro/replay.h"
#include "sim/sched/sched.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

struct Bounds {
  std::size_t points = 0;         // tried for each cut
  std::size_t recoveries = 0;     // in all
  std::size_t imaged_points = 0;  // of the points, those where other images are tried too
};
constexpr std::uint64_t kImagesPerPoint = 12;

Bounds BoundsOf(Width width) {
  switch (width) {
    case Width::kAsWritten:
    case Width::kSamePoint: return {.points = 1, .recoveries = 8, .imaged_points = 0};
    case Width::kNarrow: return {.points = 6, .recoveries = 16, .imaged_points = 0};
    case Width::kWide: return {.points = 12, .recoveries = 48, .imaged_points = 3};
  }
  return {};
}

// A generation that was lived through.
struct Lived {
  std::vector<Event> events;
  std::vector<CrashPoint> points;
};

// One way to run the workload.
struct Variant {
  std::string faults;
  std::optional<Schedule> schedule;
  std::optional<StrategySpec> strategy;  // in place of the repro's, which is of every generation
};

bool CountsEveryCall(const faults::FaultRule& rule) {
  return rule.nth > 0 && rule.calls.which == faults::CallSelector::Class::kAny &&
         rule.path.empty() && rule.label.empty();
}

std::uint64_t Distance(std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; }

class Finder {
 public:
  Finder(const Scenario& scenario,
         const ExploreOptions& base,
         const Candidate& wanted,
         const SearchRules& rules)
      : scenario_(scenario),
        base_(base),
        wanted_(wanted),
        search_(rules),
        bounds_(BoundsOf(rules.width)) {}

  std::optional<Candidate> Run() {
    for (const Variant& variant : Variants()) {
      if (IsOver()) break;
      if (Shows(variant)) return found_;
    }
    return std::nullopt;
  }

 private:
  bool IsOver() const { return RealNanos() > search_.deadline_nanos; }

  // The workload's fallible calls when nothing fails; 0 if no rule of the plan counts them.
  std::uint64_t CountCalls() const {
    const auto plan = faults::ParsePlan(wanted_.repro.faults);
    if (!plan.ok() || std::none_of(plan->rules.begin(), plan->rules.end(), CountsEveryCall))
      return 0;
    Repro healthy = wanted_.repro;
    healthy.faults.clear();
    const auto options = WithRepro(base_, healthy);
    return options.ok() ? RunWorkload(scenario_, *options).calls.size() : 0;
  }

  // The plan whose numbered calls lie as far from the end as they did.
  std::string ShiftedFaults(std::uint64_t calls) const {
    auto plan = faults::ParsePlan(wanted_.repro.faults);
    if (!plan.ok()) return wanted_.repro.faults;
    for (faults::FaultRule& rule : plan->rules) {
      if (!CountsEveryCall(rule)) continue;
      const std::uint64_t before_end = wanted_.calls > rule.nth ? wanted_.calls - rule.nth : 0;
      if (before_end < calls) rule.nth = calls - before_end;
    }
    return faults::ToString(*plan);
  }

  std::vector<Variant> Variants() {
    found_.calls = CountCalls();
    std::vector<std::string> plans{wanted_.repro.faults};
    if (search_.width != Width::kAsWritten && found_.calls != wanted_.calls)
      plans.insert(plans.begin(), ShiftedFaults(found_.calls));
    std::vector<Variant> variants;
    for (const std::string& plan : plans) {
      variants.push_back({.faults = plan, .schedule = wanted_.repro.schedule, .strategy = {}});
      for (const StrategySpec& strategy : search_.strategies)
        variants.push_back({.faults = plan, .schedule = {}, .strategy = strategy});
    }
    return variants;
  }

  bool Shows(const Variant& variant) {
    found_.repro = wanted_.repro;
    found_.repro.faults = variant.faults;
    found_.repro.schedule = variant.schedule;
    found_.repro.cuts.clear();
    found_.places.clear();
    asked_.clear();
    recoveries_ = 0;
    const auto options = WithRepro(base_, found_.repro);
    if (!options.ok()) return false;
    rules_ = options->rules;
    ExploreOptions of_workload = *options;
    if (variant.strategy.has_value()) of_workload.rules.threading.strategy = *variant.strategy;
    SayWhatIsDone();
    Workload workload = RunWorkload(scenario_, of_workload);
    if (scenario_.has_threads()) found_.repro.schedule = std::move(workload.threads.schedule);
    return Descend({workload.history.events(), std::move(workload.points)}, Expectation());
  }

  // The worker's death is what is looked for: then this is the candidate that shows it.
  void SayWhatIsDone() const {
    LeaveBreadcrumb(wanted_.repro.expect == kNoCrash ? Encode(found_) : "");
  }

  bool Descend(const Lived& lived, const Expectation& memory) {
    const std::size_t depth = found_.repro.cuts.size();
    if (depth == wanted_.repro.cuts.size()) return IsBroken(lived, memory);
    const std::vector<const CrashPoint*> points = PointsFor(lived, depth);
    for (const CrashPoint* point : points) {
      if (CutAt(lived, *point, memory)) return true;
    }
    if (depth + 1 < wanted_.repro.cuts.size()) return false;
    for (std::size_t i = 0; i < std::min(points.size(), bounds_.imaged_points); ++i) {
      if (CutAnyhowAt(lived, *points[i], memory)) return true;
    }
    return false;
  }

  bool IsBroken(const Lived& lived, Expectation memory) {
    for (const Event& event : lived.events) {
      const auto violation = memory.Fold(event);
      if (!violation.has_value() || violation->invariant != wanted_.repro.expect) continue;
      found_.repro.text = violation->text;
      return true;
    }
    return false;
  }

  // The points of the cut's step, the likeliest first: the same call under the same steps, then the
  // nearest to where it lay before the end.
  std::vector<const CrashPoint*> PointsFor(const Lived& lived, std::size_t depth) const {
    const Cut& cut = wanted_.repro.cuts[depth];
    std::vector<std::tuple<bool, std::uint64_t, const CrashPoint*>> ranked;
    for (std::size_t i = 0; i < lived.points.size(); ++i) {
      const CrashPoint& point = lived.points[i];
      if (search_.width == Width::kAsWritten && point.index != cut.point) continue;
      // A text that was never searched for may name a step of long ago.
      const bool is_placed = depth < wanted_.places.size();
      const std::string label = LabelOf(point);
      if (is_placed && StepOf(Cut{.label = label}) != StepOf(cut)) continue;
      const CutPlace place = is_placed ? wanted_.places[depth] : CutPlace();
      const bool is_other = label != cut.label || WithoutNumbers(point.call) != place.call;
      ranked.emplace_back(is_other, Distance(FromEnd(lived, point), place.from_end), &point);
    }
    std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
      return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
    });
    std::vector<const CrashPoint*> points;
    for (std::size_t i = 0; i < std::min(ranked.size(), bounds_.points); ++i)
      points.push_back(std::get<2>(ranked[i]));
    return points;
  }

  static std::uint64_t FromEnd(const Lived& lived, const CrashPoint& point) {
    return lived.points.back().index - point.index;
  }

  std::uint32_t CutsBehind() const {
    return static_cast<std::uint32_t>(wanted_.repro.cuts.size() - found_.repro.cuts.size() - 1);
  }

  // The same kind of cut, with the same losses.
  bool CutAt(const Lived& lived, const CrashPoint& point, const Expectation& memory) {
    const std::size_t depth = found_.repro.cuts.size();
    const Cut& cut = wanted_.repro.cuts[depth];
    if (cut.kind == CutKind::kProcessDeath) {
      Cut made;
      Start start = DeathAt(rules_, point, CutsBehind(), &made);
      return LiveOn(lived, point, memory, std::move(made), std::move(start), {});
    }
    const CrashImages images(point.snapshot, rules_.personality, rules_.workload_budget);
    const auto image = search_.width == Width::kAsWritten
                           ? images.FromChoice(cut.choice)
                           : images.Losing(wanted_.places[depth].losses);
    return image.ok() && LiveOnFrom(lived, point, memory, images, *image);
  }

  // A few images of the point, whatever they lose.
  bool CutAnyhowAt(const Lived& lived, const CrashPoint& point, const Expectation& memory) {
    if (wanted_.repro.cuts[found_.repro.cuts.size()].kind != CutKind::kPowerCut) return false;
    const ImageBudget budget{.images_max = kImagesPerPoint, .random_images = 0, .seed = 0};
    const CrashImages images(point.snapshot, rules_.personality, budget);
    bool is_found = false;
    images.ForEach([&](const CrashImage& image) {
      is_found = LiveOnFrom(lived, point, memory, images, image);
      return !is_found && !IsOver();
    });
    return is_found;
  }

  bool LiveOnFrom(const Lived& lived,
                  const CrashPoint& point,
                  const Expectation& memory,
                  const CrashImages& images,
                  const CrashImage& image) {
    Cut cut;
    Start start = StartFrom(rules_, point, images, image, CutsBehind(), &cut);
    CutPlace place;
    if (auto losses = images.LossesOf(cut.choice); losses.ok()) place.losses = *std::move(losses);
    place.parts = images.PartsOf(place.losses.units);
    return LiveOn(lived, point, memory, std::move(cut), std::move(start), std::move(place));
  }

  // Restarts on what the cut left; on a failure everything is as before.
  bool LiveOn(const Lived& lived,
              const CrashPoint& point,
              const Expectation& memory,
              Cut cut,
              Start start,
              CutPlace place) {
    if (IsOver() || recoveries_ >= bounds_.recoveries) return false;
    cut.ops = wanted_.repro.cuts[found_.repro.cuts.size()].ops;
    start.script = cut.ops;
    start.key = RecoveryKey(start, rules_.plan);
    const bool is_first = found_.repro.cuts.empty();
    if (is_first && !asked_.insert({start.key, point.event_count}).second) return false;
    ++recoveries_;
    Expectation promised = memory;
    for (std::size_t i = 0; i < point.event_count; ++i) promised.Fold(lived.events[i]);
    place.call = WithoutNumbers(point.call);
    place.from_end = FromEnd(lived, point);
    found_.repro.cuts.push_back(std::move(cut));
    found_.places.push_back(std::move(place));
    SayWhatIsDone();
    Rerun rerun = RerunGeneration(scenario_, rules_, start);
    if (Descend({std::move(rerun.events), std::move(rerun.points)}, promised)) return true;
    found_.repro.cuts.pop_back();
    found_.places.pop_back();
    return false;
  }

  const Scenario& scenario_;
  const ExploreOptions& base_;
  const Candidate& wanted_;
  const SearchRules& search_;
  const Bounds bounds_;
  CutRules rules_;
  Candidate found_;  // as far as the search has come
  std::set<std::pair<vfs::Hash128, std::size_t>> asked_;
  std::size_t recoveries_ = 0;
};

nlohmann::ordered_json ToJson(const std::vector<LostUnit>& units) {
  nlohmann::ordered_json json = nlohmann::ordered_json::array();
  for (const LostUnit& unit : units) json.push_back({unit.effect, unit.part});
  return json;
}

std::vector<LostUnit> UnitsFrom(const nlohmann::ordered_json& json) {
  std::vector<LostUnit> units;
  for (const auto& unit : json) units.push_back({unit.at(0), unit.at(1)});
  return units;
}

}  // namespace

std::optional<Candidate> FindAgain(const Scenario& scenario,
                                   const ExploreOptions& base,
                                   const Candidate& candidate,
                                   const SearchRules& rules) {
  return Finder(scenario, base, candidate, rules).Run();
}

std::string Encode(const Candidate& candidate) {
  nlohmann::ordered_json json{{"repro", ToString(candidate.repro)},
                              {"calls", candidate.calls},
                              {"cuts", nlohmann::ordered_json::array()}};
  for (std::size_t i = 0; i < candidate.places.size(); ++i) {
    const Cut& cut = candidate.repro.cuts[i];
    const CutPlace& place = candidate.places[i];
    json["cuts"].push_back({{"lost", cut.lost},
                            {"lost_effects", cut.lost_effects},
                            {"call", place.call},
                            {"from_end", place.from_end},
                            {"units", ToJson(place.losses.units)},
                            {"fill", static_cast<int>(place.losses.fill)},
                            {"fill_seed", place.losses.fill_seed},
                            {"parts", ToJson(place.parts)}});
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

absl::StatusOr<Candidate> DecodeCandidate(std::string_view text) {
  const auto json = nlohmann::ordered_json::parse(text, nullptr, false);
  if (json.is_discarded() || !json.contains("cuts"))
    return vfs::Internal("read worker answer: {} bytes are not a candidate", text.size());
  Candidate candidate;
  VFS_ASSIGN_OR_RETURN(candidate.repro,
                       ParseRepro(json["repro"].get<std::string>(), "worker answer"));
  candidate.calls = json["calls"];
  if (json["cuts"].size() != candidate.repro.cuts.size())
    return vfs::Internal("read worker answer: {} places for {} cuts", json["cuts"].size(),
                         candidate.repro.cuts.size());
  for (std::size_t i = 0; i < candidate.repro.cuts.size(); ++i) {
    const auto& from = json["cuts"][i];
    candidate.repro.cuts[i].lost = from["lost"];
    candidate.repro.cuts[i].lost_effects = from["lost_effects"];
    candidate.places.push_back({.call = from["call"],
                                .from_end = from["from_end"],
                                .losses = {.units = UnitsFrom(from["units"]),
                                           .fill = static_cast<Fill>(from["fill"].get<int>()),
                                           .fill_seed = from["fill_seed"]},
                                .parts = UnitsFrom(from["parts"])});
  }
  return candidate;
}

}  // namespace permafrost::sim
