// Random fault rules that CheckRule accepts, for properties over rules and plans.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <rapidcheck.h>

#include "faults/fault_rule.h"

namespace permafrost::faults {

// Only fields are drawn; what does not fit the effect is put right afterwards, so no draw is thrown
// away.
inline rc::Gen<FaultRule> AnyRule() {
  const auto word = rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab/*?.=_-0")));
  const auto draw = rc::gen::build<FaultRule>(
      rc::gen::set(&FaultRule::path, word), rc::gen::set(&FaultRule::label, word),
      rc::gen::set(&FaultRule::nth, rc::gen::oneOf(rc::gen::just(std::uint64_t{0}),
                                                   rc::gen::positive<std::uint64_t>())),
      rc::gen::set(&FaultRule::effect, rc::gen::map(rc::gen::inRange(0, kEffectCount),
                                                    [](int i) { return static_cast<Effect>(i); })),
      rc::gen::set(&FaultRule::repeat, rc::gen::element(Repeat::kOnce, Repeat::kSticky)),
      rc::gen::set(&FaultRule::timing, rc::gen::element(Timing::kBefore, Timing::kAfter)),
      rc::gen::set(
          &FaultRule::calls,
          rc::gen::build<CallSelector>(
              rc::gen::set(&CallSelector::which,
                           rc::gen::map(rc::gen::inRange(0, 7),
                                        [](int i) { return static_cast<CallSelector::Class>(i); })),
              rc::gen::set(&CallSelector::one,
                           rc::gen::map(rc::gen::inRange(0, vfs::kCallKindCount),
                                        [](int i) { return static_cast<vfs::CallKind>(i); })))));
  const auto numbers = rc::gen::container<std::vector<std::uint64_t>>(
      4, rc::gen::inRange<std::uint64_t>(0, 1'000'000'000));
  const auto whole = rc::gen::pair(draw, numbers);
  return rc::gen::map(whole, [](std::pair<FaultRule, std::vector<std::uint64_t>> drawn) {
    FaultRule& rule = drawn.first;
    const std::vector<std::uint64_t>& number = drawn.second;
    if (rule.effect == Effect::kStall) rule.stall_nanos = 1 + number[0];
    if (rule.effect == Effect::kFail) {
      if (number[0] % 4 != 3) rule.how.content = static_cast<AfterFailedSync>(number[0] % 4);
      rule.how.tells_every_handle = number[1] % 2 == 0;
      rule.how.remounts_read_only = number[2] % 2 == 0;
    }
    // Conditions are kept where they fit.
    FaultRule conditioned = rule;
    if (rule.nth == 0) conditioned.budget_bytes = number[3];
    if (number[2] % 3 == 0) {
      conditioned.range_first = number[1];
      conditioned.range_end = number[1] + 1 + number[0];
    }
    if (CheckRule(conditioned).ok()) return conditioned;
    if (!CheckRule(rule).ok()) rule.timing = Timing::kBefore;
    if (!CheckRule(rule).ok()) rule.calls = {.which = CallSelector::Class::kSync};
    if (!CheckRule(rule).ok())
      rule.calls = {.which = CallSelector::Class::kOne, .one = vfs::CallKind::kAppend};
    if (!CheckRule(rule).ok())
      rule.calls = {.which = CallSelector::Class::kOne, .one = vfs::CallKind::kRead};
    return rule;
  });
}

}  // namespace permafrost::faults
