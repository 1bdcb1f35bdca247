// Random fault rules that CheckRule accepts, for properties over rules and plans.
#pragma once

#include <string>

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
  return rc::gen::map(draw, [](FaultRule rule) {
    if (!CheckRule(rule).ok()) rule.timing = Timing::kBefore;
    if (!CheckRule(rule).ok()) rule.calls = {.which = CallSelector::Class::kSync};
    if (!CheckRule(rule).ok())
      rule.calls = {.which = CallSelector::Class::kOne, .one = vfs::CallKind::kAppend};
    return rule;
  });
}

}  // namespace permafrost::faults
