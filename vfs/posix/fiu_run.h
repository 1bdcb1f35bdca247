// Whether libfiu's fiu-run started this process, so that fiu-run and fiu-ctrl may drive its fault
// points.
#pragma once

namespace permafrost::vfs {

// Arms the fault points if fiu-run started the process. A program whose disk an operator may want
// to fail calls it first in main(); without fiu-run nothing of libfiu ever runs.
//
// Threads: before others exist (it reads the environment).
void ArmFaultPointsUnderFiuRun();

}  // namespace permafrost::vfs
