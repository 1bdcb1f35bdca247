// The journal's own durable facts beside its records: named cursors, checkpoints, and where the log
// begins to be needed. One small file, replaced as a whole.
//
// Source: engine/FORMATS.md "Journal"
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/journal/journal_types.h"
#include "vfs/file_system.h"

namespace permafrost::engine::journal {

// The record of this LSN would stand at this global offset.
struct JournalPlace {
  Lsn lsn = 1;
  std::uint64_t offset = 0;
  friend bool operator==(const JournalPlace&, const JournalPlace&) = default;
};

struct JournalState {
  JournalPlace first_needed;
  std::vector<JournalPlace> checkpoints;  // oldest first; a checkpoint's LSN is the next to apply
  std::map<std::string, Lsn, std::less<>> cursors;  // name: the next LSN that its owner needs
  friend bool operator==(const JournalState&, const JournalState&) = default;

  // The highest LSN that it proves durable, and who says so.
  struct Proof {
    Lsn lsn = 0;
    std::string by;
  };
  Proof proof() const;
  // The lowest LSN that a cursor needs; nothing is needed: the largest there is.
  struct Need {
    Lsn lsn = ~Lsn{0};
    std::string by;
  };
  Need need() const;
};

// A file that is not there is the state of a new journal.
//
// Errors: kDataLoss  the file, what was expected and found
absl::StatusOr<JournalState> ReadState(vfs::FileSystem* fs, const std::string& directory);

// Durable: once the directory is settled
absl::Status PutState(vfs::FileSystem* fs, const std::string& directory, const JournalState& state);
// Durable: yes, when it returns OK; else the old state or the new one
absl::Status WriteState(vfs::FileSystem* fs,
                        const std::string& directory,
                        const JournalState& state);

// 1 to 64 letters, digits, '-' and '_'.
// Errors: kInvalidArgument
absl::Status CheckCursorName(std::string_view name);

}  // namespace permafrost::engine::journal
