// The state of a plan in use: counts calls per rule, decides each call, and keeps the record of
// what was injected.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/status.h>

#include "faults/fault_plan.h"
#include "faults/inode_errors.h"
#include "vfs/base/mutex.h"
#include "vfs/call.h"
#include "vfs/clock.h"
#include "vfs/file_system.h"

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
  // Stalls take their time on `clock`; none without one. It must outlive this.
  explicit FaultInjector(FaultPlan plan, vfs::Clock* clock = nullptr);

  // Counts the call and says which rule fires on it, if any. A stall is over when this returns, and
  // fires nothing more.
  std::optional<std::size_t> Decide(const vfs::Call& call);
  // Records that a rule took effect.
  void Record(std::size_t rule, const vfs::Call& call);
  // The error of a disk that was remounted read-only, if the call would change something.
  absl::Status CheckRemount(const vfs::Call& call);
  // The disk can be changed again: it was mounted anew.
  void Remount();
  // Whether the plan asks for InodeErrors, and those of one inode; of a new one if it was made just
  // now, since disks use numbers again.
  bool has_inode_errors() const { return has_inode_errors_; }
  std::shared_ptr<InodeErrors> ErrorsOf(const vfs::FileIdentity& inode, bool is_new);
  // The answer of a call without a value: an injected error may be ignored by a rule.
  absl::Status Answer(const vfs::Call& call, absl::Status result);

  const FaultPlan& plan() const { return plan_; }
  // Calls seen: those that `when any nth=N` counts.
  std::uint64_t FallibleCalls() const;
  std::vector<Injection> Injected() const;
  // The rules that took no effect, in plan order: a test that expects a fault must look here.
  std::vector<std::string> Unfired() const;
  // Whether anything was damaged without a word.
  bool HasRot() const;
  // Back to the state after construction, so that a script can be run again.
  void Reset();

 private:
  // Counts one match of the rule and says whether it fires.
  bool CountMatch(std::size_t rule, const vfs::Call& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Note(std::size_t rule, const vfs::Call& call) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const FaultPlan plan_;
  vfs::Clock* const clock_;
  const bool has_inode_errors_;
  mutable vfs::Mutex mu_;
  std::uint64_t calls_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<std::uint64_t> matches_ ABSL_GUARDED_BY(mu_);    // per rule
  std::vector<std::uint64_t> bytes_ ABSL_GUARDED_BY(mu_);      // per rule with a budget
  std::optional<std::size_t> read_only_ ABSL_GUARDED_BY(mu_);  // the rule that remounted
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::shared_ptr<InodeErrors>> errors_
      ABSL_GUARDED_BY(mu_);  // by device and inode
  std::vector<Injection> injected_ ABSL_GUARDED_BY(mu_);
};

// Both require an effect that is an error.
int ErrnoOfEffect(Effect effect);
// Marked as injected: "<op> <path>: <strerror> (errno N)". Of a sync it is kDataLoss whatever the
// number, as on the real disk.
absl::Status InjectedError(Effect effect, const vfs::Call& call);

}  // namespace permafrost::faults
