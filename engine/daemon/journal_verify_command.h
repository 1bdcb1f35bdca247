// `permafrost journal verify`: every segment read, every damage named; nothing changed, unless an
// operator says where a damaged log is to end.
#pragma once

#include <string>
#include <vector>

#include "engine/daemon/journal_parts.h"
#include "engine/journal/segment_parse.h"

namespace permafrost::engine {

// Reads two segments at a time. Besides CRC32C, which is always checked, `hash` asks for the BLAKE3
// of every record. Damage is in the error text, and exit code 4.
CommandResult JournalVerifyCommand(const vfs::Env& env,
                                   const JournalPlaceOptions& options,
                                   journal::HashCheck hash);

struct JournalTruncateOptions {
  journal::Lsn at = 0;                           // of the first damaged record, as verify names it
  std::vector<std::string> remove_cursors = {};  // if they stand behind it
};
// Removes that record and all behind it (engine/journal/truncation.h), under the writer's lock.
CommandResult JournalTruncateCommand(const vfs::Env& env,
                                     const JournalPlaceOptions& options,
                                     journal::HashCheck hash,
                                     const JournalTruncateOptions& truncate);

}  // namespace permafrost::engine
