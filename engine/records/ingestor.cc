// Read, apply with the cursor, and now and then tell the journal.
#include "engine/records/ingestor.h"

#include <vector>

#include "engine/journal/record_types.h"
#include "engine/journal/records.pb.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {

absl::StatusOr<std::unique_ptr<Ingestor>> Ingestor::Attach(journal::Journal* journal,
                                                           RecordStore* store,
                                                           const IngestorOptions& options) {
  const journal::Lsn next = store->cursor();
  const journal::Lsn durable = journal->LastFlushedLsn();
  const journal::JournalState state = journal->state();
  if (next > durable + 1) {
    return vfs::DataLoss(
        "attach record store: it has applied LSN {}, the journal ends with LSN {}; they are not of "
        "one backup",
        next - 1, durable);
  }
  if (next < state.first_needed.lsn) {
    return vfs::DataLoss(
        "attach record store: it needs LSN {}, the journal begins with LSN {}; they are not of one "
        "backup",
        next, state.first_needed.lsn);
  }
  std::unique_ptr<Ingestor> ingestor(new Ingestor(journal, store, options));
  const auto at = state.cursors.find(options.cursor);
  if (at == state.cursors.end() || at->second != next) VFS_RETURN_IF_ERROR(ingestor->SaveCursor());
  return ingestor;
}

absl::StatusOr<std::size_t> Ingestor::Step() {
  const journal::Lsn next = store_->cursor();
  VFS_ASSIGN_OR_RETURN(const std::vector<JournalRecord> records,
                       journal_->Read(next, options_.batch_records));
  if (records.empty()) return std::size_t{0};
  VFS_RETURN_IF_ERROR(store_->Apply(records, records.back().lsn + 1));
  if (store_->cursor() - saved_ >= options_.cursor_records) VFS_RETURN_IF_ERROR(SaveCursor());
  return records.size();
}

absl::Status Ingestor::CatchUp() {
  while (true) {
    VFS_ASSIGN_OR_RETURN(const std::size_t applied, Step());
    if (applied == 0) return SaveCursor();
  }
}

absl::Status Ingestor::Skip(journal::Lsn lsn, const std::string& reason) {
  if (lsn != store_->cursor()) {
    return vfs::FailedPrecondition("skip LSN {}: the record store stands at LSN {}", lsn,
                                   store_->cursor());
  }
  VFS_PROBE("engine/records/skipped");
  VFS_ASSIGN_OR_RETURN(const std::vector<JournalRecord> found, journal_->Read(lsn, 1));
  if (found.empty())
    return vfs::OutOfRange("skip LSN {}: the journal has no durable record there", lsn);
  records::SkipMark mark;
  mark.set_skipped_lsn(lsn);
  mark.set_reason(reason);
  // First the mark: what is passed over without one could not be explained.
  VFS_RETURN_IF_ERROR(
      journal_->Append(static_cast<std::uint8_t>(RecordType::kSkipMark), mark.SerializeAsString())
          .status());
  const std::vector<std::uint64_t> skipped{lsn};
  return store_->Apply(found, lsn + 1, {.skipped_lsns = skipped});
}

absl::Status Ingestor::SaveCursor() {
  const journal::Lsn next = store_->cursor();
  VFS_RETURN_IF_ERROR(journal_->SetCursor(options_.cursor, next));
  saved_ = next;
  return absl::OkStatus();
}

}  // namespace permafrost::engine
