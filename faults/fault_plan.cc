// Plans as text, and the shorthands that expand to rules.
#include "faults/fault_plan.h"

#include <algorithm>
#include <array>

#include "vfs/base/nearest.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::faults {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view Trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// The non-blank items between ';' and line ends, without comments.
std::vector<std::string_view> Items(std::string_view text) {
  std::vector<std::string_view> items;
  while (!text.empty()) {
    const std::size_t line_end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, line_end);
    text.remove_prefix(std::min(line_end + 1, text.size()));
    line = line.substr(0, line.find('#'));
    while (!line.empty()) {
      const std::size_t end = std::min(line.find(';'), line.size());
      const std::string_view item = Trimmed(line.substr(0, end));
      if (!item.empty()) items.push_back(item);
      line.remove_prefix(std::min(end + 1, line.size()));
    }
  }
  return items;
}

absl::StatusOr<FaultRule> ParseOneMutation(std::string_view item) {
  constexpr std::array<std::string_view, 3> kKnown = {"drop", "unsynced", "ignore-error"};
  const std::string_view verb = item.substr(0, item.find_first_of(kBlank));
  const std::string_view label = Trimmed(item.substr(verb.size()));
  FaultRule rule;
  rule.calls.which = CallSelector::Class::kSync;
  if (verb == "drop") {
    rule.effect = Effect::kDrop;
  } else if (verb == "unsynced") {
    rule.effect = Effect::kUnsynced;
  } else if (verb == "ignore-error") {
    rule.calls.which = CallSelector::Class::kAny;
    rule.effect = Effect::kIgnoreError;
  } else {
    return vfs::InvalidArgument(
        "parse mutation '{}': word 1 is '{}', expected drop, unsynced or ignore-error{}", item,
        verb, vfs::DidYouMean(verb, kKnown));
  }
  if (label.empty())
    return vfs::InvalidArgument("parse mutation '{}': ends where a step label was expected", item);
  if (label.find_first_of(kBlank) != std::string_view::npos) {
    return vfs::InvalidArgument("parse mutation '{}': '{}' is not one step label", item, label);
  }
  rule.label = label;
  VFS_RETURN_IF_ERROR(CheckRule(rule));
  return rule;
}

}  // namespace

std::string ToString(const FaultPlan& plan) {
  std::string text;
  for (const FaultRule& rule : plan.rules) {
    if (!text.empty()) text += "; ";
    text += ToString(rule);
  }
  return text;
}

absl::StatusOr<FaultPlan> ParsePlan(std::string_view text) {
  FaultPlan plan;
  for (const std::string_view item : Items(text)) {
    VFS_ASSIGN_OR_RETURN(FaultRule rule, ParseRule(item));
    plan.rules.push_back(std::move(rule));
  }
  return plan;
}

absl::StatusOr<FaultPlan> ParseMutation(std::string_view text) {
  FaultPlan plan;
  for (const std::string_view item : Items(text)) {
    VFS_ASSIGN_OR_RETURN(FaultRule rule, ParseOneMutation(item));
    plan.rules.push_back(std::move(rule));
  }
  if (plan.empty()) {
    return vfs::InvalidArgument(
        "parse mutation '{}': ends where drop, unsynced or ignore-error was expected", text);
  }
  return plan;
}

FaultPlan Join(FaultPlan first, const FaultPlan& second) {
  first.rules.insert(first.rules.end(), second.rules.begin(), second.rules.end());
  return first;
}

absl::Status CheckLabels(const FaultPlan& plan, std::span<const std::string_view> known) {
  for (const FaultRule& rule : plan.rules) {
    if (rule.label.empty() || std::find(known.begin(), known.end(), rule.label) != known.end())
      continue;
    return vfs::InvalidArgument("check plan '{}': no step has the label '{}'{}", ToString(plan),
                                rule.label, vfs::DidYouMean(rule.label, known));
  }
  return absl::OkStatus();
}

FaultPlan FailCall(std::uint64_t nth, Effect effect) {
  FaultRule rule;
  rule.nth = nth;
  rule.effect = effect;
  rule.repeat = Repeat::kOnce;
  return FaultPlan{{rule}};
}

}  // namespace permafrost::faults
