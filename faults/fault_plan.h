// A fault plan: rules in order, as a value that prints and parses. The empty plan injects nothing.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "faults/fault_rule.h"

namespace permafrost::faults {

// The first rule that fires on a call decides it; every matching rule counts the call.
struct FaultPlan {
  std::vector<FaultRule> rules;

  bool empty() const { return rules.empty(); }
  friend bool operator==(const FaultPlan&, const FaultPlan&) = default;
};

// Rules joined by "; ". ParsePlan(ToString(plan)) == plan.
std::string ToString(const FaultPlan& plan);

// Rules separated by ';' or line ends; blank ones are skipped, and '#' begins a comment to the end
// of its line.
//
// Errors: kInvalidArgument  as ParseRule
absl::StatusOr<FaultPlan> ParsePlan(std::string_view text);

// `drop LABEL`, `unsynced LABEL`, `ignore-error LABEL`: what a forgotten sync or a forgotten check
// of the step would do. Several are separated as in ParsePlan.
//
// Errors: kInvalidArgument  names the word, what was expected, and the nearest known name
absl::StatusOr<FaultPlan> ParseMutation(std::string_view text);

// The rules of `first`, then those of `second`.
FaultPlan Join(FaultPlan first, const FaultPlan& second);

// kInvalidArgument if a rule names a label that is not in `known`, with the nearest one: such a
// rule could never fire.
absl::Status CheckLabels(const FaultPlan& plan, std::span<const std::string_view> known);

// The axis that fails each call of a script once: `when any nth=N then eio`, for N from 1 to
// FallibleCalls().
FaultPlan FailCall(std::uint64_t nth, Effect effect = Effect::kEio);

}  // namespace permafrost::faults
