// Files being written under a key that is not frozen yet: made exclusively, digested as they are
// written, synced by handle, their names settled.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/any_invocable.h>
#include <absl/status/status.h>

#include "engine/catalog/directories.h"
#include "engine/catalog/values.h"
#include "vfs/file_system.h"

namespace permafrost::engine {

// Produces the whole content of one file. It writes; syncing and closing are the protocol's
// business.
using ArtifactWriter = absl::AnyInvocable<absl::Status(vfs::File&)>;

// The files of one freeze or one index build, from the first byte to the digests. An object that
// saw an error is of no further use: a retry makes a new one, and with it new inodes (a failed sync
// is never repeated on the same file).
//
// Threads: one thread at a time.
class NewFiles {
 public:
  NewFiles(vfs::FileSystem* fs, Directories* directories) : fs_(fs), names_(directories) {}
  ~NewFiles();

  // Removes a leftover of this name, creates the file exclusively and lets `writer` fill it. The
  // directory exists and its own name is durable.
  //
  // Durable: never; after SyncFiles and SettleNames
  absl::Status Write(std::string_view path, ArtifactWriter writer);

  // Syncs every file, in the order written, on the handle that wrote it.
  absl::Status SyncFiles();

  // Syncs the directory of each file. Errors: kAborted  as PendingNames
  absl::Status SettleNames(const vfs::StepAt& label) { return names_.Settle(label); }

  // Size and checksum of each file, in the order written; what the writers handed over, not what a
  // disk gave back.
  const std::vector<FileDigest>& digests() const { return digests_; }

  // Closes the handles; a close that fails after a good sync is still an error.
  absl::Status Close();

 private:
  vfs::FileSystem* const fs_;
  PendingNames names_;
  std::vector<std::unique_ptr<vfs::File>> files_;
  std::vector<FileDigest> digests_;
};

}  // namespace permafrost::engine
