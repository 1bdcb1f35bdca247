// The exploration: one workload, rounds of distinct images in forked workers, then one judgement
// per verdict key.
#include "sim/explore/explorer.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "sim/explore/interrupt.h"
#include "sim/explore/label_coverage.h"
#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::sim {
namespace {

// Starts of one worker and of one round. A start at depth 1 is one recovery: many of them keep the
// costs of fork far below the work. Below a deeper start hangs a tree: small rounds let the next
// ones know what was recovered already. Neither may depend on `jobs`.
struct RoundSize {
  std::size_t starts_per_worker = 0;
  std::size_t starts_max = 0;
};
RoundSize RoundSizeOf(const ExploreOptions& options) {
  RoundSize size = options.depth > 1 ? RoundSize{.starts_per_worker = 4, .starts_max = 32}
                                     : RoundSize{.starts_per_worker = 64, .starts_max = 1024};
  // Whoever stops at the first finding should not have to wait for a large round.
  if (options.stop_after > 0) size.starts_max = std::min<std::size_t>(size.starts_max, 192);
  if (options.round_starts > 0) size.starts_max = options.round_starts;
  return size;
}

using VerdictKey = std::pair<vfs::Hash128, vfs::Hash128>;

// Runs the start and everything below it that is not known yet; depth-first, so a record follows
// its parent.
class TreeRunner {
 public:
  TreeRunner(const Scenario& scenario, const CutRules& rules, const RecoveryCache& known)
      : scenario_(scenario), rules_(rules), known_(known) {}

  void Run(const Start& start, const std::string& path) {
    LeaveBreadcrumb(path);
    done_.insert(start.key);
    RunAndDescend(start, path);
  }

  std::string TakeFrame() {
    std::string frame;
    for (const Record& record : records_) {
      const std::string bytes = Encode(record, known_.events());
      vfs::AppendLittleEndian(frame, static_cast<std::uint64_t>(bytes.size()));
      frame += bytes;
    }
    records_.clear();
    return frame;
  }

 private:
  void RunAndDescend(const Start& start, const std::string& path) {
    struct Next {
      Cut cut;
      Start start;
    };
    std::vector<Next> next;
    Record record = RunGeneration(scenario_, rules_, start, [&](const Cut& cut, Start child) {
      if (known_.Find(child.key) != nullptr || done_.contains(child.key)) return;
      done_.insert(child.key);
      next.push_back({cut, std::move(child)});
    });
    records_.push_back(std::move(record));
    for (const Next& child : next)
      Run(child.start, fmt::format("{}\n{}", path, ToString(child.cut)));
  }

  const Scenario& scenario_;
  const CutRules& rules_;
  const RecoveryCache& known_;
  std::set<vfs::Hash128> done_;
  std::vector<Record> records_;
};

absl::Status TakeFrame(std::string_view frame, RecoveryCache& cache, Certificate& certificate) {
  while (!frame.empty()) {
    if (frame.size() < 8) return vfs::Internal("read worker frame: {} stray bytes", frame.size());
    const auto size = vfs::LoadLittleEndian<std::uint64_t>(frame, 0);
    VFS_ASSIGN_OR_RETURN(Record record, DecodeRecord(frame.substr(8, size), cache.events()));
    frame.remove_prefix(8 + size);
    ++certificate.recoveries;
    certificate.opens += record.opens;
    certificate.nested_points += record.points;
    certificate.nested_exhausted += record.exhausted;
    certificate.candidates += record.candidates;
    for (const auto& [name, count] : record.probes) certificate.probes[name] += count;
    const vfs::Hash128 trace_hash = record.trace_hash;
    if (cache.Insert(std::move(record))) {
      certificate.trace_hash += trace_hash;
      ++certificate.distinct;
    }
  }
  return absl::OkStatus();
}

// Walks records and reports what their answers break, once per verdict key.
class Judge {
 public:
  // `repro`: the fields of every finding that do not depend on it.
  Judge(const Repro& repro, const RecoveryCache& cache, Certificate& certificate)
      : repro_(repro), cache_(cache), certificate_(certificate) {}

  // `memory` is everything that was promised before this start's cut.
  void JudgeStart(const vfs::Hash128& key, const Expectation& memory, std::vector<Cut>& path) {
    if (!judged_.insert({key, memory.Digest()}).second) return;
    const RecoveryCache::Recovery* const record = cache_.Find(key);
    if (record == nullptr) return;  // its worker died; that was reported when it happened
    ++certificate_.judgements;
    Expectation state = memory;
    std::size_t child = 0;
    for (std::size_t i = 0; i <= record->events.size(); ++i) {
      for (; child < record->children.size() && record->children[child].event_count == i; ++child) {
        path.push_back(record->children[child].cut);
        JudgeStart(record->children[child].key, state, path);
        path.pop_back();
      }
      if (i == record->events.size()) break;
      if (const auto violation = state.Fold(*cache_.events().At(record->events[i])))
        Report(*violation, path);
    }
  }

  void Report(const Violation& violation, const std::vector<Cut>& path) {
    FoundViolation found{.invariant = violation.invariant, .text = violation.text, .repro = repro_};
    found.repro.cuts = path;
    found.repro.expect = violation.invariant;
    found.repro.text = violation.text;
    AddFinding(std::move(found), certificate_);
  }

 private:
  const Repro& repro_;
  const RecoveryCache& cache_;
  Certificate& certificate_;
  std::set<VerdictKey> judged_;
};

// One exploration's moving parts.
class Exploration {
 public:
  Exploration(const Scenario& scenario,
              const ExploreOptions& options,
              RecoveryCache& cache,
              Certificate& certificate)
      : scenario_(scenario),
        options_(options),
        cache_(cache),
        certificate_(certificate),
        repro_(options.repro),
        judge_(repro_, cache, certificate),
        round_size_(RoundSizeOf(options)) {}

  absl::Status Run() {
    LeaveBreadcrumb("");
    VFS_ASSIGN_OR_RETURN(const bool survives, WorkloadSurvives());
    if (!survives) return absl::OkStatus();
    Workload workload = RunWorkload(scenario_, options_);
    VFS_RETURN_IF_ERROR(CheckDeterminism(workload));
    if (scenario_.has_threads()) repro_.schedule = workload.threads.schedule;
    certificate_.trace_hash += workload.trace_hash;
    LabelCounter labels(workload.points);
    Expectation memory;
    std::size_t folded = 0;
    std::vector<Cut> no_cut;
    const auto fold_up_to = [&](std::size_t count) {
      for (; folded < count; ++folded) {
        if (const auto violation = memory.Fold(workload.history.events()[folded]))
          judge_.Report(*violation, no_cut);
      }
    };
    for (std::size_t i = 0; i < workload.points.size() && !ShouldStop(); ++i) {
      const CrashPoint& point = workload.points[i];
      fold_up_to(point.event_count);
      const bool is_last = i + 1 == workload.points.size();
      if (is_last || IsWanted(point, workload)) CutAt(point, memory, labels);
      if (starts_.size() >= round_size_.starts_max || is_last) {
        share_before_ = share_after_;
        share_after_ = static_cast<double>(i + 1) / static_cast<double>(workload.points.size());
        VFS_RETURN_IF_ERROR(FinishRound());
      }
    }
    VFS_RETURN_IF_ERROR(FinishRound());
    fold_up_to(workload.history.events().size());
    labels.AddTo(certificate_,
                 options_.points_after_fault == 0 ? CutEverywhere::kYes : CutEverywhere::kNo);
    certificate_.is_interrupted = certificate_.is_interrupted || IsInterrupted();
    return absl::OkStatus();
  }

 private:
  // The items in workers, or one after the other here.
  absl::StatusOr<std::vector<ItemResult>> RunItems(
      std::size_t count,
      std::size_t items_per_worker,
      const WorkerLimits& limits,
      absl::FunctionRef<std::string(std::size_t)> run) {
    if (options_.recoveries_run == RecoveriesRun::kInWorkers)
      return RunInWorkers(count, items_per_worker, limits, run);
    std::vector<ItemResult> results(count);
    for (std::size_t i = 0; i < count; ++i) results[i] = {.is_finished = true, .frame = run(i)};
    return results;
  }

  // What ends the workload's process (a deadlock, an assertion of a library after a fault) is a
  // finding: first in a worker, unless we are one.
  absl::StatusOr<bool> WorkloadSurvives() {
    const bool is_plain = !scenario_.has_threads() && options_.faults.empty();
    if (is_plain || options_.recoveries_run == RecoveriesRun::kHere) return true;
    VFS_ASSIGN_OR_RETURN(const auto results, TryWorkload());
    certificate_.is_interrupted = certificate_.is_interrupted || IsInterrupted();
    if (results[0].is_finished || IsInterrupted()) return !IsInterrupted();
    judge_.Report({kNoCrash, "the code under test ended its process: " + results[0].last_words},
                  {});
    return false;
  }

  // The workload once more after the first: its trace is the same.
  absl::Status CheckDeterminism(const Workload& workload) {
    VFS_ASSIGN_OR_RETURN(const auto results, TryWorkload());
    if (IsInterrupted()) return absl::OkStatus();
    if (!results[0].is_finished) return vfs::Internal("repeat workload: {}", results[0].last_words);
    if (results[0].frame != workload.trace_hash.Hex()) {
      return vfs::Aborted(
          "repeat workload seed=0x{:016x}: trace hash {} in a second process, {} in the first; see "
          "powercut check-determinism",
          options_.seed, results[0].frame, workload.trace_hash.Hex());
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<ItemResult>> TryWorkload() {
    return RunItems(1, 1, options_.workers,
                    [&](std::size_t) { return RunWorkload(scenario_, options_).trace_hash.Hex(); });
  }

  void CutAt(const CrashPoint& point, const Expectation& memory, LabelCounter& labels) {
    ++certificate_.crash_points;
    const vfs::Hash128 digest = memory.Digest();
    labels.BeginPoint(point);
    const ImageCount count = ForEachStart(options_.rules, options_.rules.workload_budget, point,
                                          options_.depth - 1, [&](const Cut& cut, Start start) {
                                            labels.AddImage(start.key);
                                            Add(cut, std::move(start), memory, digest);
                                          });
    labels.EndPoint(count);
    certificate_.candidates += count.candidates;
    certificate_.exhausted += count.exhausted ? 1 : 0;
    if (options_.death_share > 0 && point.index % options_.death_share == 0) {
      ++certificate_.deaths;
      Cut cut;
      Start start = DeathAt(options_.rules, point, options_.depth - 1, &cut);
      Add(cut, std::move(start), memory, digest);
    }
  }

  void Add(const Cut& cut, Start start, const Expectation& memory, const vfs::Hash128& digest) {
    if (!asked_.insert({start.key, digest}).second) return;
    if (last_memory_ == nullptr || last_digest_ != digest) {
      last_memory_ = std::make_shared<const Expectation>(memory);
      last_digest_ = digest;
    }
    verdicts_.push_back({cut, start.key, last_memory_});
    if (cache_.Find(start.key) == nullptr && collected_.insert(start.key).second) {
      starts_.push_back({cut, std::move(start)});
    }
  }

  absl::Status FinishRound() {
    WorkerLimits limits = options_.workers;
    limits.on_finished = [this](std::size_t finished) {
      const double share = static_cast<double>(finished) / static_cast<double>(starts_.size());
      Progress(share_before_ + (share_after_ - share_before_) * share);
    };
    VFS_ASSIGN_OR_RETURN(
        const auto results,
        RunItems(starts_.size(), round_size_.starts_per_worker, limits, [&](std::size_t i) {
          if (runner_ == nullptr)
            runner_ = std::make_unique<TreeRunner>(scenario_, options_.rules, cache_);
          runner_->Run(starts_[i].start, ToString(starts_[i].cut));
          return runner_->TakeFrame();
        }));
    for (const ItemResult& result : results) {
      if (result.is_finished) {
        VFS_RETURN_IF_ERROR(TakeFrame(result.frame, cache_, certificate_));
      } else if (!result.last_words.empty()) {
        judge_.Report({kNoCrash, "the code under test ended its process: " + result.last_words},
                      ParseCutLines(result.breadcrumb));
      }
    }
    std::vector<Cut> path;
    for (const Verdict& verdict : verdicts_) {
      path.assign(1, verdict.cut);
      judge_.JudgeStart(verdict.key, *verdict.memory, path);
    }
    starts_.clear();
    collected_.clear();
    verdicts_.clear();
    return absl::OkStatus();
  }

  bool IsWanted(const CrashPoint& point, const Workload& workload) const {
    if (options_.points_after_fault == 0) return true;
    return point.index >= workload.first_fault_point &&
           point.index - workload.first_fault_point < options_.points_after_fault;
  }

  bool ShouldStop() const {
    return IsInterrupted() ||
           (options_.stop_after > 0 && certificate_.violations.size() >= options_.stop_after);
  }

  void Progress(double share) const {
    if (options_.progress) options_.progress(certificate_, share);
  }

  struct Collected {
    Cut cut;
    Start start;
  };
  struct Verdict {
    Cut cut;
    vfs::Hash128 key;
    std::shared_ptr<const Expectation> memory;  // shared by the verdicts of one moment
  };

  const Scenario& scenario_;
  const ExploreOptions& options_;
  RecoveryCache& cache_;
  Certificate& certificate_;
  Repro repro_;
  Judge judge_;
  const RoundSize round_size_;
  double share_before_ = 0;             // of the crash points, before the round that runs now
  double share_after_ = 0;              // and with it
  std::unique_ptr<TreeRunner> runner_;  // made in each worker
  std::vector<Collected> starts_;
  std::set<vfs::Hash128> collected_;
  std::vector<Verdict> verdicts_;
  std::set<VerdictKey> asked_;
  std::shared_ptr<const Expectation> last_memory_;
  vfs::Hash128 last_digest_;
};

}  // namespace

bool RecoveryCache::Insert(Record record) {
  const auto [it, is_new] = recoveries_.try_emplace(record.key);
  if (!is_new) return false;
  it->second.events.reserve(record.events.size());
  for (const Event& event : record.events) it->second.events.push_back(events_.Intern(event));
  it->second.children = std::move(record.children);
  return true;
}

Workload RunWorkload(const Scenario& scenario, const ExploreOptions& options) {
  const faults::FaultPlan plan = faults::Join(options.faults, options.rules.plan);
  Workload workload{.history = History(FirstConfigOf(scenario, plan)),
                    .points = {},
                    .trace_hash = {},
                    .calls = {},
                    .unfired = {},
                    .first_fault_point = 0,
                    .threads = {}};
  WorldOptions world_options{.seed = options.seed,
                             .plan = plan,
                             .disk = options.rules.disk,
                             .keep_points = KeepPoints::kYes};
  CutRules rules = options.rules;
  if (options.schedule.has_value()) {
    rules.threading.strategy = {.kind = StrategySpec::Kind::kReplay, .schedule = *options.schedule};
  }
  const auto work = [&](World& world) {
    scenario.Work(world, workload.history, options.script);
    workload.points = world.TakePoints();
    workload.trace_hash = world.trace().hash();
    workload.calls = world.TakeCalls();
    workload.unfired = world.faulty().Unfired();
    workload.first_fault_point = world.first_fault_point();
  };
  workload.threads =
      InWorldOf(scenario, rules, DiskState(), world_options, &workload.history, work);
  return workload;
}

absl::Status Explore(const Scenario& scenario,
                     const ExploreOptions& options,
                     RecoveryCache& cache,
                     Certificate& certificate) {
  VFS_CHECK(options.depth >= 1, "depth {}", options.depth);
  return Exploration(scenario, options, cache, certificate).Run();
}

}  // namespace permafrost::sim
