// One exploration per variant, then delta debugging over the labels that were not needed alone.
#include "sim/campaign/sync_audit.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "sim/explore/interrupt.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step_labels.h"

namespace permafrost::sim {
namespace {

// One sync call of the workload.
struct SyncCall {
  std::string site;
  bool settles = false;  // something was pending that it settled
};

bool IsOurs(std::string_view label) {
  return !label.starts_with("rocksdb.") && label != "background" && label != "client.write";
}

// Sync calls of the baseline by label. A call counts for every engine label above it, and for its
// own RocksDB label.
std::map<std::string, std::vector<SyncCall>> SyncCallsOf(const Workload& workload) {
  std::map<std::string, std::vector<SyncCall>> calls;
  for (std::size_t i = 0; i + 1 < workload.points.size(); ++i) {
    const CrashPoint& point = workload.points[i];
    if (!point.is_sync) continue;
    // The snapshot of the next point is the disk just after this sync: it took something away or it
    // was vacuous.
    const bool settles = point.snapshot.FullKey() != workload.points[i + 1].snapshot.FullKey();
    for (const std::string& label : point.labels) {
      const bool is_innermost = &label == &point.labels.back();
      if (IsOurs(label) || (is_innermost && label.starts_with("rocksdb.")))
        calls[label].push_back({point.site, settles});
    }
  }
  return calls;
}

std::string DropRule(const std::string& label, std::uint64_t instance) {
  if (instance == 0) return fmt::format("when sync label={} then drop sticky", label);
  return fmt::format("when sync label={} nth={} then drop once", label, instance);
}

// Null if the label is no exception.
const vfs::SyncException* ExceptionOf(std::string_view label) {
  for (const vfs::SyncException& exception : vfs::kSyncExceptions) {
    if (exception.label == label) return &exception;
  }
  return nullptr;
}

struct Explored {
  std::string violation;  // first fingerprint; empty: none
  double exhaustive_share = 0;
};

class Audit {
 public:
  Audit(const Scenario& scenario,
        const ExploreOptions& base,
        const std::function<void(double, std::string_view)>& progress)
      : scenario_(scenario), base_(base), progress_(progress) {}

  absl::StatusOr<std::vector<SyncRow>> Run(AuditInstances instances) {
    const auto calls = SyncCallsOf(RunWorkload(scenario_, base_));
    std::size_t total = calls.size();
    for (const auto& [label, list] : calls)
      total += instances == AuditInstances::kYes && IsOurs(label) ? list.size() : 0;
    std::size_t done = 0;
    std::vector<SyncRow> rows;
    for (const auto& [label, list] : calls) {
      const std::size_t instance_count =
          instances == AuditInstances::kYes && IsOurs(label) ? list.size() : 0;
      for (std::size_t instance = 0; instance <= instance_count && !IsInterrupted(); ++instance) {
        progress_(static_cast<double>(done++) / static_cast<double>(total),
                  fmt::format("{} {}", label, instance));
        VFS_ASSIGN_OR_RETURN(SyncRow row, AuditOne(label, instance, list));
        // An exploration that was cut short cannot say that a sync is not needed.
        if (IsInterrupted() && row.verdict == SyncVerdict::kNotShown) break;
        rows.push_back(std::move(row));
      }
    }
    VFS_RETURN_IF_ERROR(FindRedundantSets(rows));
    for (SyncRow& row : rows) {
      const vfs::SyncException* const exception = ExceptionOf(row.label);
      if (row.verdict != SyncVerdict::kNotShown || exception == nullptr) continue;
      row.verdict = SyncVerdict::kExcepted;
      row.reason = exception->reason;
    }
    return rows;
  }

 private:
  absl::StatusOr<SyncRow> AuditOne(const std::string& label,
                                   std::uint64_t instance,
                                   const std::vector<SyncCall>& calls) {
    SyncRow row{.label = label, .instance = instance, .is_engine = IsOurs(label)};
    const bool is_one = instance > 0;
    if (row.is_engine) row.call_site = calls[is_one ? instance - 1 : 0].site;
    const bool settles = is_one ? calls[instance - 1].settles
                                : std::any_of(calls.begin(), calls.end(),
                                              [](const SyncCall& call) { return call.settles; });
    if (!settles) {
      row.verdict = SyncVerdict::kVacuous;
      return row;
    }
    VFS_ASSIGN_OR_RETURN(const Explored explored, ExploreWithout({DropRule(label, instance)}));
    row.exhaustive_share = explored.exhaustive_share;
    row.violation = explored.violation;
    row.verdict = explored.violation.empty() ? SyncVerdict::kNotShown : SyncVerdict::kNeeded;
    return row;
  }

  absl::StatusOr<Explored> ExploreWithout(const std::vector<std::string>& rules) {
    std::string text;
    for (const std::string& rule : rules) text += rule + "; ";
    ExploreOptions options = base_;
    VFS_ASSIGN_OR_RETURN(options.rules.plan, faults::ParsePlan(text));
    options.stop_after = 1;
    Certificate certificate;
    RecoveryCache cache;
    VFS_RETURN_IF_ERROR(Explore(scenario_, options, cache, certificate));
    Explored explored{.violation = "", .exhaustive_share = certificate.exhaustive_share()};
    if (!certificate.violations.empty())
      explored.violation = certificate.violations.begin()->second.fingerprint;
    return explored;
  }

  // Labels that are not needed alone: drop all of them together, and shrink what fails to minimal
  // sets.
  absl::Status FindRedundantSets(std::vector<SyncRow>& rows) {
    std::vector<std::string> candidates;
    for (const SyncRow& row : rows) {
      if (row.instance == 0 && row.is_engine && row.verdict == SyncVerdict::kNotShown)
        candidates.push_back(row.label);
    }
    while (candidates.size() > 1 && !IsInterrupted()) {
      VFS_ASSIGN_OR_RETURN(Explored explored, ExploreWithout(RulesOf(candidates)));
      if (explored.violation.empty()) break;
      std::vector<std::string> minimal = candidates;
      for (std::size_t i = minimal.size(); i-- > 0 && minimal.size() > 1;) {
        std::vector<std::string> fewer = minimal;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
        progress_(1.0, fmt::format("shrinking a set of {}", fewer.size()));
        VFS_ASSIGN_OR_RETURN(const Explored without, ExploreWithout(RulesOf(fewer)));
        if (IsInterrupted()) return absl::OkStatus();  // a set that was not shrunk is not minimal
        if (without.violation.empty()) continue;
        minimal = std::move(fewer);
        explored = without;
      }
      MarkRedundant(minimal, explored, rows);
      std::erase_if(candidates, [&](const std::string& label) {
        return std::find(minimal.begin(), minimal.end(), label) != minimal.end();
      });
    }
    return absl::OkStatus();
  }

  static std::vector<std::string> RulesOf(const std::vector<std::string>& labels) {
    std::vector<std::string> rules;
    for (const std::string& label : labels) rules.push_back(DropRule(label, 0));
    return rules;
  }

  static void MarkRedundant(const std::vector<std::string>& set,
                            const Explored& explored,
                            std::vector<SyncRow>& rows) {
    for (SyncRow& row : rows) {
      if (row.verdict != SyncVerdict::kNotShown ||
          std::find(set.begin(), set.end(), row.label) == set.end())
        continue;
      row.verdict = SyncVerdict::kRedundant;
      row.violation = explored.violation;
      for (const std::string& label : set) {
        if (label != row.label) row.with.push_back(label);
      }
    }
  }

  const Scenario& scenario_;
  const ExploreOptions& base_;
  const std::function<void(double, std::string_view)>& progress_;
};

}  // namespace

std::string_view ToString(SyncVerdict verdict) {
  switch (verdict) {
    case SyncVerdict::kNeeded: return "needed";
    case SyncVerdict::kVacuous: return "vacuous";
    case SyncVerdict::kRedundant: return "redundant";
    case SyncVerdict::kNotShown: return "not shown";
    case SyncVerdict::kExcepted: return "exception";
  }
  VFS_CHECK(false, "bad SyncVerdict {}", static_cast<int>(verdict));
}

bool SyncRow::is_breach() const {
  if (!is_engine || instance != 0) return false;
  const bool is_shown = verdict == SyncVerdict::kNeeded || verdict == SyncVerdict::kRedundant;
  const vfs::SyncException* const exception = ExceptionOf(label);
  const bool is_listed = exception != nullptr && exception->shown_by.empty();
  return verdict == SyncVerdict::kNotShown || (is_shown && is_listed);
}

absl::StatusOr<std::vector<SyncRow>> AuditSyncs(
    const Scenario& scenario,
    const ExploreOptions& base,
    AuditInstances instances,
    const std::function<void(double share, std::string_view what)>& progress) {
  return Audit(scenario, base, progress).Run(instances);
}

}  // namespace permafrost::sim
