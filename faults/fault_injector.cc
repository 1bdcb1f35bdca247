// Rule matching and counting.
#include "faults/fault_injector.h"

#include <algorithm>
#include <cerrno>

#include "faults/glob.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/step.h"
#include "vfs/posix/posix_error.h"

namespace permafrost::faults {
namespace {

bool MatchesPath(const FaultRule& rule, const vfs::Call& call) {
  if (rule.path.empty() || GlobMatches(rule.path, call.path)) return true;
  const bool has_second = call.kind == vfs::CallKind::kRename || call.kind == vfs::CallKind::kLink;
  return has_second && GlobMatches(rule.path, call.path_to);
}

bool Overlaps(const FaultRule& rule, const vfs::Call& call) {
  return call.offset < rule.range_end && rule.range_first < call.offset + call.bytes;
}

bool Matches(const FaultRule& rule, const vfs::Call& call) {
  return rule.calls.Matches(call.kind) && MatchesPath(rule, call) &&
         (rule.label.empty() || vfs::Step::IsUnder(rule.label)) &&
         (rule.range_end == 0 || Overlaps(rule, call));
}

bool AsksForInodeErrors(const FaultPlan& plan) {
  return std::any_of(plan.rules.begin(), plan.rules.end(), [](const FaultRule& rule) {
    return rule.effect == Effect::kFail &&
           (rule.how.tells_every_handle || !rule.calls.IsSyncOnly());
  });
}

// Bytes that a call takes from a budget.
std::uint64_t BytesOf(const vfs::Call& call) {
  const bool writes = call.kind == vfs::CallKind::kAppend || call.kind == vfs::CallKind::kWrite;
  return writes ? call.bytes : 0;
}

}  // namespace

FaultInjector::FaultInjector(FaultPlan plan, vfs::Clock* clock)
    : plan_(std::move(plan)),
      clock_(clock),
      has_inode_errors_(AsksForInodeErrors(plan_)),
      matches_(plan_.rules.size()),
      bytes_(plan_.rules.size()) {
  for (const FaultRule& rule : plan_.rules) {
    const absl::Status status = CheckRule(rule);
    VFS_CHECK(status.ok(), "{}", vfs::Message(status));
  }
}

std::optional<std::size_t> FaultInjector::Decide(const vfs::Call& call) {
  std::optional<std::size_t> decided;
  std::uint64_t stall_nanos = 0;
  {
    const vfs::MutexLock lock(&mu_);
    ++calls_;
    for (std::size_t i = 0; i < plan_.rules.size(); ++i) {
      const FaultRule& rule = plan_.rules[i];
      if (rule.effect == Effect::kIgnoreError || !Matches(rule, call)) continue;
      if (!CountMatch(i, call)) continue;
      if (rule.effect == Effect::kStall) {
        stall_nanos += rule.stall_nanos;
        Note(i, call);
      } else if (!decided) {
        decided = i;
      }
    }
  }
  if (stall_nanos != 0 && clock_ != nullptr) clock_->SleepNanos(stall_nanos);
  return decided;
}

void FaultInjector::Note(std::size_t rule, const vfs::Call& call) {
  injected_.push_back({rule, call.kind, std::string(call.path), vfs::Step::Path()});
}

void FaultInjector::Record(std::size_t rule, const vfs::Call& call) {
  const vfs::MutexLock lock(&mu_);
  Note(rule, call);
  if (plan_.rules[rule].how.remounts_read_only) read_only_ = rule;
}

absl::Status FaultInjector::CheckRemount(const vfs::Call& call) {
  const vfs::MutexLock lock(&mu_);
  if (!read_only_.has_value() || !vfs::IsMutating(call.kind)) return absl::OkStatus();
  Note(*read_only_, call);
  return vfs::MarkInjected(vfs::ErrnoToStatus(EROFS, vfs::ToString(call.kind), call.path));
}

void FaultInjector::Remount() {
  const vfs::MutexLock lock(&mu_);
  read_only_.reset();
}

std::shared_ptr<InodeErrors> FaultInjector::ErrorsOf(const vfs::FileIdentity& inode, bool is_new) {
  const vfs::MutexLock lock(&mu_);
  std::shared_ptr<InodeErrors>& errors = errors_[{inode.device, inode.inode}];
  if (errors == nullptr || is_new) errors = std::make_shared<InodeErrors>();
  return errors;
}

bool FaultInjector::HasRot() const {
  const vfs::MutexLock lock(&mu_);
  return std::any_of(injected_.begin(), injected_.end(), [this](const Injection& injection) {
    return IsRot(plan_.rules[injection.rule].effect);
  });
}

absl::Status FaultInjector::Answer(const vfs::Call& call, absl::Status result) {
  if (result.ok() || !vfs::IsInjected(result)) return result;
  const vfs::MutexLock lock(&mu_);
  for (std::size_t i = 0; i < plan_.rules.size(); ++i) {
    const FaultRule& rule = plan_.rules[i];
    if (rule.effect != Effect::kIgnoreError || !Matches(rule, call) || !CountMatch(i, call))
      continue;
    Note(i, call);
    return absl::OkStatus();
  }
  return result;
}

std::uint64_t FaultInjector::FallibleCalls() const {
  const vfs::MutexLock lock(&mu_);
  return calls_;
}

std::vector<Injection> FaultInjector::Injected() const {
  const vfs::MutexLock lock(&mu_);
  return injected_;
}

std::vector<std::string> FaultInjector::Unfired() const {
  const vfs::MutexLock lock(&mu_);
  std::vector<std::string> unfired;
  for (std::size_t i = 0; i < plan_.rules.size(); ++i) {
    const bool fired = std::any_of(injected_.begin(), injected_.end(),
                                   [i](const Injection& injection) { return injection.rule == i; });
    if (!fired) unfired.push_back(ToString(plan_.rules[i]));
  }
  return unfired;
}

void FaultInjector::Reset() {
  const vfs::MutexLock lock(&mu_);
  calls_ = 0;
  std::fill(matches_.begin(), matches_.end(), 0);
  std::fill(bytes_.begin(), bytes_.end(), 0);
  read_only_.reset();
  errors_.clear();
  injected_.clear();
}

bool FaultInjector::CountMatch(std::size_t rule, const vfs::Call& call) {
  if (const std::uint64_t budget = plan_.rules[rule].budget_bytes; budget != 0) {
    bytes_[rule] += BytesOf(call);
    if (bytes_[rule] <= budget) return false;
    // What is refused takes no space: a smaller write may still fit.
    bytes_[rule] -= BytesOf(call);
  }
  const std::uint64_t match = ++matches_[rule];
  const std::uint64_t first = std::max<std::uint64_t>(1, plan_.rules[rule].nth);
  return plan_.rules[rule].repeat == Repeat::kOnce ? match == first : match >= first;
}

int ErrnoOfEffect(Effect effect) {
  switch (effect) {
    case Effect::kEio:
    case Effect::kFail: return EIO;
    case Effect::kEnospc:
    case Effect::kShort: return ENOSPC;
    case Effect::kEdquot: return EDQUOT;
    case Effect::kEmfile: return EMFILE;
    default: break;  // answers OK
  }
  VFS_CHECK(false, "effect {} is not an error", ToString(effect));
}

absl::Status InjectedError(Effect effect, const vfs::Call& call) {
  const int error = ErrnoOfEffect(effect);
  const std::string_view operation = vfs::ToString(call.kind);
  if (vfs::IsSync(call.kind)) {
    return vfs::MarkInjected(
        vfs::PosixErrorAs(absl::StatusCode::kDataLoss, error, operation, call.path));
  }
  return vfs::MarkInjected(vfs::ErrnoToStatus(error, operation, call.path));
}

}  // namespace permafrost::faults
