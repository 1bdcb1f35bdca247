// The state of a plan in use: counts calls per rule, decides each call, and keeps the record of
// what was injected.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "faults/fault_plan.h"
#include "vfs/base/mutex.h"
#include "vfs/call.h"

namespace permafrost::faults {

// One fault that took effect.
struct Injection {
  std::size_t rule = 0;  // index into the plan
  vfs::CallKind kind = vfs::CallKind::kStat;
  std::string path;    // as the caller gave it
  std::string labels;  // the step stack, outermost first, '/'-joined; "" outside every step

  friend bool operator==(const Injection&, const Injection&) = default;
};

// No chance and no policy: the same plan over the same calls injects the same faults.
//
// Threads: any thread; the nth call is then the nth to get the lock.
class FaultInjector {
 public:
  explicit FaultInjector(FaultPlan plan);

  // Counts the call and says which rule fires on it, if any.
  std::optional<std::size_t> Decide(const vfs::Call& call);
  // Records that a rule took effect.
  void Record(std::size_t rule, const vfs::Call& call);
  // The answer of a call without a value: an injected error may be ignored by a rule.
  absl::Status Answer(const vfs::Call& call, absl::Status result);

  const FaultPlan& plan() const { return plan_; }
  // Calls seen: those that `when any nth=N` counts.
  std::uint64_t FallibleCalls() const;
  std::vector<Injection> Injected() const;
  // The rules that took no effect, in plan order: a test that expects a fault must look here.
  std::vector<std::string> Unfired() const;
  // Back to the state after construction, so that a script can be run again.
  void Reset();

 private:
  // Counts one match of the rule and says whether it fires.
  bool CountMatch(std::size_t rule) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const FaultPlan plan_;
  mutable vfs::Mutex mu_;
  std::uint64_t calls_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::uint64_t> matches_ ABSL_GUARDED_BY(mu_);  // per rule
  std::vector<Injection> injected_ ABSL_GUARDED_BY(mu_);
};

// The error of an effect, marked as injected: "<op> <path>: <strerror> (errno N)". Requires an
// effect that is an error.
absl::Status InjectedError(Effect effect, const vfs::Call& call);

}  // namespace permafrost::faults
