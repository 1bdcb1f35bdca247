// `powercut replay FILE...`: shows the violation of a repro again, or that a mended bug stays
// mended.
#include <memory>
#include <vector>

#include <fmt/format.h>

#include "sim/cli/command.h"
#include "sim/cli/commands.h"
#include "sim/cli/host_file.h"
#include "sim/cli/output.h"
#include "sim/explore/interrupt.h"
#include "sim/oracle/expectation.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

struct ReplayFlags {
  std::vector<std::string> files;
  bool is_json = false;
  bool is_quiet = false;
  bool shows_events = false;
};

struct Outcome {
  std::vector<Violation> violations;
  std::vector<std::string> story;
};

// One line; what is long is cut.
std::string ToLine(const Event& event) {
  constexpr std::size_t kTextMax = 160;
  const std::string text = event.text.substr(0, kTextMax);
  return fmt::format("  {:<11} {}{}{}{}", ToString(event.kind), event.domain,
                     event.domain.empty() || text.empty() ? "" : " = ", text,
                     event.text.size() > kTextMax ? "..." : "");
}

absl::StatusOr<Outcome> Replay(const Repro& repro, bool shows_events) {
  CommonFlags flags;
  flags.scenario = repro.scenario;
  flags.is_stock = repro.is_stock;
  flags.without = repro.without;
  flags.faults = repro.faults;
  if (!repro.mutate.empty()) flags.mutate = {repro.mutate};
  if (repro.has_threads) {
    flags.mode = std::string(ToString(repro.thread_mode));
    flags.strategy = ToString(repro.strategy);
    flags.has_sync_points = repro.has_sync_points;
  }
  VFS_ASSIGN_OR_RETURN(const auto scenario, MakeNamedScenario(flags));
  VFS_ASSIGN_OR_RETURN(ExploreOptions options,
                       ExploreOptionsOf(flags, *scenario, repro.personality));
  options.seed = repro.seed;
  options.rules.convergence_share = 1;
  if (repro.reverts_after_failed_sync)
    options.rules.disk.after_failed_sync = AfterFailedSync::kRevert;
  if (!repro.ops.empty()) options.script = repro.ops;
  options.schedule = repro.schedule;

  Outcome outcome;
  Expectation memory;
  const auto fold = [&](const std::vector<Event>& events, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (shows_events) outcome.story.push_back(ToLine(events[i]));
      if (auto violation = memory.Fold(events[i]))
        outcome.violations.push_back(*std::move(violation));
    }
  };
  Workload workload = RunWorkload(*scenario, options);
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
    Rerun rerun = RerunGeneration(*scenario, options.rules, start);
    outcome.story.push_back(fmt::format("recovery {}: {} crash points, trace {}", i + 1,
                                        rerun.points.size(), rerun.trace_hash.Hex()));
    events = std::move(rerun.events);
    points = std::move(rerun.points);
  }
  fold(events, events.size());
  return outcome;
}

// One file in a worker: an abort of the code under test is an outcome like any other.
absl::StatusOr<Outcome> ReplayInWorker(const Repro& repro, bool shows_events) {
  VFS_ASSIGN_OR_RETURN(const auto results, RunInWorkers(1, 1, {}, [&](std::size_t) {
                         nlohmann::ordered_json json;
                         const auto outcome = Replay(repro, shows_events);
                         if (!outcome.ok()) {
                           json["error"] = vfs::Message(outcome.status());
                           return json.dump(-1, ' ', false,
                                            nlohmann::json::error_handler_t::replace);
                         }
                         json["story"] = outcome->story;
                         json["violations"] = nlohmann::ordered_json::array();
                         for (const Violation& violation : outcome->violations)
                           json["violations"].push_back({violation.invariant, violation.text});
                         return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
                       }));
  Outcome outcome;
  if (!results[0].is_finished && IsInterrupted())
    return vfs::Internal("replay: interrupted before it ended");
  if (!results[0].is_finished) {
    outcome.violations.push_back(
        {"0-no-crash-no-hang", "the code under test ended its process: " + results[0].last_words});
    return outcome;
  }
  const auto json = nlohmann::ordered_json::parse(results[0].frame, nullptr, false);
  if (json.is_discarded()) return vfs::Internal("read worker answer: not JSON");
  if (json.contains("error")) return vfs::InvalidArgument("{}", json["error"].get<std::string>());
  outcome.story = json["story"].get<std::vector<std::string>>();
  for (const auto& item : json["violations"]) outcome.violations.push_back({item[0], item[1]});
  return outcome;
}

absl::StatusOr<int> ReplayFile(const ReplayFlags& flags,
                               const CommonFlags& output,
                               const std::string& path) {
  VFS_ASSIGN_OR_RETURN(const std::string text, ReadFile("repro", path));
  VFS_ASSIGN_OR_RETURN(const Repro repro, ParseRepro(text, path));
  VFS_ASSIGN_OR_RETURN(const Outcome outcome, ReplayInWorker(repro, flags.shows_events));
  for (const std::string& line : outcome.story) Say(output, fmt::format("  {}\n", line));
  bool is_expected = false;
  for (const Violation& violation : outcome.violations) {
    Say(output, fmt::format("FAIL {} {}\n", violation.invariant, violation.text));
    is_expected = is_expected || violation.invariant == repro.expect;
  }
  const bool is_clean = outcome.violations.empty();
  Say(output,
      fmt::format("SUMMARY: powercut: {} {} (expected {}, found {})\n",
                  is_clean ? "clean" : "violated", path,
                  repro.expect.empty() ? "clean" : repro.expect,
                  is_clean ? "no violation"
                           : fmt::format("{} violations{}", outcome.violations.size(),
                                         is_expected ? ", the expected one among them" : "")));
  if (flags.is_json) {
    nlohmann::ordered_json json{{"repro", path},
                                {"scenario", repro.scenario},
                                {"expect", repro.expect},
                                {"violations", outcome.violations.size()},
                                {"reproduced", is_expected}};
    json["found"] = nlohmann::ordered_json::array();
    for (const Violation& violation : outcome.violations)
      json["found"].push_back({{"invariant", violation.invariant}, {"text", violation.text}});
    PrintJson(json);
  }
  return is_clean ? kExitClean : kExitViolation;
}

int RunReplay(const ReplayFlags& flags) {
  CommonFlags output;
  output.is_json = flags.is_json;
  output.is_quiet = flags.is_quiet;
  int worst = kExitClean;
  for (const std::string& path : flags.files) {
    if (HasReaderLeft()) break;
    const auto code = ReplayFile(flags, output, path);
    if (code.ok()) worst = std::max(worst, *code);
    if (IsInterrupted()) {
      Say(output, fmt::format("SUMMARY: powercut: interrupted at {}\n", path));
      return worst == kExitViolation ? worst : InterruptExitCode();
    }
    if (!code.ok()) {
      // A file that cannot be read or understood is the caller's mistake.
      Fail(code.status());
      return absl::IsInternal(code.status()) ? kExitHarness : kExitUsage;
    }
  }
  return worst;
}

}  // namespace

void AddReplayCommand(CLI::App& app, ExitCode& exit) {
  CLI::App* const command =
      app.add_subcommand("replay", "Replay repro files: exit code 1 if one shows a violation");
  const auto flags = std::make_shared<ReplayFlags>();
  command->add_option("files", flags->files, "Repro files")->required();
  command->add_flag("--json", flags->is_json,
                    "One JSON object per file on stdout; text for people goes to stderr");
  command->add_flag("-q,--quiet", flags->is_quiet, "No text for people");
  command->add_flag("--events", flags->shows_events,
                    "Show what was attempted, acknowledged and served, generation by generation");
  command->callback([flags, &exit] { exit.value = RunReplay(*flags); });
}

}  // namespace permafrost::sim
