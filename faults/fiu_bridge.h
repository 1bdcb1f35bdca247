// Fault plans on the real disk, through the fault points of libfiu (vfs/base/fault_point.h): inside
// this process, or as commands for another one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "faults/fault_injector.h"
#include "faults/fault_plan.h"

namespace permafrost::faults {

// A plan that every PosixFileSystem of this process is under, for as long as this lives. It takes
// any rule that makes a call fail before it is carried out. Unlike a FaultyFileSystem it poisons
// what a sync failed on, as a real failure does (D4).
//
// Threads: any thread; no call of the file systems may be under way while it is made or destroyed.
class InstalledPlan {
 public:
  // Errors: kFailedPrecondition  this process is under a plan already: there can be one
  //         kInvalidArgument     a rule whose effect is no error before the call
  static absl::StatusOr<std::unique_ptr<InstalledPlan>> Install(FaultPlan plan);
  ~InstalledPlan();
  InstalledPlan(const InstalledPlan&) = delete;
  InstalledPlan& operator=(const InstalledPlan&) = delete;

  const FaultInjector& injector() const { return injector_; }

 private:
  explicit InstalledPlan(FaultPlan plan);

  static int Ask(const char* name, int* failnum, void** failinfo, unsigned* flags);

  FaultInjector injector_;
};

// The plan as commands for `fiu-run -c` and `fiu-ctrl -c`, one for each fault point that it names:
// "enable name=vfs/sync,failinfo=5,onetime". libfiu knows points by name only and each by itself.
//
// Errors: kInvalidArgument  a rule that needs more than that, named, with the way out
absl::StatusOr<std::vector<std::string>> FiuCommands(const FaultPlan& plan);

}  // namespace permafrost::faults
