// Reading one rule word by word, so that an error can name the word.
#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "faults/fault_rule.h"
#include "vfs/base/nearest.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::faults {
namespace {

using Class = CallSelector::Class;

std::vector<CallSelector> AllSelectors() {
  std::vector<CallSelector> all;
  for (const Class which :
       {Class::kAny, Class::kSync, Class::kRead, Class::kWrite, Class::kName, Class::kHint}) {
    all.push_back({.which = which});
  }
  for (int i = 0; i < vfs::kCallKindCount; ++i) {
    all.push_back({.which = Class::kOne, .one = static_cast<vfs::CallKind>(i)});
  }
  return all;
}

std::vector<std::string_view> ViewsOf(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

std::vector<std::string_view> EffectNames() {
  std::vector<std::string_view> names;
  for (int i = 0; i < kEffectCount; ++i) names.push_back(ToString(static_cast<Effect>(i)));
  return names;
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

// A decimal number from 1, or nothing.
std::optional<std::uint64_t> Positive(std::string_view text) {
  const auto number = vfs::ParseNumber<std::uint64_t>(text);
  if (!number.has_value() || *number == 0) return std::nullopt;
  return number;
}

class RuleParser {
 public:
  explicit RuleParser(std::string_view text) : text_(text), words_(Words(text)) {}

  absl::StatusOr<FaultRule> Parse() {
    if (Peek() != "when") return Unexpected("'when'", std::array<std::string_view, 1>{"when"});
    ++at_;
    VFS_RETURN_IF_ERROR(ParseCalls());
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

  absl::Status ParseCalls() {
    std::vector<std::string> names;
    for (const CallSelector& calls : AllSelectors()) {
      names.push_back(ToString(calls));
      if (names.back() != Peek()) continue;
      rule_.calls = calls;
      ++at_;
      return absl::OkStatus();
    }
    return Unexpected("a call or a class of calls", ViewsOf(names));
  }

  absl::Status ParseConditions() {
    for (; Peek() != "then"; ++at_) VFS_RETURN_IF_ERROR(ParseCondition());
    ++at_;
    return absl::OkStatus();
  }

  absl::Status ParseCondition() {
    constexpr std::array<std::string_view, 6> kKnown = {
        "path=", "label=", "nth=", "budget=", "range=", "then"};
    const std::size_t equals = Peek().find('=');
    const std::string_view key = Peek().substr(0, equals == std::string_view::npos ? 0 : equals);
    const std::string_view value = key.empty() ? std::string_view() : Peek().substr(equals + 1);
    if (key == "path" && rule_.path.empty() && !value.empty()) {
      rule_.path = value;
    } else if (key == "label" && rule_.label.empty() && !value.empty()) {
      rule_.label = value;
    } else if (key == "nth" && rule_.nth == 0) {
      return ParseCount("nth= with a number from 1", value, rule_.nth);
    } else if (key == "budget" && rule_.budget_bytes == 0) {
      return ParseCount("budget= with a number of bytes from 1", value, rule_.budget_bytes);
    } else if (key == "range" && rule_.range_end == 0) {
      return ParseRange(value);
    } else {
      return Unexpected(
          "path=GLOB, label=LABEL, nth=N, budget=BYTES or range=FROM-TO (each once, not empty), "
          "or 'then'",
          kKnown);
    }
    return absl::OkStatus();
  }

  absl::Status ParseCount(std::string_view expected, std::string_view text, std::uint64_t& count) {
    const auto number = Positive(text);
    if (!number.has_value()) return Unexpected(expected, {});
    count = *number;
    return absl::OkStatus();
  }

  absl::Status ParseRange(std::string_view text) {
    const std::size_t dash = text.find('-');
    const bool has_dash = dash != std::string_view::npos;
    const auto first = vfs::ParseNumber<std::uint64_t>(text.substr(0, has_dash ? dash : 0));
    const auto end =
        vfs::ParseNumber<std::uint64_t>(has_dash ? text.substr(dash + 1) : std::string_view());
    if (!first.has_value() || !end.has_value() || *first >= *end)
      return Unexpected("range= with FROM-TO in bytes, FROM below TO", {});
    rule_.range_first = *first;
    rule_.range_end = *end;
    return absl::OkStatus();
  }

  absl::Status ParseEffect() {
    const std::size_t colon = Peek().find(':');
    const std::string_view name = Peek().substr(0, colon);
    const bool has_argument = colon != std::string_view::npos;
    const std::string_view argument = has_argument ? Peek().substr(colon + 1) : std::string_view();
    for (int i = 0; i < kEffectCount; ++i) {
      const auto effect = static_cast<Effect>(i);
      if (ToString(effect) != name) continue;
      rule_.effect = effect;
      if (effect == Effect::kStall) {
        VFS_RETURN_IF_ERROR(ParseStall(argument));
      } else if (effect == Effect::kFail && has_argument) {
        VFS_RETURN_IF_ERROR(ParseHow(argument));
      } else if (has_argument) {
        return Unexpected("no ':' after this effect", {});
      }
      ++at_;
      return absl::OkStatus();
    }
    return Unexpected("an effect", EffectNames());
  }

  absl::Status ParseStall(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> kUnits = {
        {{"ns", 1}, {"us", 1'000}, {"ms", 1'000'000}, {"s", 1'000'000'000}}};
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = Positive(text.substr(0, digits));
    for (const auto& [unit, nanos] : kUnits) {
      if (!number.has_value() || text.substr(digits) != unit) continue;
      if (*number > std::numeric_limits<std::int64_t>::max() / nanos) break;
      rule_.stall_nanos = *number * nanos;
      return absl::OkStatus();
    }
    return Unexpected("stall: with a time from 1, in ns, us, ms or s", {});
  }

  absl::Status ParseHow(std::string_view text) {
    constexpr std::array<std::string_view, 5> kKnown = {"kept", "reverted", "clean", "every-handle",
                                                        "read-only"};
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find(',', begin), text.size());
      const std::string_view word = text.substr(begin, end - begin);
      const auto set_content = [&](AfterFailedSync content) {
        const bool is_first = !rule_.how.content.has_value();
        rule_.how.content = content;
        return is_first;
      };
      const bool is_good =
          (word == "kept" && set_content(AfterFailedSync::kKeep)) ||
          (word == "reverted" && set_content(AfterFailedSync::kRevert)) ||
          (word == "clean" && set_content(AfterFailedSync::kRevertOnDropCaches)) ||
          (word == "every-handle" && !std::exchange(rule_.how.tells_every_handle, true)) ||
          (word == "read-only" && !std::exchange(rule_.how.remounts_read_only, true));
      if (!is_good) {
        return vfs::InvalidArgument(
            "parse rule '{}': fail: with '{}', expected one of kept, reverted and clean, and "
            "every-handle, read-only, each once{}",
            text_, word, vfs::DidYouMean(word, kKnown));
      }
      begin = end + 1;
    }
    return absl::OkStatus();
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

absl::StatusOr<FaultRule> ParseRule(std::string_view text) { return RuleParser(text).Parse(); }

}  // namespace permafrost::faults
