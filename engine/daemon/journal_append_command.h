// `permafrost journal append` and `records put`: records into a journal, each told by its LSN once
// it is durable.
#pragma once

#include <optional>
#include <string>

#include "engine/daemon/journal_parts.h"
#include "engine/ledger/ledger_source.h"
#include "engine/store/chunk_input.h"

namespace permafrost::engine {

// Appends what the lines of the input say, as pieces of it come, and prints the LSN of each record
// once it is durable. A bad line ends it: what stood before that line is appended, nothing of it
// and behind it is.
CommandResult JournalAppendCommand(const vfs::Env& env,
                                   const JournalPlaceOptions& options,
                                   const std::optional<std::string>& type,
                                   Input input,
                                   Output output);

// Appends the ledgers of a source, from `from` (nothing: its first) to its end, and prints the LSN
// of each. One that does not decode ends it in the same way.
CommandResult JournalAppendLedgersCommand(const vfs::Env& env,
                                          const JournalPlaceOptions& options,
                                          LedgerSource& source,
                                          std::optional<LedgerSeq> from,
                                          const ShouldStop& should_stop,
                                          Output output);

}  // namespace permafrost::engine
