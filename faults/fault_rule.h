// One fault rule as a value that prints itself in the language that parses it back: which calls,
// and what goes wrong.
//
//   when <calls> [path=GLOB] [label=LABEL] [nth=N] [budget=BYTES] [range=FROM-TO]
//       then <effect> [once|sticky] [after]
//
// Calls: the name of one call (vfs/call.h: `append`, `sync_dir`, ...), or a class: `any`; `sync`
// (sync, sync_data and sync_dir; `sync_file` is File::Sync alone); `any-read`, `any-write`,
// `any-name`, `any-hint`. sync and the four any- classes part all calls between them.
// path= matches the path of the call or the new name of a rename or link (faults/glob.h). label=
// matches any step on the stack. nth= counts the calls that this rule matches, from 1. budget= lets
// that many bytes of writes pass. range= matches reads and positioned writes that touch a byte from
// FROM up to, not including, TO.
// A rule with nth is `once` unless it says `sticky` (from the nth on); a rule without is `sticky`
// (every match) unless it says `once` (the first).
// `after`: the call is carried out, and only its answer is replaced.
//
// `fail` may say how, joined by ',': `fail:clean,every-handle,read-only`. Content: `kept`,
// `reverted`, `clean` (reverted once caches are dropped). `every-handle`, `read-only`: see
// SyncFailure. On append and write it is the write-out behind the caller's back that fails: the
// call answers OK and the next sync of that inode, whoever asks, tells. `stall:250ms` (ns, us, ms,
// s) takes that long and then does what was asked.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "faults/lying_sync.h"
#include "vfs/call.h"

namespace permafrost::faults {

// Which calls a rule is about.
struct CallSelector {
  enum class Class { kAny, kSync, kRead, kWrite, kName, kHint, kOne };
  Class which = Class::kAny;
  vfs::CallKind one = vfs::CallKind::kSync;  // used with kOne only

  bool Matches(vfs::CallKind kind) const;
  // Whether it matches sync, sync_data and sync_dir only; append and write only.
  bool IsSyncOnly() const;
  bool IsAppendOrWriteOnly() const;
  bool IsOnly(vfs::CallKind kind) const { return which == Class::kOne && one == kind; }
  // Whether every call it matches answers a value (a handle, a size, ...), so that no error can be
  // ignored.
  bool AnswersValueOnly() const;

  friend bool operator==(const CallSelector& a, const CallSelector& b) {
    return a.which == b.which && (a.which != Class::kOne || a.one == b.one);
  }
};

// What goes wrong.
enum class Effect {
  kEio,     // I/O error. On a sync-class call it is `fail`, unless `after`
  kEnospc,  // no space
  kEdquot,  // over quota
  kEmfile,  // no handles
  kDrop,    // sync-class: OK without effect, and no later sync covers it (faults/lying_sync.h)
  // Sync-class: OK without the call; a later sync of that inode or directory makes up for it.
  kUnsynced,
  kFail,   // sync-class: fails with EIO as D4 says; no later sync settles what it covered
  kShort,  // append, write: the first half is written, then ENOSPC
  // Calls that answer no value: an injected error is turned into OK (nth counts such errors).
  kIgnoreError,
  // Rot: the call answers OK.
  kFlip,       // append, write, read: a bit of the middle byte is another one
  kZero,       // append, write, read: the 512 bytes around the middle are zero
  kMisdirect,  // append, write: the bytes land a sector before their place
  kLose,       // append, write: the bytes are never there; an append still grows the file
  kStale,      // read: what is durable instead of what was written (plain disks: nothing)
  kStall,      // any call: takes `stall_nanos` first
};
inline constexpr int kEffectCount = 15;
// Whether the effect damages data and says nothing of it.
bool IsRot(Effect effect);

enum class Repeat { kOnce, kSticky };
enum class Timing { kBefore, kAfter };

// The value that does nothing does not exist: a plan without rules is the harmless one.
struct FaultRule {
  CallSelector calls = {};
  std::string path = {};           // glob; "" matches every path
  std::string label = {};          // "" matches with any steps or none
  std::uint64_t nth = 0;           // 0: not said
  std::uint64_t budget_bytes = 0;  // 0: not said
  std::uint64_t range_first = 0;   // bytes of the file
  std::uint64_t range_end = 0;     // 0: not said
  Effect effect = Effect::kEio;
  SyncFailure how = {};           // of kFail
  std::uint64_t stall_nanos = 0;  // of kStall
  Repeat repeat = Repeat::kSticky;
  Timing timing = Timing::kBefore;

  friend bool operator==(const FaultRule&, const FaultRule&) = default;
};

std::string_view ToString(Effect effect);
std::string ToString(const CallSelector& calls);
// The canonical text: defaults are left out. ParseRule(ToString(rule)) == rule for every rule that
// CheckRule accepts.
std::string ToString(const FaultRule& rule);

// Errors: kInvalidArgument  names the word, what was expected, and the nearest known name
absl::StatusOr<FaultRule> ParseRule(std::string_view text);

// kInvalidArgument if the effect does not fit the calls, `after` does not fit the effect, or a text
// cannot be printed.
absl::Status CheckRule(const FaultRule& rule);

}  // namespace permafrost::faults
