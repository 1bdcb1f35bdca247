// Time as the engine sees it: virtual under the simulator.
#pragma once

#include <cstdint>

namespace permafrost::vfs {

// Threads: any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::uint64_t NowNanos() = 0;        // since the Unix epoch; may step
  virtual std::uint64_t MonotonicNanos() = 0;  // never falls
  virtual void SleepNanos(std::uint64_t nanos) = 0;
};

}  // namespace permafrost::vfs
