// The barriers: which syncs make a new file, a chain of directories or a removal survive a power
// cut, and in which order.
//
// In the engine's world nothing else calls SyncDir. Each sync runs under the step label that the
// caller gives, so that the simulator can name it, drop it and show what breaks.
//
// A directory that is missing is settled through its nearest existing ancestor: whatever was in it
// went with it, and the name that went is an entry of that ancestor.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include <absl/status/status.h>

#include "vfs/base/step.h"
#include "vfs/file_system.h"

namespace permafrost::vfs {

// Step labels of BarrierNewFile's three syncs; string literals, none null.
struct BarrierLabels {
  StepAt file = nullptr;
  StepAt parent = nullptr;
  StepAt grandparent = nullptr;
};

// A directory and the ancestor (or itself) up to which it is made or settled. The anchor's own name
// is somebody else's.
struct DirChain {
  std::string_view leaf = {};
  std::string_view anchor = {};
};

// Makes a new file durable with its name: file Sync, then its directory, then the directory above,
// always all three. The parent may be new as well (a bucket appears every 1,000th chunk), and its
// name lives in the grandparent; whether it is new is not asked, because after a process death an
// old-looking directory may be unsettled too (D8). A file directly in the root has no grandparent
// here.
//
// `file` is the open handle that wrote: the sync must be on the inode that was written, whatever
// the path names now.
// Durable: yes, when it returns OK: bytes, name, and the parent's name
// Errors:  of Sync and SyncDir; nothing is retried
absl::Status BarrierNewFile(FileSystem* fs,
                            File* file,
                            std::string_view path,
                            const BarrierLabels& labels);

// Makes the missing directories between the anchor and the leaf, then SyncChain, whether or not any
// was missing.
//
// Durable: yes, when it returns OK
// Errors:  kNotFound             the anchor does not exist; nothing was done
//          kFailedPrecondition   a name on the way is a file
absl::Status MakeDirs(FileSystem* fs, const DirChain& chain, const StepAt& label);

// Syncs every directory from the leaf up to and including the anchor.
//
// Durable: the names of all of them below the anchor, and their entries, when it returns OK
absl::Status SyncChain(FileSystem* fs, const DirChain& chain, const StepAt& label);

// Settles the entries of one directory, or of its nearest existing ancestor.
//
// Durable: yes, when it returns OK
absl::Status SettleDir(FileSystem* fs, std::string_view directory, const StepAt& label);

// Settles the names of all these paths, made or removed: each distinct parent once, in path order.
//
// Durable: yes, when it returns OK
absl::Status SyncParents(FileSystem* fs, std::span<const std::string> paths, const StepAt& label);

// Removes a directory and everything below it; a missing one is fine, and so is what vanishes
// meanwhile.
//
// Durable: never; SyncParents of `directory` settles it
// Errors:  kFailedPrecondition  it is a file, or something was added while it was emptied
absl::Status RemoveTree(FileSystem* fs, std::string_view directory);

// Removes a file's name if it exists.
//
// Durable: never; SyncParents settles it
absl::Status UnlinkIfExists(FileSystem* fs, std::string_view path);

}  // namespace permafrost::vfs
