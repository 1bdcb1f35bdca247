// Syncs of directories, one at a time each, and the memory of failed ones.
#include "engine/catalog/directories.h"

#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/durable.h"

namespace permafrost::engine {

Directories::Held Directories::Hold(std::string_view directory) {
  Entry* entry = nullptr;
  {
    const vfs::MutexLock lock(&mu_);
    std::unique_ptr<Entry>& slot = entries_.try_emplace(std::string(directory)).first->second;
    if (slot == nullptr) slot = std::make_unique<Entry>();
    entry = slot.get();
  }
  return {fs_, std::string(directory), entry};
}

absl::Status Directories::Held::Sync(const vfs::StepAt& label) {
  absl::Status status = vfs::SyncChain(fs_, {.leaf = path_, .anchor = path_}, label);
  if (!status.ok() && !absl::IsNotFound(status)) ++entry_->failed_syncs;
  return status;
}

void PendingNames::Add(std::string_view path) {
  std::string directory(vfs::ParentOf(path));
  if (failed_before_.contains(directory)) return;
  const std::uint64_t failed = directories_->Hold(directory).failed_syncs();
  failed_before_.emplace(std::move(directory), failed);
}

absl::Status PendingNames::Settle(const vfs::StepAt& label) {
  for (const auto& [directory, failed_before] : failed_before_) {
    std::string_view at = directory;
    while (true) {
      Directories::Held held = directories_->Hold(at);
      const absl::Status status = held.Sync(label);
      if (absl::IsNotFound(status) && !at.empty()) {
        at = vfs::ParentOf(at);
        continue;
      }
      VFS_RETURN_IF_ERROR(status);
      if (at == directory && held.failed_syncs() != failed_before) {
        VFS_PROBE("engine/directories/failed_sync_of_another");
        return vfs::Aborted(
            "settle {}: another sync of it failed meanwhile, so the names just changed in it are "
            "unspecified; change them anew",
            directory);
      }
      break;
    }
  }
  return absl::OkStatus();
}

}  // namespace permafrost::engine
