// The state behind the shims: one per process, touched by the thread that holds the token only.
#pragma once

#include <cstdint>

#include "sim/sched/sched.h"

namespace permafrost::sim {

struct RunState {
  bool is_active = false;
  bool has_threads = false;  // inside RunThreads, and not in a scope without threads
  std::uint64_t seed = 0;
  std::uint64_t clock_nanos = 0;
  std::uint64_t session_count = 0;
  std::uint64_t entropy_count = 0;
  std::uint64_t random_scope =
      0;  // changes with every scope, so that the thread-local Random is made anew
};

RunState& TheRunState();
ShimCalls& TheShimCalls();

}  // namespace permafrost::sim
