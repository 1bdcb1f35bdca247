// Files being written under a key that is not frozen yet: made exclusively, digested as they are
// written, synced by handle.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/any_invocable.h>
#include <absl/status/status.h>

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
  explicit NewFiles(vfs::FileSystem* fs) : fs_(fs) {}
  ~NewFiles();

  // Removes a leftover of this name, creates the file exclusively and lets `writer` fill it. The
  // directory exists.
  //
  // Durable: never; after SyncFiles and the barriers of the directories
  absl::Status Write(std::string_view path, ArtifactWriter writer);

  // Syncs every file, in the order written, on the handle that wrote it.
  absl::Status SyncFiles();

  // Paths in the order written, and their directories.
  const std::vector<std::string>& paths() const { return paths_; }
  std::vector<std::string> Directories() const;

  // Size and checksum of each file, in the order written; what the writers handed over, not what a
  // disk gave back.
  const std::vector<FileDigest>& digests() const { return digests_; }

  // Closes the handles; a close that fails after a good sync is still an error.
  absl::Status Close();

 private:
  vfs::FileSystem* const fs_;
  std::vector<std::string> paths_;
  std::vector<std::unique_ptr<vfs::File>> files_;
  std::vector<FileDigest> digests_;
};

}  // namespace permafrost::engine
