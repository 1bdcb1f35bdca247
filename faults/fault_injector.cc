// Rule matching and counting.
#include "faults/fault_injector.h"

#include <algorithm>
#include <cerrno>

#include "faults/glob.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/step.h"

namespace permafrost::faults {
namespace {

bool MatchesPath(const FaultRule& rule, const vfs::Call& call) {
  if (rule.path.empty() || GlobMatches(rule.path, call.path)) return true;
  const bool has_second = call.kind == vfs::CallKind::kRename || call.kind == vfs::CallKind::kLink;
  return has_second && GlobMatches(rule.path, call.path_to);
}

bool Matches(const FaultRule& rule, const vfs::Call& call) {
  return rule.calls.Matches(call.kind) && MatchesPath(rule, call) &&
         (rule.label.empty() || vfs::Step::IsUnder(rule.label));
}

int ErrnoOfEffect(Effect effect) {
  switch (effect) {
    case Effect::kEio:
    case Effect::kFail: return EIO;
    case Effect::kEnospc:
    case Effect::kShort: return ENOSPC;
    case Effect::kEdquot: return EDQUOT;
    case Effect::kEmfile: return EMFILE;
    case Effect::kDrop:
    case Effect::kUnsynced:
    case Effect::kIgnoreError: break;
  }
  VFS_CHECK(false, "effect {} is not an error", ToString(effect));
}

}  // namespace

FaultInjector::FaultInjector(FaultPlan plan)
    : plan_(std::move(plan)), matches_(plan_.rules.size()) {
  for (const FaultRule& rule : plan_.rules) {
    const absl::Status status = CheckRule(rule);
    VFS_CHECK(status.ok(), "{}", vfs::Message(status));
  }
}

std::optional<std::size_t> FaultInjector::Decide(const vfs::Call& call) {
  const vfs::MutexLock lock(&mu_);
  ++calls_;
  std::optional<std::size_t> decided;
  for (std::size_t i = 0; i < plan_.rules.size(); ++i) {
    const FaultRule& rule = plan_.rules[i];
    if (rule.effect == Effect::kIgnoreError || !Matches(rule, call)) continue;
    if (CountMatch(i) && !decided) decided = i;
  }
  return decided;
}

void FaultInjector::Record(std::size_t rule, const vfs::Call& call) {
  const vfs::MutexLock lock(&mu_);
  injected_.push_back({rule, call.kind, std::string(call.path), vfs::Step::Path()});
}

absl::Status FaultInjector::Answer(const vfs::Call& call, absl::Status result) {
  if (result.ok() || !vfs::IsInjected(result)) return result;
  const vfs::MutexLock lock(&mu_);
  for (std::size_t i = 0; i < plan_.rules.size(); ++i) {
    const FaultRule& rule = plan_.rules[i];
    if (rule.effect != Effect::kIgnoreError || !Matches(rule, call) || !CountMatch(i)) continue;
    injected_.push_back({i, call.kind, std::string(call.path), vfs::Step::Path()});
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
  injected_.clear();
}

bool FaultInjector::CountMatch(std::size_t rule) {
  const std::uint64_t match = ++matches_[rule];
  const std::uint64_t first = std::max<std::uint64_t>(1, plan_.rules[rule].nth);
  return plan_.rules[rule].repeat == Repeat::kOnce ? match == first : match >= first;
}

absl::Status InjectedError(Effect effect, const vfs::Call& call) {
  return vfs::MarkInjected(
      vfs::ErrnoToStatus(ErrnoOfEffect(effect), vfs::ToString(call.kind), call.path));
}

}  // namespace permafrost::faults
