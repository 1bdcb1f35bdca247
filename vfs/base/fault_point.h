// Fault points: places of the real disk where libfiu may make a call fail.
//
// Points are compiled into every build, so that what is tested is what ships. While nobody armed
// them a point costs one load and a branch that is not taken (tests/bench/fault_point_bench.cc).
// Every point is listed in faults/fault_points.cc and is a literal at exactly one site, at the head
// of its call (tests/tidy_test.cc). The simulated disk has none: its faults are a plan's.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include <absl/status/status.h>

namespace permafrost::vfs {

// From now on points ask libfiu. Calls are counted: points fall silent again after as many Disarm.
//
// Threads: any thread; a call that another thread is in may still be the other way.
void ArmFaultPoints();
void DisarmFaultPoints();

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): one load, inlined at 24 sites
inline constinit std::atomic<int> g_fault_point_users{0};
inline bool FaultPointsAreArmed() {
  return g_fault_point_users.load(std::memory_order_relaxed) != 0;
}

// What a call is about, as in vfs::Call.
struct FaultPointCall {
  std::string_view path;  // as the caller gave it; for a handle, the path it was opened under
  std::string_view path_to = {};  // rename, link: the new name
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
};

// A point that asks libfiu, for its callbacks (faults/fiu_bridge.h).
struct AskingFaultPoint {
  const char* name;
  FaultPointCall call;
};
// The one that this thread is in, or null.
const AskingFaultPoint* CurrentFaultPoint();

// Out of line: what an armed point does. The errno that libfiu says (its failinfo; EIO if that is
// 0), or 0 if the call is not to fail.
int AskFaultPoint(const AskingFaultPoint& point);
// "append wal/1: Input/output error (errno 5)", marked as injected.
absl::Status InjectedAt(const AskingFaultPoint& point, int error);

// For syncs, which also poison what they fail on: the errno, or 0.
inline int FaultErrno(const char* name, std::string_view path) {
  return FaultPointsAreArmed() ? AskFaultPoint({name, {path}}) : 0;
}

// For all other calls: the error to return, or OK.
inline absl::Status FaultPoint(const char* name, const FaultPointCall& call) {
  if (!FaultPointsAreArmed()) return absl::OkStatus();
  const AskingFaultPoint point{name, call};
  const int error = AskFaultPoint(point);
  return error == 0 ? absl::OkStatus() : InjectedAt(point, error);
}

}  // namespace permafrost::vfs
