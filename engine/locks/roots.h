// The storage roots of one process: made with every name on their paths durable, and locked against
// all others.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/layout/layout.h"
#include "vfs/env.h"

namespace permafrost::engine {

// Every configured root, the catalog's database directory, and each directory above them, up to the
// file system's root (the anchor, which the operator made): created if missing, and their names
// settled even if none was missing (D8).
//
// A directory found empty is removed and made again first: if an earlier start failed to sync its
// name, that name is unspecified for good and only a new one can be settled (D4). A root is proven
// settled by the lock file in it, which is created after this returned.
//
// Durable: yes, when it returns OK. Every sync is under step roots.sync.
absl::Status PrepareRoots(vfs::FileSystem* fs, const Layout& layout);

// Refuses roots that do not exist, without creating anything: what commands that only look call
// first.
//
// Errors: kNotFound  names the root and the remedy
absl::Status CheckRootsExist(const vfs::FileSystem& fs, const Layout& layout);

// Locks on every root, held until destroyed or the process dies.
//
// Threads: one thread at a time.
class RootLocks {
 public:
  // Takes permafrost.lock in every configured root; two roots that are one directory are locked
  // once. `holder` is written into the lock files (the process id).
  //
  // Errors: kFailedPrecondition  another process holds a root; names the root and the holder;
  //                              nothing stays locked
  static absl::StatusOr<RootLocks> Take(vfs::FileSystem* fs,
                                        const Layout& layout,
                                        std::string_view holder);

  std::size_t count() const { return locks_.size(); }

 private:
  RootLocks() = default;

  std::vector<std::unique_ptr<vfs::FileLock>> locks_;
};

// Whether an error of opening a store says that somebody else holds one of its roots.
bool IsRootHeld(const absl::Status& status);

}  // namespace permafrost::engine
