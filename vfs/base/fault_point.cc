// The only place that asks libfiu.
#include "vfs/base/fault_point.h"

#include <cerrno>
#include <cstdint>

#define FIU_ENABLE  // or its header answers for it
#include <fiu.h>

#include "vfs/base/check.h"
#include "vfs/base/status.h"

namespace permafrost::vfs {
namespace {

// The callbacks of libfiu are told a name and no more; what else they need stands here.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables)
thread_local const AskingFaultPoint* t_current = nullptr;

}  // namespace

void ArmFaultPoints() {
  const int code = fiu_init(0);  // any number of times
  VFS_CHECK(code == 0, "fiu_init answers {}", code);
  g_fault_point_users.fetch_add(1);
}

void DisarmFaultPoints() {
  const int users = g_fault_point_users.fetch_sub(1);
  VFS_CHECK(users > 0, "nobody armed the fault points");
}

const AskingFaultPoint* CurrentFaultPoint() { return t_current; }

int AskFaultPoint(const AskingFaultPoint& point) {
  t_current = &point;
  const int fails = fiu_fail(point.name);
  t_current = nullptr;
  if (fails == 0) return 0;
  const auto error = static_cast<int>(reinterpret_cast<std::intptr_t>(fiu_failinfo()));
  return error != 0 ? error : EIO;
}

absl::Status InjectedAt(const AskingFaultPoint& point, int error) {
  std::string_view operation = point.name;
  operation.remove_prefix(operation.find('/') + 1);
  return MarkInjected(ErrnoToStatus(error, operation, point.call.path));
}

}  // namespace permafrost::vfs
