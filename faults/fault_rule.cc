// Names, printing and checking of one rule; rule_parser.cc reads it back.
#include "faults/fault_rule.h"

#include <array>
#include <utility>

#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::faults {
namespace {

using vfs::CallKind;
using Class = CallSelector::Class;

Class ClassOf(CallKind kind) {
  switch (kind) {
    case CallKind::kSync:
    case CallKind::kSyncData:
    case CallKind::kSyncDir: return Class::kSync;
    case CallKind::kOpen:
    case CallKind::kList:
    case CallKind::kStat:
    case CallKind::kIdentity:
    case CallKind::kFreeSpace:
    case CallKind::kRead:
    case CallKind::kSize: return Class::kRead;
    case CallKind::kAppend:
    case CallKind::kWrite:
    case CallKind::kTruncate:
    case CallKind::kPreallocate: return Class::kWrite;
    case CallKind::kCreate:
    case CallKind::kMakeDir:
    case CallKind::kRemoveDir:
    case CallKind::kRename:
    case CallKind::kLink:
    case CallKind::kUnlink:
    case CallKind::kLock: return Class::kName;
    case CallKind::kDropCaches:
    case CallKind::kHintWriteOut:
    case CallKind::kClose: return Class::kHint;
  }
  VFS_CHECK(false, "bad CallKind {}", static_cast<int>(kind));
}

std::string_view ClassName(Class which) {
  switch (which) {
    case Class::kAny: return "any";
    case Class::kSync: return "sync";
    case Class::kRead: return "any-read";
    case Class::kWrite: return "any-write";
    case Class::kName: return "any-name";
    case Class::kHint: return "any-hint";
    case Class::kOne: break;
  }
  VFS_CHECK(false, "class {} has no name", static_cast<int>(which));
}

// "sync" names the class, so the single call has a name of its own.
std::string_view NameOfCall(CallKind kind) {
  return kind == CallKind::kSync ? std::string_view("sync_file") : vfs::ToString(kind);
}

bool IsPrintableWord(std::string_view word) {
  for (const char c : word) {
    if (c <= ' ' || c == ';' || c == '#' || c == '\x7f') return false;
  }
  return true;
}

std::string_view ToString(AfterFailedSync content) {
  switch (content) {
    case AfterFailedSync::kKeep: return "kept";
    case AfterFailedSync::kRevert: return "reverted";
    case AfterFailedSync::kRevertOnDropCaches: return "clean";
  }
  VFS_CHECK(false, "bad AfterFailedSync {}", static_cast<int>(content));
}

// ":clean,read-only", or nothing for the default.
std::string ToString(const SyncFailure& how) {
  std::string text;
  const auto add = [&text](std::string_view word) {
    text += text.empty() ? ':' : ',';
    text += word;
  };
  if (how.content.has_value()) add(ToString(*how.content));
  if (how.tells_every_handle) add("every-handle");
  if (how.remounts_read_only) add("read-only");
  return text;
}

// ":250ms", in the largest unit that leaves a whole number.
std::string StallText(std::uint64_t nanos) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> kUnits = {
      {{"s", 1'000'000'000}, {"ms", 1'000'000}, {"us", 1'000}, {"ns", 1}}};
  for (const auto& [unit, size] : kUnits) {
    if (nanos % size == 0) return fmt::format(":{}{}", nanos / size, unit);
  }
  VFS_CHECK(false, "{} ns are no whole number of ns", nanos);
}

absl::Status Misfit(const FaultRule& rule, std::string_view what, std::string_view fits) {
  return vfs::InvalidArgument("check rule '{}': {} is for {}, not for {}", ToString(rule), what,
                              fits, ToString(rule.calls));
}

// Whether the effect can be had of these calls.
absl::Status CheckCalls(const FaultRule& rule) {
  const CallSelector& calls = rule.calls;
  const std::string_view effect = ToString(rule.effect);
  const bool is_read = calls.IsOnly(CallKind::kRead);
  switch (rule.effect) {
    case Effect::kDrop:
    case Effect::kUnsynced:
      if (calls.IsSyncOnly()) break;
      return Misfit(rule, effect, "sync, sync_file, sync_data or sync_dir");
    case Effect::kFail:
      if (calls.IsSyncOnly() || calls.IsAppendOrWriteOnly()) break;
      return Misfit(rule, effect, "sync, sync_file, sync_data, sync_dir, append or write");
    case Effect::kShort:
    case Effect::kMisdirect:
    case Effect::kLose:
      if (calls.IsAppendOrWriteOnly()) break;
      return Misfit(rule, effect, "append or write");
    case Effect::kFlip:
    case Effect::kZero:
      if (calls.IsAppendOrWriteOnly() || is_read) break;
      return Misfit(rule, effect, "append, write or read");
    case Effect::kStale:
      if (is_read) break;
      return Misfit(rule, effect, "read");
    case Effect::kIgnoreError:
      if (!calls.AnswersValueOnly()) break;
      return Misfit(rule, effect, "calls that answer no value");
    case Effect::kEio:
    case Effect::kEnospc:
    case Effect::kEdquot:
    case Effect::kEmfile:
    case Effect::kStall: break;
  }
  return absl::OkStatus();
}

// Whether the conditions can be asked of these calls.
absl::Status CheckConditions(const FaultRule& rule) {
  const CallSelector& calls = rule.calls;
  const bool has_bytes =
      calls.IsAppendOrWriteOnly() || calls.which == Class::kWrite || calls.which == Class::kAny;
  if (rule.budget_bytes != 0 && !has_bytes)
    return Misfit(rule, "budget=", "append, write, any-write or any");
  if (rule.budget_bytes != 0 && rule.nth != 0) {
    return vfs::InvalidArgument("check rule '{}': nth= and budget= exclude each other",
                                ToString(rule));
  }
  const bool has_offset = calls.IsOnly(CallKind::kRead) || calls.IsOnly(CallKind::kWrite);
  if (rule.range_end != 0 && !has_offset) return Misfit(rule, "range=", "read or write");
  if (rule.range_end != 0 ? rule.range_first >= rule.range_end : rule.range_first != 0)
    return vfs::InvalidArgument("check rule '{}': range= is empty", ToString(rule));
  return absl::OkStatus();
}

}  // namespace

bool IsRot(Effect effect) {
  switch (effect) {
    case Effect::kFlip:
    case Effect::kZero:
    case Effect::kMisdirect:
    case Effect::kLose:
    case Effect::kStale: return true;
    default: return false;  // the caller is told, or nothing is wrong
  }
}

bool CallSelector::Matches(CallKind kind) const {
  if (which == Class::kAny) return true;
  return which == Class::kOne ? kind == one : ClassOf(kind) == which;
}

bool CallSelector::IsSyncOnly() const {
  return which == Class::kSync || (which == Class::kOne && vfs::IsSync(one));
}

bool CallSelector::IsAppendOrWriteOnly() const {
  return which == Class::kOne && (one == CallKind::kAppend || one == CallKind::kWrite);
}

bool CallSelector::AnswersValueOnly() const {
  if (which != Class::kOne) return which == Class::kRead;
  return ClassOf(one) == Class::kRead || one == CallKind::kCreate || one == CallKind::kLock;
}

std::string_view ToString(Effect effect) {
  switch (effect) {
    case Effect::kEio: return "eio";
    case Effect::kEnospc: return "enospc";
    case Effect::kEdquot: return "edquot";
    case Effect::kEmfile: return "emfile";
    case Effect::kDrop: return "drop";
    case Effect::kUnsynced: return "unsynced";
    case Effect::kFail: return "fail";
    case Effect::kShort: return "short";
    case Effect::kIgnoreError: return "ignore-error";
    case Effect::kFlip: return "flip";
    case Effect::kZero: return "zero";
    case Effect::kMisdirect: return "misdirect";
    case Effect::kLose: return "lose";
    case Effect::kStale: return "stale";
    case Effect::kStall: return "stall";
  }
  VFS_CHECK(false, "bad Effect {}", static_cast<int>(effect));
}

std::string ToString(const CallSelector& calls) {
  return std::string(calls.which == Class::kOne ? NameOfCall(calls.one) : ClassName(calls.which));
}

std::string ToString(const FaultRule& rule) {
  std::string text = fmt::format("when {}", ToString(rule.calls));
  if (!rule.path.empty()) text += fmt::format(" path={}", rule.path);
  if (!rule.label.empty()) text += fmt::format(" label={}", rule.label);
  if (rule.nth != 0) text += fmt::format(" nth={}", rule.nth);
  if (rule.budget_bytes != 0) text += fmt::format(" budget={}", rule.budget_bytes);
  if (rule.range_end != 0) text += fmt::format(" range={}-{}", rule.range_first, rule.range_end);
  text += fmt::format(" then {}{}", ToString(rule.effect), ToString(rule.how));
  if (rule.stall_nanos != 0) text += StallText(rule.stall_nanos);
  const Repeat by_default = rule.nth == 0 ? Repeat::kSticky : Repeat::kOnce;
  if (rule.repeat != by_default) text += rule.repeat == Repeat::kOnce ? " once" : " sticky";
  if (rule.timing == Timing::kAfter) text += " after";
  return text;
}

absl::Status CheckRule(const FaultRule& rule) {
  VFS_RETURN_IF_ERROR(CheckCalls(rule));
  VFS_RETURN_IF_ERROR(CheckConditions(rule));
  const bool is_error = rule.effect == Effect::kEio || rule.effect == Effect::kEnospc ||
                        rule.effect == Effect::kEdquot || rule.effect == Effect::kEmfile;
  if (rule.timing == Timing::kAfter && !is_error) {
    return vfs::InvalidArgument(
        "check rule '{}': after goes with eio, enospc, edquot and emfile, not with {}",
        ToString(rule), ToString(rule.effect));
  }
  if ((!rule.how.is_plain() && rule.effect != Effect::kFail) ||
      (rule.stall_nanos != 0) != (rule.effect == Effect::kStall)) {
    return vfs::InvalidArgument(
        "check rule '{}': how it fails goes with fail, and a time with stall and nothing else",
        ToString(rule));
  }
  if (!IsPrintableWord(rule.path) || !IsPrintableWord(rule.label)) {
    return vfs::InvalidArgument(
        "check rule '{}': a path or label holds a blank, ';' or '#'; write ? in its place",
        ToString(rule));
  }
  return absl::OkStatus();
}

}  // namespace permafrost::faults
