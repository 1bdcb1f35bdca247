// Rules carried to libfiu: decided by a callback here, or told as text.
#include "faults/fiu_bridge.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string_view>

#define FIU_ENABLE  // or its header answers for it
#include <fiu-control.h>
#include <fmt/format.h>

#include "faults/fault_points.h"
#include "vfs/base/check.h"
#include "vfs/base/fault_point.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::faults {
namespace {

constexpr int kFails = 1;  // what a point that fails answers; the errno is its failinfo

// libfiu's callbacks carry no pointer of ours, so there is one plan in a process.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables)
std::atomic<InstalledPlan*> g_installed{nullptr};

const FaultPoint& PointNamed(std::string_view name) {
  const auto points = FaultPoints();
  const auto it = std::find_if(points.begin(), points.end(),
                               [name](const FaultPoint& point) { return point.name == name; });
  VFS_CHECK(it != points.end(), "fault point {} is not listed", name);
  return *it;
}

bool IsErrorBeforeTheCall(const FaultRule& rule) {
  if (rule.timing != Timing::kBefore) return false;
  switch (rule.effect) {
    case Effect::kEio:
    case Effect::kEnospc:
    case Effect::kEdquot:
    case Effect::kEmfile: return true;
    case Effect::kFail: return rule.calls.IsSyncOnly() && rule.how.is_plain();
    default: return false;  // lies, rot, halves, stalls
  }
}

absl::Status CheckEffect(std::string_view operation, const FaultRule& rule) {
  if (IsErrorBeforeTheCall(rule)) return absl::OkStatus();
  return vfs::InvalidArgument(
      "{} '{}': a fault point makes a call fail before it begins, and does nothing else; use a "
      "FaultyFileSystem",
      operation, ToString(rule));
}

// What libfiu cannot say of a rule, or "".
std::string BeyondLibfiu(const FaultRule& rule, std::size_t points) {
  if (!rule.path.empty()) return "does not know paths";
  if (!rule.label.empty()) return "does not know step labels";
  if (rule.range_end != 0) return "does not know ranges of bytes";
  if (rule.budget_bytes != 0) return "does not count bytes";
  if (rule.nth > 1) return fmt::format("does not count calls up to {}", rule.nth);
  if (rule.repeat == Repeat::kOnce && points > 1)
    return fmt::format("counts each of the {} points by itself", points);
  return "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<InstalledPlan>> InstalledPlan::Install(FaultPlan plan) {
  for (const FaultRule& rule : plan.rules)
    VFS_RETURN_IF_ERROR(CheckEffect("install fault plan", rule));
  auto installed = std::unique_ptr<InstalledPlan>(new InstalledPlan(std::move(plan)));
  InstalledPlan* other = nullptr;
  if (!g_installed.compare_exchange_strong(other, installed.get())) {
    return vfs::FailedPrecondition(
        "install fault plan '{}': this process is under the plan '{}'; destroy that one first",
        ToString(installed->injector_.plan()), ToString(other->injector_.plan()));
  }
  vfs::ArmFaultPoints();
  for (const FaultPoint& point : FaultPoints()) {
    const std::string name(point.name);
    const int code = fiu_enable_external(name.c_str(), kFails, nullptr, 0, Ask);
    VFS_CHECK(code == 0, "enable fault point {}: libfiu answers {}", name, code);
  }
  return installed;
}

InstalledPlan::InstalledPlan(FaultPlan plan) : injector_(std::move(plan)) {}

InstalledPlan::~InstalledPlan() {
  if (g_installed.load() != this) return;  // refused
  for (const FaultPoint& point : FaultPoints()) {
    static_cast<void>(fiu_disable(std::string(point.name).c_str()));  // gone is as good
  }
  vfs::DisarmFaultPoints();
  g_installed.store(nullptr);
}

int InstalledPlan::Ask(const char* /*name*/,
                       int* /*failnum*/,
                       void** failinfo,
                       unsigned* /*flags*/) {
  // An enabled wildcard would name itself here; the point knows its own name.
  const vfs::AskingFaultPoint* const point = vfs::CurrentFaultPoint();
  VFS_CHECK(point != nullptr, "libfiu asks outside a fault point");
  const vfs::Call call{.kind = PointNamed(point->name).kind,
                       .path = point->call.path,
                       .path_to = point->call.path_to,
                       .offset = point->call.offset,
                       .bytes = point->call.bytes};
  FaultInjector& injector = g_installed.load()->injector_;
  const std::optional<std::size_t> rule = injector.Decide(call);
  if (!rule) return 0;
  injector.Record(*rule, call);
  *failinfo = reinterpret_cast<void*>(
      static_cast<std::intptr_t>(ErrnoOfEffect(injector.plan().rules[*rule].effect)));
  return kFails;
}

absl::StatusOr<std::vector<std::string>> FiuCommands(const FaultPlan& plan) {
  constexpr std::string_view kOperation = "fiu commands for";
  std::vector<std::string> commands;
  std::vector<std::string_view> named;
  for (const FaultRule& rule : plan.rules) {
    VFS_RETURN_IF_ERROR(CheckEffect(kOperation, rule));
    std::vector<std::string_view> points;
    for (const FaultPoint& point : FaultPoints())
      if (rule.calls.Matches(point.kind)) points.push_back(point.name);
    const std::string reason = BeyondLibfiu(rule, points.size());
    if (!reason.empty()) {
      return vfs::InvalidArgument("{} '{}': libfiu {}; use a FaultyFileSystem or an InstalledPlan",
                                  kOperation, ToString(rule), reason);
    }
    for (const std::string_view point : points) {
      if (std::find(named.begin(), named.end(), point) != named.end()) {
        return vfs::InvalidArgument(
            "{} '{}': an earlier rule names {}, and libfiu keeps one; "
            "leave one out",
            kOperation, ToString(rule), point);
      }
      named.push_back(point);
      commands.push_back(fmt::format("enable name={},failinfo={}{}", point,
                                     ErrnoOfEffect(rule.effect),
                                     rule.repeat == Repeat::kOnce ? ",onetime" : ""));
    }
  }
  return commands;
}

}  // namespace permafrost::faults
