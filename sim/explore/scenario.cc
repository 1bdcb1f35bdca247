// What every scenario answers alike about rot.
#include "sim/explore/scenario.h"

#include <algorithm>

#include "vfs/base/status.h"

namespace permafrost::sim {
namespace {

bool HasRot(const faults::FaultPlan& plan) {
  return std::any_of(plan.rules.begin(), plan.rules.end(),
                     [](const faults::FaultRule& rule) { return faults::IsRot(rule.effect); });
}

}  // namespace

std::string FirstConfigOf(const Scenario& scenario, const faults::FaultPlan& plan) {
  if (!HasRot(plan)) return scenario.FirstConfig();
  return scenario.FirstConfigUnderRot().value_or(scenario.FirstConfig());
}

absl::Status CheckRot(const Scenario& scenario, const faults::FaultPlan& plan) {
  if (!HasRot(plan) || scenario.FirstConfigUnderRot().has_value()) return absl::OkStatus();
  return vfs::InvalidArgument(
      "--faults '{}': {} cannot tell damaged data from a bug; leave out flip, zero, misdirect, "
      "lose and stale",
      faults::ToString(plan), scenario.name());
}

}  // namespace permafrost::sim
