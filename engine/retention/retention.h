// The retention floor: which chunk is the oldest that may be read, and the gate that keeps reads
// above it.
#pragma once

#include <cstdint>

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>

#include "engine/geometry/ids.h"
#include "vfs/base/mutex.h"

namespace permafrost::engine {

// How many chunks to keep, counted back from the last complete one; 0 keeps everything.
struct RetentionPolicy {
  std::uint32_t retention_chunks = 0;
  ChunkId earliest;  // the chunk of the pinned earliest ledger: no floor is below it
};

// The oldest retained chunk when `last_complete` is the last complete one (kBeforeFirstChunk when
// none is).
constexpr ChunkId FloorAt(const RetentionPolicy& policy, ChunkId last_complete) {
  if (policy.retention_chunks == 0) return policy.earliest;
  const std::int64_t floor = std::int64_t{last_complete.value()} - policy.retention_chunks + 1;
  return floor <= policy.earliest.value() ? policy.earliest
                                          : ChunkId{static_cast<std::int32_t>(floor)};
}

static_assert(FloorAt({.retention_chunks = 0, .earliest = ChunkId{7}}, ChunkId{90}) == ChunkId{7});
static_assert(FloorAt({.retention_chunks = 3, .earliest = ChunkId{0}}, ChunkId{9}) == ChunkId{7});
static_assert(FloorAt({.retention_chunks = 3, .earliest = ChunkId{0}}, ChunkId{1}) == ChunkId{0});
static_assert(FloorAt({.retention_chunks = 1, .earliest = ChunkId{0}}, kBeforeFirstChunk) ==
              ChunkId{0});

// The floor of one process: it only rises. A wider retention takes effect at the next start.
//
// Threads: any thread; guarded by mu_.
class FloorGate {
 public:
  explicit FloorGate(ChunkId floor) : floor_(floor) {}

  ChunkId floor() const {
    const vfs::MutexLock lock(&mu_);
    return floor_;
  }

  // Raises the floor to `candidate` if that is higher; returns the floor in force.
  ChunkId RaiseTo(ChunkId candidate);

 private:
  mutable vfs::Mutex mu_;
  ChunkId floor_ ABSL_GUARDED_BY(mu_);
};

// OK if the chunk may be read.
//
// Errors: kNotFound  the chunk is below the floor, whether or not its files still exist
absl::Status AdmitRead(ChunkId chunk, ChunkId floor);

}  // namespace permafrost::engine
