// Free space that data may not use, so that marks, demotions and deletions always have room: what
// gives space back must not need what is gone.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>

#include "vfs/file_system.h"

namespace permafrost::engine {

// Threads: any thread.
class SpaceReserve {
 public:
  // 0: none, and the disk is not asked. `fs` must outlive this.
  SpaceReserve(const vfs::FileSystem* fs, std::uint64_t reserve_bytes)
      : fs_(fs), reserve_bytes_(reserve_bytes) {}

  // Carries out a step that writes data below `path`, unless the reserve is touched.
  //
  // Errors: kResourceExhausted  less than the reserve is free: nothing was done; or as the step
  absl::Status Admit(std::string_view path, absl::FunctionRef<absl::Status()> step);

  // Since a step ran out of space or was refused, until the next one that succeeds.
  bool is_short() const { return is_short_.load(std::memory_order_relaxed); }

 private:
  absl::Status CheckReserve(std::string_view path) const;

  const vfs::FileSystem* const fs_;
  const std::uint64_t reserve_bytes_;
  std::atomic<bool> is_short_{false};
};

}  // namespace permafrost::engine
