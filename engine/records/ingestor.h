// Feeds the record store from the journal: every record is applied exactly once, whatever is cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/journal/journal.h"
#include "engine/records/record_store.h"

namespace permafrost::engine {

struct IngestorOptions {
  std::size_t batch_records = 256;    // of one synced batch of the record store
  std::size_t cursor_records = 4096;  // after so many the journal is told what it may forget
  std::string cursor = "ingest";      // its name in the journal
};

// The record store's own cursor decides what comes next; the journal's copy is written after the
// store's commit, so it may lag and never leads.
//
// Threads: one thread at a time.
class Ingestor {
 public:
  // Registers the cursor, so that nothing that the store needs is truncated. Journal and store must
  // outlive the ingestor.
  //
  // Errors: kDataLoss  the store is ahead of the journal, or needs records that are truncated
  static absl::StatusOr<std::unique_ptr<Ingestor>> Attach(journal::Journal* journal,
                                                          RecordStore* store,
                                                          const IngestorOptions& options);

  // Applies the next batch of durable records and returns how many; 0: there are none.
  //
  // Durable: what it returned, when it returns
  // Errors:  those of RecordStore::Apply and of Journal::Read; nothing is passed over
  absl::StatusOr<std::size_t> Step();
  // Steps until everything durable is applied, then tells the journal.
  absl::Status CatchUp();
  // The operator's act: journals a skip mark for the record that the store stands at, and passes it
  // over.
  //
  // Errors: kFailedPrecondition  the store stands at another LSN
  absl::Status Skip(journal::Lsn lsn, const std::string& reason);
  // Tells the journal, durably, what is applied.
  absl::Status SaveCursor();

 private:
  Ingestor(journal::Journal* journal, RecordStore* store, const IngestorOptions& options)
      : journal_(journal), store_(store), options_(options), saved_(store->cursor()) {}

  journal::Journal* const journal_;
  RecordStore* const store_;
  const IngestorOptions options_;
  journal::Lsn saved_;
};

}  // namespace permafrost::engine
