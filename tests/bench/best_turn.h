// What one turn of a short loop costs.
#pragma once

#include <time.h>

#include <algorithm>

namespace permafrost {

inline double MonotonicNanos() {
  timespec at = {};
  ::clock_gettime(CLOCK_MONOTONIC, &at);
  return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
}

// Of all threads of this process: what a busy machine disturbs least.
inline double ProcessorNanos() {
  timespec at = {};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &at);
  return static_cast<double>(at.tv_sec) * 1e9 + static_cast<double>(at.tv_nsec);
}

// Nanoseconds per turn of the loop: the best of nine rounds.
template <typename Body>
double BestTurnNanos(int turns, const Body& body) {
  double best = 1e18;
  for (int round = 0; round < 9; ++round) {
    const double start = MonotonicNanos();
    for (int i = 0; i < turns; ++i) {
      body();
      asm volatile("" ::: "memory");  // each turn for itself
    }
    best = std::min(best, (MonotonicNanos() - start) / turns);
  }
  return best;
}

}  // namespace permafrost
