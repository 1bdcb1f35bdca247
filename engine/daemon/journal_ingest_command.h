// `permafrost ingest --source journal`: the ledgers of a data directory's journal into its store.
#pragma once

#include "engine/daemon/journal_parts.h"
#include "engine/daemon/ledger_commands.h"

namespace permafrost::engine {

// Below the data directory.
inline constexpr char kJournalDirectory[] = "journal";

// Opens the journal, which must be there, for writing; ends where it ends. Its cursor follows the
// store. Makes the store if there is none.
CommandResult IngestJournalCommand(const vfs::Env& env,
                                   const IngestOptions& options,
                                   const JournalPlaceOptions& place);

}  // namespace permafrost::engine
