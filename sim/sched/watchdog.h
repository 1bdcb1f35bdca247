// Notices a simulated thread that keeps the token for ever: it blocks in a call that the simulator
// does not define, or spins.
#pragma once

#include <atomic>
#include <cstdint>

namespace permafrost::sim {

class Scheduler;

// From now on watches this run; null: none. One kernel thread per process, started by the first
// call, sleeps beside the run and touches nothing of it until it reports.
void WatchRun(Scheduler* run);

inline std::atomic<std::uint64_t> pulse_of_run{0};  // rises while a run goes on
inline void BeatPulse() {
  pulse_of_run.store(pulse_of_run.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace permafrost::sim
