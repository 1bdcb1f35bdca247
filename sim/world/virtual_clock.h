// The simulator's clock: virtual time of the active DeterministicScope.
#pragma once

#include "sim/sched/sched.h"
#include "vfs/clock.h"

namespace permafrost::sim {

class VirtualClock final : public vfs::Clock {
 public:
  std::uint64_t NowNanos() override { return VirtualNanos(); }
  std::uint64_t MonotonicNanos() override { return VirtualNanos(); }
  void SleepNanos(std::uint64_t nanos) override { SleepVirtualNanos(nanos); }
};

}  // namespace permafrost::sim
