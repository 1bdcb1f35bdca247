// Printing, parsing and checking of one rule; word by word, so that an error can name the word.
#include "faults/fault_rule.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <vector>

#include "vfs/base/check.h"
#include "vfs/base/nearest.h"
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

constexpr std::array kClasses = {Class::kAny,   Class::kSync, Class::kRead,
                                 Class::kWrite, Class::kName, Class::kHint};

// "sync" names the class, so the single call has a name of its own.
std::string_view NameOfCall(CallKind kind) {
  return kind == CallKind::kSync ? std::string_view("sync_file") : vfs::ToString(kind);
}

std::vector<std::string_view> SelectorNames() {
  std::vector<std::string_view> names;
  for (const Class which : kClasses) names.push_back(ClassName(which));
  for (int i = 0; i < vfs::kCallKindCount; ++i) {
    names.push_back(NameOfCall(static_cast<CallKind>(i)));
  }
  return names;
}

std::vector<std::string_view> EffectNames() {
  std::vector<std::string_view> names;
  for (int i = 0; i < kEffectCount; ++i) names.push_back(ToString(static_cast<Effect>(i)));
  return names;
}

std::optional<CallSelector> ParseSelector(std::string_view word) {
  for (const Class which : kClasses) {
    if (ClassName(which) == word) return CallSelector{.which = which};
  }
  for (int i = 0; i < vfs::kCallKindCount; ++i) {
    const auto kind = static_cast<CallKind>(i);
    if (NameOfCall(kind) == word) return CallSelector{.which = Class::kOne, .one = kind};
  }
  return std::nullopt;
}

std::vector<std::string_view> Words(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  std::vector<std::string_view> words;
  for (std::size_t at = text.find_first_not_of(kBlank); at != std::string_view::npos;
       at = text.find_first_not_of(kBlank, at)) {
    const std::size_t end = std::min(text.find_first_of(kBlank, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

bool IsPrintableWord(std::string_view word) {
  for (const char c : word) {
    if (c <= ' ' || c == ';' || c == '#' || c == '\x7f') return false;
  }
  return true;
}

// One pass over the words of a rule.
class RuleParser {
 public:
  explicit RuleParser(std::string_view text) : text_(text), words_(Words(text)) {}

  absl::StatusOr<FaultRule> Parse() {
    if (Peek() != "when") return Unexpected("'when'", std::array<std::string_view, 1>{"when"});
    ++at_;
    const std::optional<CallSelector> calls = ParseSelector(Peek());
    if (!calls) return Unexpected("a call or a class of calls", SelectorNames());
    rule_.calls = *calls;
    ++at_;
    VFS_RETURN_IF_ERROR(ParseConditions());
    VFS_RETURN_IF_ERROR(ParseEffect());
    VFS_RETURN_IF_ERROR(ParseManner());
    VFS_RETURN_IF_ERROR(CheckRule(rule_));
    return rule_;
  }

 private:
  std::string_view Peek() const { return at_ < words_.size() ? words_[at_] : std::string_view(); }

  absl::Status Unexpected(std::string_view expected,
                          std::span<const std::string_view> known) const {
    if (at_ >= words_.size()) {
      return vfs::InvalidArgument("parse rule '{}': ends where {} was expected", text_, expected);
    }
    return vfs::InvalidArgument("parse rule '{}': word {} is '{}', expected {}{}", text_, at_ + 1,
                                Peek(), expected, vfs::DidYouMean(Peek(), known));
  }

  absl::Status ParseConditions() {
    constexpr std::array<std::string_view, 4> kKnown = {"path=", "label=", "nth=", "then"};
    for (; Peek() != "then"; ++at_) {
      const std::size_t equals = Peek().find('=');
      const std::string_view key = Peek().substr(0, equals == std::string_view::npos ? 0 : equals);
      const std::string_view value = key.empty() ? std::string_view() : Peek().substr(equals + 1);
      if (key == "path" && rule_.path.empty() && !value.empty()) {
        rule_.path = value;
      } else if (key == "label" && rule_.label.empty() && !value.empty()) {
        rule_.label = value;
      } else if (key == "nth" && rule_.nth == 0) {
        const auto [end, error] =
            std::from_chars(value.data(), value.data() + value.size(), rule_.nth);
        if (error != std::errc() || end != value.data() + value.size() || rule_.nth == 0) {
          return Unexpected("nth= with a number from 1", {});
        }
      } else {
        return Unexpected("path=GLOB, label=LABEL or nth=N (each once, not empty), or 'then'",
                          kKnown);
      }
    }
    ++at_;
    return absl::OkStatus();
  }

  absl::Status ParseEffect() {
    for (int i = 0; i < kEffectCount; ++i) {
      if (ToString(static_cast<Effect>(i)) != Peek()) continue;
      rule_.effect = static_cast<Effect>(i);
      ++at_;
      return absl::OkStatus();
    }
    return Unexpected("an effect", EffectNames());
  }

  absl::Status ParseManner() {
    constexpr std::array<std::string_view, 3> kKnown = {"once", "sticky", "after"};
    rule_.repeat = rule_.nth == 0 ? Repeat::kSticky : Repeat::kOnce;
    if (Peek() == "once" || Peek() == "sticky") {
      rule_.repeat = Peek() == "once" ? Repeat::kOnce : Repeat::kSticky;
      ++at_;
    }
    if (Peek() == "after") {
      rule_.timing = Timing::kAfter;
      ++at_;
    }
    if (at_ == words_.size()) return absl::OkStatus();
    return Unexpected("the end, or once|sticky and then after", kKnown);
  }

  const std::string_view text_;
  const std::vector<std::string_view> words_;
  std::size_t at_ = 0;
  FaultRule rule_;
};

}  // namespace

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
  text += fmt::format(" then {}", ToString(rule.effect));
  const Repeat by_default = rule.nth == 0 ? Repeat::kSticky : Repeat::kOnce;
  if (rule.repeat != by_default) text += rule.repeat == Repeat::kOnce ? " once" : " sticky";
  if (rule.timing == Timing::kAfter) text += " after";
  return text;
}

absl::StatusOr<FaultRule> ParseRule(std::string_view text) { return RuleParser(text).Parse(); }

absl::Status CheckRule(const FaultRule& rule) {
  const std::string_view effect = ToString(rule.effect);
  const bool for_syncs = rule.effect == Effect::kDrop || rule.effect == Effect::kUnsynced ||
                         rule.effect == Effect::kFail;
  if (for_syncs && !rule.calls.IsSyncOnly()) {
    return vfs::InvalidArgument(
        "check rule '{}': {} is for sync, sync_file, sync_data or sync_dir, not for {}",
        ToString(rule), effect, ToString(rule.calls));
  }
  if (rule.effect == Effect::kShort && !rule.calls.IsAppendOrWriteOnly()) {
    return vfs::InvalidArgument("check rule '{}': short is for append or write, not for {}",
                                ToString(rule), ToString(rule.calls));
  }
  if (rule.effect == Effect::kIgnoreError && rule.calls.AnswersValueOnly()) {
    return vfs::InvalidArgument(
        "check rule '{}': ignore-error is for calls that answer no value, not for {}",
        ToString(rule), ToString(rule.calls));
  }
  if (rule.timing == Timing::kAfter &&
      (for_syncs || rule.effect == Effect::kShort || rule.effect == Effect::kIgnoreError)) {
    return vfs::InvalidArgument(
        "check rule '{}': after goes with eio, enospc, edquot and emfile, not with {}",
        ToString(rule), effect);
  }
  if (!IsPrintableWord(rule.path) || !IsPrintableWord(rule.label)) {
    return vfs::InvalidArgument(
        "check rule '{}': a path or label holds a blank, ';' or '#'; write ? in its place",
        ToString(rule));
  }
  return absl::OkStatus();
}

}  // namespace permafrost::faults
