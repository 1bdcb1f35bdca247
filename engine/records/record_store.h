// The record store: what the journal's records say, by content address, subject, account, epoch and
// LSN, each applied exactly once.
//
// The cursor (the next LSN to apply) is a row of the same database and moves in the same synced
// batch as the rows of the records that it passes: after any crash both are there or neither is.
// So a record below the cursor is applied, and whoever feeds the store may begin again anywhere at
// or below it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/journal/journal_record.h"
#include "engine/journal/record_types.h"
#include "engine/records/ledger_sink.h"
#include "engine/records/record_values.h"
#include "vfs/base/mutex.h"
#include "vfs/env.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::engine {

class RowChanges;

struct RecordStoreOptions {
  vfs::RocksOptions rocks;
  // Who makes the directory and settles its name: a root of a store is the caller's.
  vfs::DirOwner dir_owner = vfs::DirOwner::kCaller;
  LedgerSink* ledgers = nullptr;  // null: ledgers get their L: row only
};

struct ApplyOptions {
  // The operator's --skip-lsn: these records get their L: row and are not decoded. The caller has
  // journaled a skip mark for each.
  std::span<const std::uint64_t> skipped_lsns = {};
};

struct StoredVote {
  ContentAddress hash = {};
  Record vote;
};

// After a write returned an error nobody knows what is durable: every later call returns that error
// until the store is opened again.
//
// Threads: any thread; one Apply at a time, readers do not wait for it. Close and destruction
// exclude every other call.
class RecordStore {
 public:
  // Opens the database in `directory`, which exists and is durable where it is the caller's; an
  // empty one becomes a store whose cursor is 1. `env` and the sink must outlive the store.
  //
  // Errors: kDataLoss  the cursor is damaged, gone, or not right behind the last indexed record
  static absl::StatusOr<std::unique_ptr<RecordStore>> Open(const vfs::Env& env,
                                                           std::string_view directory,
                                                           const RecordStoreOptions& options);

  ~RecordStore();
  RecordStore(const RecordStore&) = delete;
  RecordStore& operator=(const RecordStore&) = delete;

  // Applies records of consecutive LSNs, the last of which is next_lsn - 1; those below the cursor
  // are passed over. Ledgers go to the sink first.
  //
  // Durable: yes, wholly, when it returns OK; after an error wholly or not at all
  // Errors:  kDataLoss            an LSN is not the next one (both are named); or a record does not
  //                               decode or breaks a rule (LSN and offset are named): nothing was
  //                               applied, and nothing given to the sink
  //          kFailedPrecondition  a record is not durable
  //          kInvalidArgument     next_lsn does not fit the records
  //          of the sink          nothing was applied
  absl::Status Apply(std::span<const JournalRecord> records,
                     std::uint64_t next_lsn,
                     const ApplyOptions& options = {});

  // The next LSN to apply.
  std::uint64_t cursor() const;

  // ---- Reads. Errors: kNotFound         no such row
  //                     kDataLoss         a row is damaged (named)
  //                     kInvalidArgument  no key has such a name

  absl::StatusOr<Record> Assertion(const ContentAddress& hash) const;
  // By vote hash; none is an empty list.
  absl::StatusOr<std::vector<StoredVote>> VotesOf(const ContentAddress& assertion) const;
  absl::StatusOr<Record> Epoch(std::string_view epoch_id) const;
  // Ascending; none is an empty list.
  absl::StatusOr<std::vector<ContentAddress>> Subject(std::string_view subject) const;
  absl::StatusOr<AccountRow> Account(std::string_view account) const;
  absl::StatusOr<IndexRow> RecordAt(std::uint64_t lsn) const;

  // The database, for scenarios that pump its background work.
  vfs::RocksDb* db() { return db_.get(); }

  absl::Status Close();

 private:
  RecordStore(std::unique_ptr<vfs::RocksDb> db, LedgerSink* ledgers);

  absl::Status ReadCursor();
  absl::Status Poison() const;
  absl::StatusOr<std::string> Value(std::string_view key) const;
  absl::StatusOr<Record> Body(RecordType type, std::string_view key) const;
  // A ledger to be given to the sink, with its LSN.
  struct Arrival;
  absl::StatusOr<std::vector<Arrival>> Plan(std::span<const JournalRecord> records,
                                            const ApplyOptions& options,
                                            RowChanges& changes) const;

  const std::unique_ptr<vfs::RocksDb> db_;
  LedgerSink* const ledgers_;
  vfs::Mutex apply_mu_;    // held over look, sink and write: records are applied in order
  mutable vfs::Mutex mu_;  // what follows; never held over a call of the database
  std::uint64_t cursor_ ABSL_GUARDED_BY(mu_) = 1;
  absl::Status poison_ ABSL_GUARDED_BY(mu_);
};

}  // namespace permafrost::engine
