// A tailer, and the journal itself for a moment.
#include "engine/daemon/tailed_ledger_journal.h"

#include "engine/journal/journal_state.h"
#include "vfs/base/status_macros.h"
#include "vfs/durable.h"

namespace permafrost::engine {

using journal::Lsn;

absl::StatusOr<std::unique_ptr<TailedLedgerJournal>> TailedLedgerJournal::Open(
    const vfs::Env& env, const JournalPlaceOptions& options) {
  auto found = ExistingOptions(env, options);
  if (absl::IsNotFound(found.status())) {
    VFS_RETURN_IF_ERROR(
        vfs::MakeDirs(env.fs, {.leaf = options.directory, .anchor = ""}, "roots.sync"));
    VFS_ASSIGN_OR_RETURN(const auto made, OpenJournal(env, options, IfMissing::kMake));
    VFS_RETURN_IF_ERROR(made->Close());
    found = ExistingOptions(env, options);
  }
  VFS_RETURN_IF_ERROR(found.status());
  return std::unique_ptr<TailedLedgerJournal>(
      new TailedLedgerJournal(env, options, found->store_id));
}

absl::StatusOr<Lsn> TailedLedgerJournal::First() {
  return FirstLsn(env_.fs, options_.directory, store_id_);
}

absl::StatusOr<std::vector<JournalRecord>> TailedLedgerJournal::Read(Lsn from, std::size_t limit) {
  if (tailer_ == nullptr || tailer_->next_lsn() != from) {
    tailer_.reset();  // its lease has the same name
    VFS_ASSIGN_OR_RETURN(tailer_, journal::Tailer::Open(env_.fs, options_.directory,
                                                        {.name = kLedgerCursor,
                                                         .from_lsn = from,
                                                         .boot_id = options_.boot_id,
                                                         .store_id = store_id_,
                                                         .lock_content = options_.holder}));
  }
  return tailer_->Next(limit);
}

absl::StatusOr<std::optional<Lsn>> TailedLedgerJournal::Cursor() {
  VFS_ASSIGN_OR_RETURN(const journal::JournalState state,
                       journal::ReadState(env_.fs, options_.directory));
  return LedgerCursorIn(state);
}

absl::Status TailedLedgerJournal::SetCursor(Lsn next) {
  VFS_ASSIGN_OR_RETURN(const auto journal, OpenJournal(env_, options_, IfMissing::kRefuse));
  VFS_RETURN_IF_ERROR(journal->SetCursor(kLedgerCursor, next));
  return journal->Close();
}

}  // namespace permafrost::engine
