// The directories that hold artifacts and databases, as this process knows them: whose names are
// proven durable, and where a sync has failed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>

#include "vfs/base/mutex.h"
#include "vfs/base/step.h"
#include "vfs/file_system.h"

namespace permafrost::engine {

// After a failed sync of a directory the names that were pending in it are unspecified for good
// (D4): a later good sync says nothing about them. With several threads in one directory the sync
// that fails may be somebody else's. So failures are counted here, and who changes names asks
// before the change and after its own sync (PendingNames does).
//
// Threads: any thread. Of two directories the lower is held first.
class Directories {
  struct Entry {
    std::mutex mu;
    bool is_proven = false;          // guarded by mu
    std::uint64_t failed_syncs = 0;  // guarded by mu
  };

 public:
  explicit Directories(vfs::FileSystem* fs) : fs_(fs) {}

  // One directory, with nobody else in it: no other removal, renewal or sync runs meanwhile.
  // (Making files does not take it: that begins when the directory is proven.)
  class Held {
   public:
    // Whether the directory's own name is known to be durable; nobody makes it anew then.
    bool is_proven() const { return entry_->is_proven; }
    void set_proven() { entry_->is_proven = true; }
    std::uint64_t failed_syncs() const { return entry_->failed_syncs; }

    // Durable: the names in it that were changed since the last failed sync, when it returns OK
    // Errors:  kNotFound  the directory is gone
    absl::Status Sync(const vfs::StepAt& label);

   private:
    friend class Directories;
    Held(vfs::FileSystem* fs, std::string path, Entry* entry)
        : fs_(fs), path_(std::move(path)), entry_(entry), lock_(entry->mu) {}

    vfs::FileSystem* fs_;
    std::string path_;
    Entry* entry_;
    std::unique_lock<std::mutex> lock_;
  };
  Held Hold(std::string_view directory);

 private:
  vfs::FileSystem* const fs_;
  vfs::Mutex mu_;
  std::map<std::string, std::unique_ptr<Entry>, std::less<>> entries_ ABSL_GUARDED_BY(mu_);
};

// Names that one protocol makes or removes and then settles together.
//
// Threads: one thread at a time.
class PendingNames {
 public:
  explicit PendingNames(Directories* directories) : directories_(directories) {}

  // To be called before the name of `path` is made or removed.
  void Add(std::string_view path);

  // Syncs each directory of the names once, in path order; of one that is gone its nearest ancestor
  // (the name that went is an entry of that).
  //
  // Durable: every name that was added, made or removed, when it returns OK
  // Errors:  kAborted  a sync of the directory failed since the name was added: it must be made or
  //                    removed anew
  absl::Status Settle(const vfs::StepAt& label);

 private:
  Directories* const directories_;
  std::map<std::string, std::uint64_t> failed_before_;  // by directory
};

}  // namespace permafrost::engine
