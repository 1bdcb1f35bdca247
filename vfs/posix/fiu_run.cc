// What fiu-run leaves in the environment.
#include "vfs/posix/fiu_run.h"

#include <cstdlib>

#include "vfs/base/fault_point.h"

namespace permafrost::vfs {

void ArmFaultPointsUnderFiuRun() {
  // fiu-run exports both always: the commands of its -c, and where fiu-ctrl finds the process.
  const bool has_commands = std::getenv("FIU_ENABLE") != nullptr;
  const bool has_control = std::getenv("FIU_CTRL_FIFO") != nullptr;
  if (has_commands || has_control) ArmFaultPoints();
}

}  // namespace permafrost::vfs
