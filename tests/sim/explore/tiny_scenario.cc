// Explores and replays tiny scenarios.
#include "tests/sim/explore/tiny_scenario.h"

#include <set>

#include "sim/oracle/store_predicates.h"
#include "tests/status_matchers.h"

namespace permafrost::sim {

std::string Content(const vfs::FileSystem& fs, const std::string& path) {
  const auto content = ReadWholeFile(fs, path);
  return content.ok() ? *content : std::string(kAbsent);
}

ExploreOptions TinyOptions(const Scenario& scenario) {
  ExploreOptions options;
  options.seed = 1;
  options.death_share = 0;
  options.rules.convergence_share = 1;
  options.workers.seconds_per_step = 20;
  options.script = scenario.FixedScript(ScriptSize::kFull);
  options.repro.scenario = std::string(scenario.name());
  options.repro.seed = options.seed;
  options.repro.ops = options.script;
  return options;
}

Certificate Explored(const Scenario& scenario, const ExploreOptions& options) {
  Certificate certificate;
  certificate.scenario = std::string(scenario.name());
  certificate.depth = options.depth;
  RecoveryCache cache;
  EXPECT_OK(Explore(scenario, options, cache, certificate));
  return certificate;
}

std::vector<std::string> Invariants(const Certificate& certificate) {
  std::set<std::string> names;
  for (const auto& [fingerprint, found] : certificate.violations) names.insert(found.invariant);
  return {names.begin(), names.end()};
}

std::vector<Violation> Replayed(const Scenario& scenario,
                                const ExploreOptions& options,
                                const Repro& repro) {
  std::vector<Violation> violations;
  Expectation memory;
  const auto fold = [&](const std::vector<Event>& events, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (auto violation = memory.Fold(events[i])) violations.push_back(*std::move(violation));
    }
  };
  Workload workload = RunWorkload(scenario, options);
  std::vector<Event> events = workload.history.events();
  std::vector<CrashPoint> points = std::move(workload.points);
  for (std::size_t i = 0; i < repro.cuts.size(); ++i) {
    const auto depth = static_cast<std::uint32_t>(repro.cuts.size() - i - 1);
    const auto start = StartAt(options.rules, points, repro.cuts[i], depth);
    EXPECT_OK(start);
    if (!start.ok()) return violations;
    for (const CrashPoint& point : points) {
      if (point.index == repro.cuts[i].point) fold(events, point.event_count);
    }
    Rerun rerun = RerunGeneration(scenario, options.rules, *start);
    events = std::move(rerun.events);
    points = std::move(rerun.points);
  }
  fold(events, events.size());
  return violations;
}

}  // namespace permafrost::sim
