// Ends a damaged log before its first damaged record, on an operator's word. What stood behind is
// set aside in files `*.removed`, and the log goes on with the LSN of that record.
//
// Source: engine/FORMATS.md "Journal"
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/journal/recovery.h"

namespace permafrost::engine::journal {

// Bytes that are not of the log any more.
struct RemovedBytes {
  std::string file;            // that held them
  std::uint64_t position = 0;  // of the first, in that file
  std::uint64_t bytes = 0;
  std::string kept_as;
};

struct Truncation {
  Lsn last = 0;  // of the log now
  std::vector<RemovedBytes> removed;
  std::map<std::string, Lsn, std::less<>> cursors;  // removed, with what they said
  std::vector<JournalPlace> checkpoints;            // removed
};

// Removes what stands from `end` on, which is where the log can be read to; `cursors` go if they
// need more. The caller holds the writer's lock. A cut at any step leaves the damaged log, maybe
// without those cursors, or the truncated one; another call then finishes.
//
// Durable: yes, when it returns OK
// Errors:  kFailedPrecondition  a cursor that is not in `cursors` needs what is behind `end`, or a
//                               tailer follows; nothing was changed
//          kResourceExhausted   no space for what is set aside, or for a segment; nothing was lost
//          and those of Recover
absl::StatusOr<Truncation> TruncateAt(const vfs::Env& env,
                                      const std::string& directory,
                                      const JournalOptions& options,
                                      const LogEnd& end,
                                      const std::vector<std::string>& cursors);

}  // namespace permafrost::engine::journal
