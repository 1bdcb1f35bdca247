// Faults that a random life meets, from its seed: a subset of the kinds is on (a swarm), and one to
// three rules are drawn from it.
#pragma once

#include "faults/fault_plan.h"
#include "vfs/base/prng.h"

namespace permafrost::sim {

// Whether damage may be drawn: only where the oracle can tell it from a bug.
enum class DrawRot { kNo, kYes };

// Errors before and after the effect, full disks, no handles, short writes, failed syncs of every
// personality, stalls and, with kYes, rot of files whose damage the engine promises to notice.
faults::FaultPlan DrawFaults(vfs::Prng& prng, DrawRot rot);

}  // namespace permafrost::sim
