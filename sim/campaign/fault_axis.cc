// The plans of the axis, and their explorations side by side.
#include "sim/campaign/fault_axis.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "sim/campaign/life.h"
#include "sim/explore/interrupt.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

using vfs::CallKind;

// Plans of one worker: what one plan's images recovered, its next ones know. Few enough that every
// job has work; may not depend on how many jobs there are.
constexpr std::size_t kPlansPerWorkerMin = 4;
constexpr std::size_t kPlansPerWorkerMax = 64;
constexpr std::size_t kWorkersOfFewPlans = 16;
constexpr std::size_t kWorkersPerRound = 8;
// Begins a worker's frame that is no life: the harness failed, not the code under test.
constexpr std::string_view kHarnessError = "harness: ";

// Words after `fail:`, "" for the default.
std::string HowText(const faults::SyncFailure& how) {
  const faults::FaultRule rule{.calls = {.which = faults::CallSelector::Class::kSync},
                               .effect = faults::Effect::kFail,
                               .how = how};
  const std::string text = ToString(rule);
  const std::size_t colon = text.find(':');
  return colon == std::string::npos ? "" : text.substr(colon + 1);
}

std::string FailText(const faults::SyncFailure& how) {
  const std::string words = HowText(how);
  return words.empty() ? "fail" : "fail:" + words;
}

absl::StatusOr<SyncPersonality> ParseSyncPersonality(std::string_view text) {
  SyncPersonality personality;
  std::string_view words = text;
  if (words == "late" || words.starts_with("late,")) {
    personality.is_late = true;
    words.remove_prefix(std::min(words.size(), std::string_view("late,").size()));
  }
  if (words.empty()) return personality;
  const auto rule = faults::ParseRule(fmt::format("when sync then fail:{}", words));
  if (!rule.ok()) {
    return vfs::InvalidArgument(
        "sync failure '{}': expected 'every', or late, one of kept, reverted and clean, "
        "every-handle, read-only, in this order and joined with ','",
        text);
  }
  personality.how = rule->how;
  return personality;
}

std::vector<SyncPersonality> EverySyncPersonality() {
  using faults::AfterFailedSync;
  std::vector<SyncPersonality> all;
  for (const bool is_read_only : {false, true}) {
    for (const AfterFailedSync content :
         {AfterFailedSync::kKeep, AfterFailedSync::kRevert, AfterFailedSync::kRevertOnDropCaches}) {
      const faults::SyncFailure how{.content = content, .remounts_read_only = is_read_only};
      faults::SyncFailure to_all = how;
      to_all.tells_every_handle = true;
      all.push_back({.how = how});
      all.push_back({.how = to_all});
      all.push_back({.how = how, .is_late = true});
    }
  }
  return all;
}

// The errors that a call of this kind can answer without having done anything, but EIO.
std::vector<std::string_view> OtherErrors(CallKind kind) {
  switch (kind) {
    case CallKind::kCreate: return {"enospc", "emfile"};
    case CallKind::kOpen: return {"emfile"};
    case CallKind::kMakeDir: return {"enospc", "edquot"};
    case CallKind::kAppend:
    case CallKind::kWrite: return {"enospc", "edquot"};
    case CallKind::kRename:
    case CallKind::kLink: return {"enospc"};
    default: return {};
  }
}

}  // namespace

std::string ToString(const SyncPersonality& personality) {
  const std::string words = HowText(personality.how);
  if (!personality.is_late) return words;
  return words.empty() ? "late" : "late," + words;
}

absl::StatusOr<std::vector<SyncPersonality>> ParseSyncPersonalities(std::string_view text) {
  if (text == "every") return EverySyncPersonality();
  std::vector<SyncPersonality> all;
  while (true) {
    const std::size_t end = text.find(';');
    VFS_ASSIGN_OR_RETURN(SyncPersonality one, ParseSyncPersonality(text.substr(0, end)));
    all.push_back(one);
    if (end == std::string_view::npos) return all;
    text.remove_prefix(end + 1);
  }
}

std::vector<faults::FaultPlan> EachCall(const std::vector<CallKind>& calls,
                                        const std::vector<SyncPersonality>& sync_failures) {
  std::vector<faults::FaultPlan> plans;
  const auto add = [&plans](const std::string& text) {
    const auto plan = faults::ParsePlan(text);
    VFS_CHECK(plan.ok(), "plan '{}': {}", text, vfs::Message(plan.status()));
    plans.push_back(*plan);
  };
  std::array<std::uint64_t, vfs::kCallKindCount> seen{};
  std::uint64_t syncs = 0;
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const CallKind kind = calls[i];
    const std::uint64_t nth = ++seen[static_cast<std::size_t>(kind)];
    const bool is_sync = vfs::IsSync(kind);
    if (is_sync) ++syncs;
    for (const SyncPersonality& failure : sync_failures) {
      if (is_sync && !failure.is_late)
        add(fmt::format("when sync nth={} then {}", syncs, FailText(failure.how)));
      if ((kind == CallKind::kAppend || kind == CallKind::kWrite) && failure.is_late)
        add(fmt::format("when {} nth={} then {}", vfs::ToString(kind), nth, FailText(failure.how)));
    }
    if (!is_sync) add(fmt::format("when any nth={} then eio", i + 1));
    if (vfs::IsMutating(kind)) add(fmt::format("when any nth={} then eio after", i + 1));
    if (kind == CallKind::kAppend || kind == CallKind::kWrite)
      add(fmt::format("when {} nth={} then short", vfs::ToString(kind), nth));
    for (const std::string_view error : OtherErrors(kind))
      add(fmt::format("when any nth={} then {}", i + 1, error));
  }
  return plans;
}

namespace {

// One plan explored, as it crosses from a worker.
absl::StatusOr<Life> ExploreOne(const Scenario& scenario,
                                const ExploreOptions& options,
                                RecoveryCache& cache) {
  Certificate found;
  VFS_RETURN_IF_ERROR(Explore(scenario, options, cache, found));
  Life life{.crash_points = found.crash_points,
            .cuts = found.candidates,
            .deaths = found.deaths,
            .recoveries = found.recoveries,
            .opens = found.opens,
            .trace_hash = found.trace_hash,
            .probes = std::move(found.probes)};
  for (auto& [fingerprint, violation] : found.violations)
    life.violations.push_back(std::move(violation));
  return life;
}

}  // namespace

absl::Status ExploreFaultAxis(const Scenario& scenario,
                              const ExploreOptions& base,
                              const FaultAxisOptions& axis,
                              const RecoveryCache& known,
                              Certificate& certificate) {
  std::vector<faults::FaultPlan> plans =
      EachCall(RunWorkload(scenario, base).calls, axis.sync_failures);
  if (axis.limit > 0 && axis.limit < plans.size()) {
    std::vector<faults::FaultPlan> some;
    for (std::uint64_t i = 0; i < axis.limit; ++i)
      some.push_back(std::move(plans[i * plans.size() / axis.limit]));
    plans = std::move(some);
  }
  const auto options_of = [&](std::size_t i) {
    ExploreOptions options = base;
    options.faults = faults::Join(base.faults, plans[i]);
    options.repro.faults = faults::ToString(options.faults);
    options.death_share = 0;
    options.points_after_fault = axis.cuts_after;
    options.recoveries_run = RecoveriesRun::kHere;
    return options;
  };
  const std::size_t plans_per_worker =
      std::clamp(plans.size() / kWorkersOfFewPlans, kPlansPerWorkerMin, kPlansPerWorkerMax);
  const std::size_t round_max = plans_per_worker * kWorkersPerRound * base.workers.jobs;
  for (std::size_t first = 0; first < plans.size() && !IsInterrupted(); first += round_max) {
    const std::size_t count = std::min(round_max, plans.size() - first);
    WorkerLimits limits = base.workers;
    limits.on_finished = [&](std::size_t finished) {
      if (axis.progress) axis.progress(first + finished, plans.size());
    };
    std::optional<RecoveryCache> of_worker;
    VFS_ASSIGN_OR_RETURN(
        const auto results, RunInWorkers(count, plans_per_worker, limits, [&](std::size_t i) {
          if (!of_worker.has_value()) of_worker = known;
          const auto life = ExploreOne(scenario, options_of(first + i), *of_worker);
          return life.ok() ? Encode(*life)
                           : fmt::format("{}{}", kHarnessError, vfs::Message(life.status()));
        }));
    for (std::size_t i = 0; i < count; ++i) {
      if (results[i].frame.starts_with(kHarnessError)) {
        return vfs::Aborted("explore under '{}': {}", options_of(first + i).repro.faults,
                            results[i].frame.substr(kHarnessError.size()));
      }
      if (results[i].is_finished) {
        VFS_ASSIGN_OR_RETURN(const Life life, DecodeLife(results[i].frame));
        AddTo(certificate, life);
      } else if (!results[i].last_words.empty()) {
        Repro repro = options_of(first + i).repro;
        repro.cuts = ParseCutLines(results[i].breadcrumb);
        AddDeathTo(certificate, std::move(repro), results[i].last_words);
      }
      ++certificate.runs;
    }
    if (base.stop_after > 0 && certificate.violations.size() >= base.stop_after) break;
  }
  certificate.is_interrupted = certificate.is_interrupted || IsInterrupted();
  return absl::OkStatus();
}

}  // namespace permafrost::sim
