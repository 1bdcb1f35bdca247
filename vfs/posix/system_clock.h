// The machine's clocks.
#pragma once

#include <cstdint>

#include "vfs/clock.h"

namespace permafrost::vfs {

// Threads: any thread.
class SystemClock final : public Clock {
 public:
  std::uint64_t NowNanos() override;
  std::uint64_t MonotonicNanos() override;
  void SleepNanos(std::uint64_t nanos) override;
};

}  // namespace permafrost::vfs
