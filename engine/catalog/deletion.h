// The deletion protocol of artifacts and coverages: demote, unlink, sync the directories, delete
// the keys.
#pragma once

#include <cstddef>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/catalog/context.h"

namespace permafrost::engine {

// K1 delete.demote  frozen -> pruning, one batch
// K2 delete.unlink  every file's name removed
// K3 delete.sync.parent
// K4 delete.key     one batch
//
// Before K2 the keys are claimed and their live state is read again: what is frozen by then is left
// alone with a warning, what is absent is skipped, and so is what a read view may still resolve: it
// stays `pruning` and counts as deferred. Repeating it after any failure or death finishes the
// work.
//
// Returns how many keys were deferred.
// Durable: yes, when it returns OK: of what was not deferred neither file nor key comes back
// Errors:  of the file system and the catalog; the keys of what was not proven gone stay
absl::StatusOr<std::size_t> Delete(const StoreContext& context, const ArtifactRefs& refs);

// K2 to K4 only, in the same way: what is frozen stays.
absl::StatusOr<std::size_t> Sweep(const StoreContext& context, const ArtifactRefs& refs);

// Removes a file's name under a key that is not frozen. A name that is gone already is made and
// removed once more if its directory exists: if an earlier sync of the directory failed, the
// earlier removal is unspecified for good and only a new one can be settled (D4).
//
// Durable: never; SyncParents settles it
absl::Status RemoveName(vfs::FileSystem* fs, std::string_view path);

// The same for a directory and everything in it.
absl::Status RemoveDirName(vfs::FileSystem* fs, std::string_view directory);

}  // namespace permafrost::engine
