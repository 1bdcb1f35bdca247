// The check before, the verdict after.
#include "engine/store/space_reserve.h"

#include "engine/store/failure.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {

absl::Status SpaceReserve::CheckReserve(std::string_view path) const {
  if (reserve_bytes_ == 0) return absl::OkStatus();
  VFS_ASSIGN_OR_RETURN(const std::uint64_t free_bytes, fs_->FreeSpace(path));
  if (free_bytes >= reserve_bytes_) return absl::OkStatus();
  VFS_PROBE("engine/store/reserve_refused");
  return vfs::ResourceExhausted(
      "write below '{}': {} bytes are free, the reserve is {} (storage.reserve_bytes); free space "
      "on this volume, reads and reclaiming go on meanwhile",
      path, free_bytes, reserve_bytes_);
}

absl::Status SpaceReserve::Admit(std::string_view path, absl::FunctionRef<absl::Status()> step) {
  absl::Status status = CheckReserve(path);
  if (status.ok()) status = step();
  if (status.ok()) {
    if (is_short_.exchange(false)) VFS_PROBE("engine/store/space_returned");
  } else if (ClassOf(status) == FaultClass::kNoSpace) {
    is_short_ = true;
  }
  return status;
}

}  // namespace permafrost::engine
