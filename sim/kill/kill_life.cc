// A process at a time: simulated first, so that it is known what it will do, then for real.
#include "sim/kill/kill_life.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "sim/explore/worker_pool.h"
#include "sim/kill/landing.h"
#include "sim/kill/victim.h"
#include "sim/oracle/expectation.h"
#include "sim/sched/sched.h"
#include "sim/world/tree.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/posix_file_system.h"

namespace permafrost::sim {
namespace {

// One process: what it starts with, and what it does in the simulator when nobody kills it.
struct Process {
  std::optional<Start> start;  // none: the first, on an empty disk
  std::uint64_t seed = 0;
  std::string config;
  Script script;
  std::vector<Event> events;
  std::vector<CrashPoint> points;
  std::vector<std::string> calls;  // lines of the trace
};

// The lines of a trace that are disk calls.
std::vector<std::string> CallsOf(std::vector<std::string> lines) {
  std::erase_if(lines, [](const std::string& line) { return line.starts_with("- "); });
  return lines;
}

std::string ToText(const Event& event) {
  return fmt::format("{} {} {}", ToString(event.kind), event.domain, event.text);
}

// The first place at which a run that was killed differs from the simulated one; empty: nowhere.
template <typename T, typename Print>
std::string FirstDifference(const std::vector<T>& real,
                            const std::vector<T>& simulated,
                            std::string_view what,
                            const Print& print) {
  const auto [in_real, in_simulated] =
      std::mismatch(real.begin(), real.end(), simulated.begin(), simulated.end());
  if (in_real == real.end()) return "";
  return fmt::format("{} {}: real '{}', simulated '{}'", what, in_real - real.begin() + 1,
                     print(*in_real),
                     in_simulated == simulated.end() ? "nothing" : print(*in_simulated));
}

class Chain {
 public:
  Chain(const Scenario& scenario,
        const KillRules& rules,
        const Repro& repro,
        std::uint64_t seed,
        const std::string& directory)
      : scenario_(scenario),
        rules_(rules),
        repro_(repro),
        disk_path_(directory + "/disk"),
        check_path_(directory + "/check"),
        prng_(vfs::Prng(seed).Fork("kill")) {
    life_.seed = seed;
    repro_.seed = seed;
    rules_.cuts.keep_lines = KeepLines::kYes;
  }

  absl::StatusOr<KillLife> Run(vfs::FileSystem& root) {
    VFS_RETURN_IF_ERROR(root.MakeDir("disk"));
    VFS_RETURN_IF_ERROR(root.MakeDir("check"));
    VFS_ASSIGN_OR_RETURN(disk_, vfs::PosixFileSystem::Open(disk_path_));
    VFS_ASSIGN_OR_RETURN(check_, vfs::PosixFileSystem::Open(check_path_));
    Process process = SimulateFirst();
    while (true) {
      VFS_ASSIGN_OR_RETURN(std::optional<Start> next, LiveAndJudge(process));
      if (!next.has_value() || IsOver()) break;
      process = SimulateNext(*std::move(next));
    }
    VFS_RETURN_IF_ERROR(RemoveAll(*check_));
    VFS_RETURN_IF_ERROR(root.RemoveDir("check"));
    return std::move(life_);
  }

 private:
  bool IsOver() const {
    if (!rules_.at.empty()) return at_.size() >= rules_.at.size();
    // Some processes end before they are hit.
    return life_.kills >= rules_.kills || at_.size() >= 3 * rules_.kills;
  }

  Script DrawScript() {
    vfs::Prng script_prng = prng_.Fork(at_.size());
    return scenario_.RandomScript(script_prng);
  }

  Process SimulateFirst() {
    Process first{.start = {},
                  .seed = life_.seed,
                  .config = scenario_.FirstConfig(),
                  .script = DrawScript(),
                  .events = {},
                  .points = {},
                  .calls = {}};
    repro_.ops = first.script;
    LeaveBreadcrumb(ToString(repro_));
    History history(first.config);
    const WorldOptions options{.seed = first.seed,
                               .plan = rules_.cuts.plan,
                               .disk = rules_.cuts.disk,
                               .keep_points = KeepPoints::kYes,
                               .keep_lines = KeepLines::kYes};
    World world(DiskState(), options, &history);
    scenario_.Work(world, history, first.script);
    first.events = history.events();
    first.points = world.TakePoints();
    first.calls = CallsOf(world.trace().TakeLines());
    return first;
  }

  Process SimulateNext(Start start) {
    start.script = DrawScript();
    start.key = RecoveryKey(start, rules_.cuts.plan);
    repro_.cuts.back().ops = start.script;
    LeaveBreadcrumb(ToString(repro_));
    Rerun rerun = RerunGeneration(scenario_, rules_.cuts, start);
    Process next{.start = start,
                 .seed = GenerationSeed(start),
                 .config = start.config,
                 .script = start.script,
                 .events = std::move(rerun.events),
                 .points = std::move(rerun.points),
                 .calls = CallsOf(std::move(rerun.lines))};
    return next;
  }

  Blow DrawBlow(std::uint64_t calls) {
    if (!rules_.at.empty()) return {.way = Blow::Way::kBefore, .call = rules_.at[at_.size()]};
    vfs::Prng prng = prng_.Fork("blow").Fork(at_.size());
    const std::uint64_t way = prng.Below(8);
    const std::uint64_t call = prng.Below(calls + 1);
    if (way == 0) return {.way = Blow::Way::kBefore, .call = call};
    if (way == 1) return {.way = Blow::Way::kAfter, .call = call};
    if (way <= 4) {
      // Some nanoseconds to half a millisecond, each order of magnitude as often.
      const std::uint64_t delay = prng.Below(std::uint64_t{2} << prng.Below(19));
      return {.way = Blow::Way::kInside, .call = call, .delay_nanos = delay};
    }
    return {.way = Blow::Way::kAnyTime, .delay_nanos = prng.Below(calls * nanos_per_call_ + 1)};
  }

  // The child's work: the process, or the check that a restart comes up.
  void Live(Witness& witness,
            const std::string& directory,
            const Process* process,
            const std::string& config) const {
    const auto disk = vfs::PosixFileSystem::Open(directory);
    if (!disk.ok()) witness.GiveUp(disk.status());
    History history(config);
    history.SetListener([&](const Event& event) { witness.See(event); });
    const WorldOptions options{.seed = process != nullptr ? process->seed : life_.seed,
                               .plan = rules_.cuts.plan,
                               .disk = rules_.cuts.disk,
                               .real_disk = disk->get(),
                               .witness = &witness};
    World world(DiskState(), options, nullptr);
    if (process == nullptr || process->start.has_value()) scenario_.Recover(world, history);
    if (process != nullptr) scenario_.Work(world, history, process->script);
  }

  void Find(std::string_view invariant, std::string text) {
    life_.findings.push_back({std::string(invariant), std::move(text), at_});
  }

  // Runs the process on the real disk until it is killed and judges what is left. The start of the
  // next one; none after a finding.
  absl::StatusOr<std::optional<Start>> LiveAndJudge(const Process& process) {
    const Blow blow = DrawBlow(process.points.size() - 1);
    const std::uint64_t start_nanos = RealNanos();
    VFS_ASSIGN_OR_RETURN(const Testimony seen, RunVictim(blow, [&](Witness& witness) {
                           Live(witness, disk_path_, &process, process.config);
                         }));
    if (seen.finished > 0) nanos_per_call_ = (RealNanos() - start_nanos) / seen.finished;
    at_.push_back(seen.finished);
    life_.calls += seen.calls.size();
    if (seen.end == Testimony::End::kDied) {
      Find(kNoCrash, "the code under test ended its process: " + seen.last_words);
      return std::nullopt;
    }
    VFS_ASSIGN_OR_RETURN(const Tree tree, ReadTree(*disk_));
    const std::optional<Landing> landing = Compare(process, seen, tree);
    if (!landing.has_value()) return std::nullopt;

    const Expectation before = memory_;
    std::string config = process.config;
    for (const Event& event : seen.events) {
      if (event.kind == EventKind::kConfigure) config = event.text;
      if (const auto violation = memory_.Fold(event)) Find(violation->invariant, violation->text);
    }
    CheckAtRest(tree, config);
    VFS_RETURN_IF_ERROR(CheckRestart(tree, config));
    if (seen.end == Testimony::End::kKilled) Count(process, seen, *landing);
    if (!life_.findings.empty()) return std::nullopt;

    ReplayDeath(process, seen.finished, before);
    if (!seen.in_flight.empty()) ReplayDeath(process, seen.finished + 1, before);
    Cut cut;
    Start next = DeathAt(rules_.cuts, process.points[landing->point], 1, &cut);
    is_exact_ = is_exact_ && !landing->is_torn && next.config == config;
    next.disk = landing->disk;
    next.config = config;
    next.depth = 0;
    repro_.cuts.push_back(cut);
    return next;
  }

  void Count(const Process& process, const Testimony& seen, const Landing& landing) {
    ++life_.kills;
    if (!seen.in_flight.empty()) ++life_.in_call;
    if (landing.is_torn) ++life_.torn;
    if (process.start.has_value()) ++life_.in_restart;
  }

  // The same calls, promises and files as in the simulator; where in it the kill fell.
  std::optional<Landing> Compare(const Process& process, const Testimony& seen, const Tree& tree) {
    std::string difference = FirstDifference(seen.calls, process.calls, "call",
                                             [](const std::string& line) { return line; });
    if (difference.empty())
      difference = FirstDifference(seen.events, process.events, "event", ToText);
    if (difference.empty() && seen.end == Testimony::End::kFinished &&
        seen.calls.size() < process.calls.size()) {
      difference = fmt::format("{} calls and then the end, in the simulator {}", seen.calls.size(),
                               process.calls.size());
    }
    if (!difference.empty()) {
      Find(kSameCalls, std::move(difference));
      return std::nullopt;
    }
    auto landing = FindLanding(process.points, seen.finished, seen.in_flight, tree);
    if (landing.ok()) return *std::move(landing);
    Find(kSameFiles, vfs::Message(landing.status()));
    return std::nullopt;
  }

  void CheckAtRest(const Tree& tree, const std::string& config) {
    World clone(DiskOf(tree), {.seed = life_.seed, .plan = {}}, nullptr);
    History history(config);
    scenario_.CheckAtRest(clone, history);
    for (const Event& event : history.events()) {
      if (event.kind == EventKind::kViolation) Find(event.domain, event.text);
    }
  }

  // A restart on a copy, so that what the kill left can be looked at.
  absl::Status CheckRestart(const Tree& tree, const std::string& config) {
    VFS_RETURN_IF_ERROR(RemoveAll(*check_));
    VFS_RETURN_IF_ERROR(WriteTree(tree, *check_));
    VFS_ASSIGN_OR_RETURN(const Testimony seen, RunVictim({}, [&](Witness& witness) {
                           Live(witness, check_path_, nullptr, config);
                         }));
    Expectation judged = memory_;
    for (const Event& event : seen.events) {
      if (const auto violation = judged.Fold(event)) Find(violation->invariant, violation->text);
    }
    if (seen.end == Testimony::End::kFinished) {
      ++life_.checks;
    } else {
      Find(kNoCrash, "the restart ended its process: " + seen.last_words);
    }
    return absl::OkStatus();
  }

  // The process dies in the simulator where the kill fell; its restart is judged, and then the
  // power is cut in it. `memory`: what was promised before this process.
  void ReplayDeath(const Process& process, std::uint64_t index, Expectation memory) {
    const CrashPoint& point = process.points[index];
    for (std::size_t i = 0; i < point.event_count; ++i) memory.Fold(process.events[i]);
    std::vector<Cut> path = repro_.cuts;
    Start start = DeathAt(rules_.cuts, point, 1, &path.emplace_back());
    start.depth = 0;
    start.key = RecoveryKey(start, rules_.cuts.plan);
    LeaveBreadcrumb(ToString(WithCuts(path)));
    const Rerun rerun = RerunGeneration(scenario_, rules_.cuts, start);
    ++life_.deaths;
    Judge(rerun.events, memory, path);

    // What a cut right after the death leaves, and cuts at drawn points of the restart.
    vfs::Prng prng = prng_.Fork("cuts").Fork(at_.size()).Fork(index);
    std::vector<std::uint64_t> at{0};
    while (at.size() < rules_.restart_cuts) at.push_back(prng.Below(rerun.points.size()));
    std::sort(at.begin(), at.end());
    std::size_t folded = 0;
    for (const std::uint64_t each : at) {
      const CrashPoint& cut_point = rerun.points[each];
      for (; folded < cut_point.event_count; ++folded) memory.Fold(rerun.events[folded]);
      ForEachStart(rules_.cuts, rules_.cuts.nested_budget, cut_point, 0,
                   [&](const Cut& cut, const Start& after) {
                     path.push_back(cut);
                     LeaveBreadcrumb(ToString(WithCuts(path)));
                     const Record record =
                         RunGeneration(scenario_, rules_.cuts, after, [](const Cut&, Start) {});
                     ++life_.power_cuts;
                     Judge(record.events, memory, path);
                     path.pop_back();
                   });
    }
  }

  Repro WithCuts(const std::vector<Cut>& path) const {
    Repro repro = repro_;
    repro.cuts = path;
    return repro;
  }

  void Judge(const std::vector<Event>& events, Expectation memory, const std::vector<Cut>& path) {
    for (const Event& event : events) {
      const auto violation = memory.Fold(event);
      if (!violation.has_value()) continue;
      FoundViolation found{
          .invariant = violation->invariant, .text = violation->text, .repro = WithCuts(path)};
      if (!is_exact_) found.text += " (behind a call that a kill tore: the repro may not show it)";
      found.repro.expect = found.invariant;
      found.repro.text = found.text;
      life_.violations.push_back(std::move(found));
    }
  }

  const Scenario& scenario_;
  KillRules rules_;
  Repro repro_;  // its cuts: the deaths so far
  const std::string disk_path_;
  const std::string check_path_;
  const vfs::Prng prng_;
  std::unique_ptr<vfs::PosixFileSystem> disk_;
  std::unique_ptr<vfs::PosixFileSystem> check_;
  Expectation memory_;                      // of the real disk
  std::vector<std::uint64_t> at_;           // where each process ended
  std::uint64_t nanos_per_call_ = 300'000;  // of the last process
  bool is_exact_ = true;                    // repro_ makes the disk that there is
  KillLife life_;
};

}  // namespace

absl::StatusOr<KillLife> RunKillLife(const Scenario& scenario,
                                     const KillRules& rules,
                                     const Repro& repro,
                                     std::uint64_t seed,
                                     const std::string& directory) {
  VFS_ASSIGN_OR_RETURN(const auto root, vfs::PosixFileSystem::Open(directory));
  return Chain(scenario, rules, repro, seed, directory).Run(*root);
}

std::string Encode(const absl::StatusOr<KillLife>& life) {
  nlohmann::ordered_json json;
  if (life.ok()) {
    json["numbers"] = {life->seed,  life->kills,  life->in_call, life->torn,      life->in_restart,
                       life->calls, life->checks, life->deaths,  life->power_cuts};
    json["findings"] = nlohmann::ordered_json::array();
    for (const KillFinding& found : life->findings)
      json["findings"].push_back({found.invariant, found.text, found.at});
    json["violations"] = nlohmann::ordered_json::array();
    for (const FoundViolation& found : life->violations)
      json["violations"].push_back({found.invariant, found.text, ToString(found.repro)});
  } else {
    json["error"] = vfs::Message(life.status());
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

absl::StatusOr<KillLife> DecodeKillLife(std::string_view bytes) {
  const auto json = nlohmann::ordered_json::parse(bytes, nullptr, false);
  if (json.is_discarded()) return vfs::Internal("read worker answer: not JSON");
  if (json.contains("error")) return vfs::ResourceExhausted("{}", json["error"].get<std::string>());
  KillLife life;
  const std::vector<std::uint64_t> numbers = json["numbers"];
  life.seed = numbers.at(0);
  life.kills = numbers.at(1);
  life.in_call = numbers.at(2);
  life.torn = numbers.at(3);
  life.in_restart = numbers.at(4);
  life.calls = numbers.at(5);
  life.checks = numbers.at(6);
  life.deaths = numbers.at(7);
  life.power_cuts = numbers.at(8);
  for (const auto& item : json["findings"]) life.findings.push_back({item[0], item[1], item[2]});
  for (const auto& item : json["violations"]) {
    FoundViolation found{.invariant = item[0], .text = item[1], .repro = {}};
    VFS_ASSIGN_OR_RETURN(found.repro, ParseRepro(item[2].get<std::string>(), "worker answer"));
    life.violations.push_back(std::move(found));
  }
  return life;
}

}  // namespace permafrost::sim
