// The floor gate.
#include "engine/retention/retention.h"

#include "vfs/base/probe.h"
#include "vfs/base/status.h"

namespace permafrost::engine {

ChunkId FloorGate::RaiseTo(ChunkId candidate) {
  const vfs::MutexLock lock(&mu_);
  if (candidate > floor_) {
    floor_ = candidate;
  } else if (candidate < floor_) {
    VFS_PROBE("engine/retention/lower_floor_ignored");
  }
  return floor_;
}

absl::Status AdmitRead(ChunkId chunk, ChunkId floor) {
  if (chunk >= floor) return absl::OkStatus();
  return vfs::NotFound("read chunk {}: below the retention floor, chunk {}", chunk.value(),
                       floor.value());
}

}  // namespace permafrost::engine
