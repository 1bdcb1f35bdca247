// Ctrl-C: the first asks for a valid partial result, the second ends the process at once.
#pragma once

namespace permafrost::sim {

// Installs the handlers of SIGINT and SIGTERM.
void InstallInterruptHandlers();
// Whether a signal asked to stop.
bool IsInterrupted();
// 130 for SIGINT, 143 for SIGTERM, 0 if neither came.
int InterruptExitCode();

}  // namespace permafrost::sim
