// Where in a simulated run a kill on the real disk fell: what it left there equals the disk before
// or after the call that was under way, or is that call half done.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "sim/world/tree.h"
#include "sim/world/world.h"

namespace permafrost::sim {

struct Landing {
  DiskState disk;           // its live files are those of the real disk
  std::uint64_t point = 0;  // the last crash point that is no later
  bool is_torn = false;     // the call is half done: some of its bytes are there
};

// `finished` mutating calls had returned; `in_flight` is the one that had not, as a crash point
// names it, or empty.
//
// Errors: kDataLoss  with the first path that is as no call of the run leaves it
absl::StatusOr<Landing> FindLanding(const std::vector<CrashPoint>& points,
                                    std::uint64_t finished,
                                    std::string_view in_flight,
                                    const Tree& real);

}  // namespace permafrost::sim
