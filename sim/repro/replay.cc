// Replays generation by generation; the worker's answer is JSON.
#include "sim/repro/replay.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/explore/interrupt.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

// One line; what is long is cut.
std::string ToLine(const Event& event) {
  constexpr std::size_t kTextMax = 160;
  const std::string text = event.text.substr(0, kTextMax);
  return fmt::format("  {:<11} {}{}{}{}", ToString(event.kind), event.domain,
                     event.domain.empty() || text.empty() ? "" : " = ", text,
                     event.text.size() > kTextMax ? "..." : "");
}

std::string Encode(const absl::StatusOr<ReplayOutcome>& outcome) {
  nlohmann::ordered_json json;
  if (outcome.ok()) {
    json["story"] = outcome->story;
    json["violations"] = nlohmann::ordered_json::array();
    for (const Violation& violation : outcome->violations)
      json["violations"].push_back({violation.invariant, violation.text});
  } else {
    json["error"] = vfs::Message(outcome.status());
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

absl::StatusOr<ReplayOutcome> Decode(const std::string& frame) {
  const auto json = nlohmann::ordered_json::parse(frame, nullptr, false);
  if (json.is_discarded()) return vfs::Internal("read worker answer: not JSON");
  if (json.contains("error")) return vfs::InvalidArgument("{}", json["error"].get<std::string>());
  ReplayOutcome outcome;
  outcome.story = json["story"].get<std::vector<std::string>>();
  for (const auto& item : json["violations"]) outcome.violations.push_back({item[0], item[1]});
  return outcome;
}

}  // namespace

bool ReplayOutcome::Shows(std::string_view invariant) const {
  return std::any_of(violations.begin(), violations.end(),
                     [&](const Violation& violation) { return violation.invariant == invariant; });
}

absl::StatusOr<ExploreOptions> WithRepro(ExploreOptions base, const Repro& repro) {
  base.seed = repro.seed;
  if (repro.reverts_after_failed_sync) base.rules.disk.after_failed_sync = AfterFailedSync::kRevert;
  if (!repro.ops.empty()) base.script = repro.ops;
  VFS_ASSIGN_OR_RETURN(base.faults, faults::ParsePlan(repro.faults));
  base.schedule = repro.schedule;
  if (repro.has_threads) base.rules.threading.strategy = repro.strategy;
  return base;
}

absl::StatusOr<ReplayOutcome> Replay(const Scenario& scenario,
                                     const ExploreOptions& base,
                                     const Repro& repro,
                                     ShowEvents show_events) {
  VFS_ASSIGN_OR_RETURN(ExploreOptions options, WithRepro(base, repro));
  options.rules.convergence_share = 1;
  ReplayOutcome outcome;
  Expectation memory;
  const auto fold = [&](const std::vector<Event>& events, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (show_events == ShowEvents::kYes) outcome.story.push_back(ToLine(events[i]));
      if (auto violation = memory.Fold(events[i]))
        outcome.violations.push_back(*std::move(violation));
    }
  };
  Workload workload = RunWorkload(scenario, options);
  std::vector<Event> events = workload.history.events();
  std::vector<CrashPoint> points = std::move(workload.points);
  outcome.story.push_back(fmt::format("workload: {} operations, {} crash points, trace {}",
                                      options.script.size(), points.size(),
                                      workload.trace_hash.Hex()));
  for (std::size_t i = 0; i < repro.cuts.size(); ++i) {
    const Cut& cut = repro.cuts[i];
    const auto depth = static_cast<std::uint32_t>(repro.cuts.size() - i - 1);
    VFS_ASSIGN_OR_RETURN(const Start start, StartAt(options.rules, points, cut, depth));
    for (const CrashPoint& point : points) {
      if (point.index == cut.point) fold(events, point.event_count);
    }
    outcome.story.push_back(fmt::format("cut {}: {}", i + 1, ToString(cut)));
    Rerun rerun = RerunGeneration(scenario, options.rules, start);
    outcome.story.push_back(fmt::format("recovery {}: {} crash points, trace {}", i + 1,
                                        rerun.points.size(), rerun.trace_hash.Hex()));
    events = std::move(rerun.events);
    points = std::move(rerun.points);
  }
  fold(events, events.size());
  return outcome;
}

absl::StatusOr<ReplayOutcome> ReplayInWorker(const Scenario& scenario,
                                             const ExploreOptions& base,
                                             const Repro& repro,
                                             ShowEvents show_events) {
  VFS_ASSIGN_OR_RETURN(const auto results, RunInWorkers(1, 1, base.workers, [&](std::size_t) {
                         return Encode(Replay(scenario, base, repro, show_events));
                       }));
  if (results[0].is_finished) return Decode(results[0].frame);
  if (IsInterrupted()) return vfs::Internal("replay: interrupted before it ended");
  ReplayOutcome outcome;
  outcome.violations.push_back(DeathOf(results[0].last_words));
  return outcome;
}

Violation DeathOf(const std::string& last_words) {
  return {kNoCrash, "the code under test ended its process: " + last_words};
}

}  // namespace permafrost::sim
