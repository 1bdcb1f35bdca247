// Follows a journal's writer read-only, from another thread or another process, and never returns
// what is not durable.
//
//   VFS_ASSIGN_OR_RETURN(auto tailer, Tailer::Open(fs, "journal", {.name = "replica", ...}));
//   VFS_ASSIGN_OR_RETURN(auto records, tailer->Next(1000));  // empty: nothing more is durable yet
//
// How far it goes:
// - in the writer's process up to `durable_lsn`;
// - in another process up to the LSN in `durable`, while that is of this boot and somebody holds
//   the writer's lock;
// - else up to P, what the records themselves prove (at most one batch is in flight), or the header
//   of a later segment, or a cursor. It is found from where the last look ended.
//
// Where a record stands follows from names and headers alone: of the segments that are there, the
// last whose first LSN is not above it. So bytes behind a successor's base are never looked at, and
// a segment may be cut short, removed or used again under the tailer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/journal/durable_file.h"
#include "engine/journal/journal_record.h"
#include "engine/journal/segment_file.h"
#include "engine/journal/segment_parse.h"
#include "engine/journal/segment_scan.h"
#include "vfs/file_system.h"

namespace permafrost::engine::journal {

struct TailerOptions {
  std::string name;  // of the lease: 1 to 64 letters, digits, '-' and '_'
  Lsn from_lsn = 1;  // the first that it returns
  BootId
      boot_id{};  // of this boot of the machine; all zero: unknown, and `durable` is not believed
  StoreId store_id{};
  // In the writer's process: Journal::LastFlushedLsn. Empty: in another process.
  std::function<Lsn()> durable_lsn;
  bool is_deep = false;      // verifies BLAKE3 as well as CRC32C
  std::string lock_content;  // what a second tailer of this name is told: the process id
};

// The name of a tailer that lives, or nothing. Leases that nobody holds are removed.
absl::StatusOr<std::optional<std::string>> FindTailer(vfs::FileSystem* fs,
                                                      const std::string& directory);

// Threads: one thread at a time.
class Tailer {
 public:
  // Takes the lease `lease-{name}`, which keeps the writer from using removed segments again while
  // the tailer lives. It does not keep the writer from removing them: that is a cursor's work. `fs`
  // must outlive the tailer.
  //
  // Errors: kInvalidArgument  the name, or LSN 0
  //         kNotFound         no such directory
  //         kUnavailable      a tailer of this name lives, or the writer is just looking whether
  //                           one does: its content of the lock
  static absl::StatusOr<std::unique_ptr<Tailer>> Open(vfs::FileSystem* fs,
                                                      const std::string& directory,
                                                      TailerOptions options);
  Tailer(const Tailer&) = delete;
  Tailer& operator=(const Tailer&) = delete;

  // The next durable records, at most so many; none if no more is durable now.
  //
  // Errors: kOutOfRange          truncated: the first LSN that is there
  //         kDataLoss            damage of a durable record: file, offset, expected, found
  //         kFailedPrecondition  another store's journal
  // After any error the next call goes on where this one began: no record is left out.
  absl::StatusOr<std::vector<JournalRecord>> Next(std::size_t limit);

  // The LSN that Next returns first.
  Lsn next_lsn() const { return next_; }

 private:
  enum class Reopen { kIfChanged, kYes };

  Tailer(vfs::FileSystem* fs,
         const std::string& directory,
         TailerOptions options,
         std::unique_ptr<vfs::FileLock> lease);

  // Raises `durable_`, by a look at what the writer says or, without it, at the records.
  absl::Status Learn(std::size_t limit);
  absl::Status Prove(std::size_t limit);
  absl::StatusOr<bool> HasWriter(const DurableMark& mark);
  void Know(Lsn durable);

  // Finds the segment in which `next_` stands, by name, and raises `sure_`.
  absl::Status Resolve(Reopen reopen);
  absl::Status Find(const std::vector<std::uint64_t>& bases);
  absl::Status NotThere(const std::optional<SegmentHeader>& first) const;

  // Adds records from `next_` on up to the last that is durable and sure to stand here.
  absl::Status ReadOn(std::size_t limit, std::vector<JournalRecord>& records);

  vfs::FileSystem* const fs_;
  const std::string directory_;
  const TailerOptions options_;
  const std::unique_ptr<vfs::FileLock> lease_;

  Lsn next_;
  Lsn durable_ = 0;  // known to be durable: never falls
  // Records from the segment's first LSN to this one stand in the segment, if they are durable.
  Lsn sure_ = 0;

  Segment segment_;
  std::unique_ptr<SegmentReader> reader_;  // of segment_; null: none yet
  ScanFrom cursor_;                        // in segment_: behind the last record that was read
  ScanFrom ahead_;                         // in segment_: how far Prove has looked
  Lsn newest_first_ = 1;                   // first LSN of the newest segment
  std::optional<std::uint64_t> settled_;   // base of the newest segment whose name is settled
  std::optional<std::pair<std::uint64_t, Lsn>> dead_;  // epoch and LSN of a mark without a writer
};

}  // namespace permafrost::engine::journal
