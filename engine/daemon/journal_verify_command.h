// `permafrost journal verify`: every segment read, every damage named, nothing changed.
#pragma once

#include "engine/daemon/journal_parts.h"
#include "engine/journal/segment_parse.h"

namespace permafrost::engine {

// Reads two segments at a time. Besides CRC32C, which is always checked, `hash` asks for the BLAKE3
// of every record. Damage is in the error text, and exit code 4.
CommandResult JournalVerifyCommand(const vfs::Env& env,
                                   const JournalPlaceOptions& options,
                                   journal::HashCheck hash);

}  // namespace permafrost::engine
