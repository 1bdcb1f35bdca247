// Signal handlers that only set a flag.
#include "sim/explore/interrupt.h"

#include <signal.h>
#include <unistd.h>

namespace permafrost::sim {
namespace {

// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a handler needs it
volatile sig_atomic_t g_signal = 0;

void OnSignal(int number) {
  if (g_signal != 0) _exit(128 + number);
  g_signal = number;
}

}  // namespace

void InstallInterruptHandlers() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool IsInterrupted() { return g_signal != 0; }

int InterruptExitCode() { return g_signal == 0 ? 0 : 128 + static_cast<int>(g_signal); }

}  // namespace permafrost::sim
