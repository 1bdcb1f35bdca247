// A journal, its ledgers, and the same steps as for every other source.
#include "engine/daemon/journal_ingest_command.h"

#include <memory>

#include "engine/ingest/journal_source.h"
#include "vfs/base/status.h"

namespace permafrost::engine {

CommandResult IngestJournalCommand(const vfs::Env& env,
                                   const IngestOptions& options,
                                   const JournalPlaceOptions& place) {
  const auto journal = OpenJournal(env, place, IfMissing::kRefuse);
  if (absl::IsNotFound(journal.status())) {
    return JournalFailure(vfs::NotFound(
        "source journal: the data directory has no journal in '{}'; push ledgers into one with "
        "permafrost journal append --source",
        place.directory));
  }
  if (!journal.ok()) return JournalFailure(journal.status());
  WrittenLedgerJournal ledgers(journal->get());
  const auto source = JournalSource::Attach(&ledgers, {});
  if (!source.ok()) return JournalFailure(source.status());
  CommandResult result = IngestCommand(env, options, **source);
  const absl::Status closed = (*journal)->Close();
  return result.code == ExitCode::kOk && !closed.ok() ? JournalFailure(closed) : result;
}

}  // namespace permafrost::engine
