// Checks first, then the sink, then one batch.
#include "engine/records/record_store.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/journal/records.pb.h"
#include "engine/records/record_keys.h"
#include "engine/records/record_rules.h"
#include "engine/records/row_changes.h"
#include "vfs/base/check.h"
#include "vfs/base/escape.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"

namespace permafrost::engine {
namespace {

using vfs::kDefaultFamily;

absl::Status NotNext(std::uint64_t found, std::uint64_t expected) {
  VFS_PROBE("engine/records/gap");
  return vfs::DataLoss(
      "apply lsn {}: expected lsn {}; the journal lost records or is not this record store's",
      found, expected);
}

// What every record is asked before any is looked into.
absl::Status CheckRun(std::span<const JournalRecord> records,
                      std::uint64_t next_lsn,
                      std::uint64_t cursor) {
  std::uint64_t expected = records.empty() ? cursor : std::min(records.front().lsn, cursor);
  for (const JournalRecord& record : records) {
    if (record.lsn != expected) return NotNext(record.lsn, expected);
    if (record.type == 0) {
      return vfs::DataLoss("apply lsn {} at journal offset {}: type 0, which is never written",
                           record.lsn, record.offset);
    }
    if (!record.is_durable) {
      return vfs::FailedPrecondition(
          "apply lsn {}: the record is not durable yet; apply what a tailer returns", record.lsn);
    }
    ++expected;
  }
  const bool fits = records.empty() ? next_lsn <= cursor : next_lsn == expected;
  if (fits) return absl::OkStatus();
  return vfs::InvalidArgument("apply {} records up to lsn {}: expected up to {}", records.size(),
                              next_lsn, expected);
}

absl::Status Undecodable(const JournalRecord& record, const absl::Status& why) {
  VFS_PROBE("engine/records/undecodable");
  return vfs::DataLoss("apply lsn {} at journal offset {}: {}; --skip-lsn {} leaves it out",
                       record.lsn, record.offset, vfs::Message(why), record.lsn);
}

absl::StatusOr<Record> DecodeChecked(const JournalRecord& from) {
  VFS_ASSIGN_OR_RETURN(Record record, RecordFactory::Decode(from.type, from.body));
  VFS_RETURN_IF_ERROR(CheckRecord(record));
  return record;
}

}  // namespace

struct RecordStore::Arrival {
  std::uint64_t lsn = 0;
  Record ledger;
};

RecordStore::RecordStore(std::unique_ptr<vfs::RocksDb> db, LedgerSink* ledgers)
    : db_(std::move(db)), ledgers_(ledgers) {}

RecordStore::~RecordStore() = default;

absl::StatusOr<std::unique_ptr<RecordStore>> RecordStore::Open(const vfs::Env& env,
                                                               std::string_view directory,
                                                               const RecordStoreOptions& options) {
  vfs::RocksDbOptions database;
  database.rocks = options.rocks;
  database.dir_owner = options.dir_owner;
  VFS_ASSIGN_OR_RETURN(std::unique_ptr<vfs::RocksDb> db,
                       vfs::RocksDb::Open(env, directory, database));
  std::unique_ptr<RecordStore> store(new RecordStore(std::move(db), options.ledgers));
  VFS_RETURN_IF_ERROR(store->ReadCursor());
  return store;
}

absl::Status RecordStore::ReadCursor() {
  VFS_ASSIGN_OR_RETURN(const std::optional<std::string> value,
                       db_->Get(kDefaultFamily, kCursorKey));
  std::uint64_t cursor = 1;
  if (value.has_value()) {
    VFS_ASSIGN_OR_RETURN(cursor, ParseCursor(*value));
  }
  // LSNs are dense and index rows are never removed: the last one stands right below the cursor.
  VFS_ASSIGN_OR_RETURN(const std::optional<std::string> at,
                       db_->Get(kDefaultFamily, LsnKey(cursor)));
  VFS_ASSIGN_OR_RETURN(const std::optional<std::string> below,
                       db_->Get(kDefaultFamily, LsnKey(cursor - 1)));
  if (at.has_value() || below.has_value() != (cursor > 1)) {
    VFS_PROBE("engine/records/cursor_refused");
    return vfs::DataLoss(
        "open record store {}: {} is {}, but row {} is {}; rebuild the store from the journal",
        db_->path(), kCursorKey, value.has_value() ? std::to_string(cursor) : "absent",
        LsnKey(at.has_value() ? cursor : cursor - 1), at.has_value() ? "there" : "not");
  }
  const vfs::MutexLock lock(&mu_);
  cursor_ = cursor;
  return absl::OkStatus();
}

absl::Status RecordStore::Poison() const {
  const vfs::MutexLock lock(&mu_);
  return poison_;
}

std::uint64_t RecordStore::cursor() const {
  const vfs::MutexLock lock(&mu_);
  return cursor_;
}

absl::StatusOr<std::vector<RecordStore::Arrival>> RecordStore::Plan(
    std::span<const JournalRecord> records,
    const ApplyOptions& options,
    RowChanges& changes) const {
  std::vector<Arrival> arrivals;
  for (const JournalRecord& from : records) {
    const auto& skipped = options.skipped_lsns;
    if (std::find(skipped.begin(), skipped.end(), from.lsn) != skipped.end()) {
      VFS_PROBE("engine/records/skipped_by_operator");
      changes.Index(from);
      continue;
    }
    absl::StatusOr<Record> record = DecodeChecked(from);
    if (!record.ok()) return Undecodable(from, record.status());
    changes.Index(from);
    VFS_RETURN_IF_ERROR(changes.Apply(from, *record));
    if (record->type() == RecordType::kLedger && ledgers_ != nullptr) {
      arrivals.push_back({.lsn = from.lsn, .ledger = *std::move(record)});
    }
  }
  return arrivals;
}

absl::Status RecordStore::Apply(std::span<const JournalRecord> records,
                                std::uint64_t next_lsn,
                                const ApplyOptions& options) {
  const vfs::MutexLock applying(&apply_mu_);
  VFS_RETURN_IF_ERROR(Poison());
  const std::uint64_t before = cursor();
  VFS_RETURN_IF_ERROR(CheckRun(records, next_lsn, before));
  const auto first_new = std::find_if(records.begin(), records.end(),
                                      [before](const JournalRecord& r) { return r.lsn >= before; });
  if (first_new != records.begin()) VFS_PROBE("engine/records/replay_passed_over");
  if (first_new == records.end()) return absl::OkStatus();
  VFS_CHECK(first_new->lsn == before, "first new lsn {}, cursor {}", first_new->lsn, before);

  RowChanges changes(db_.get());
  VFS_ASSIGN_OR_RETURN(const std::vector<Arrival> arrivals,
                       Plan({first_new, records.end()}, options, changes));
  for (const Arrival& arrival : arrivals) {
    VFS_RETURN_IF_ERROR(ledgers_->Put(arrival.lsn, *arrival.ledger.As<records::Ledger>()));
  }
  const vfs::Step step("records.apply");
  const absl::Status written = db_->Write(changes.Batch(next_lsn), vfs::SyncWrite::kYes);
  const vfs::MutexLock lock(&mu_);
  if (written.ok()) {
    cursor_ = next_lsn;
  } else {
    VFS_PROBE("engine/records/poisoned");
    poison_ = written;
  }
  return written;
}

absl::StatusOr<std::string> RecordStore::Value(std::string_view key) const {
  VFS_RETURN_IF_ERROR(Poison());
  VFS_ASSIGN_OR_RETURN(std::optional<std::string> value, db_->Get(kDefaultFamily, key));
  if (!value.has_value()) {
    return vfs::NotFound("get {} of {}: no such row", vfs::EscapedForError(key), db_->path());
  }
  return *std::move(value);
}

absl::StatusOr<Record> RecordStore::Body(RecordType type, std::string_view key) const {
  VFS_ASSIGN_OR_RETURN(const std::string value, Value(key));
  VFS_ASSIGN_OR_RETURN(const std::string_view body, UnframeValue(key, value));
  return RecordFactory::Decode(static_cast<std::uint8_t>(type), body);
}

absl::StatusOr<Record> RecordStore::Assertion(const ContentAddress& hash) const {
  return Body(RecordType::kAssertion, AssertionKey(hash));
}

absl::StatusOr<std::vector<StoredVote>> RecordStore::VotesOf(
    const ContentAddress& assertion) const {
  VFS_RETURN_IF_ERROR(Poison());
  const std::string prefix = VotePrefix(assertion);
  VFS_ASSIGN_OR_RETURN(const std::vector<vfs::RocksDb::Row> rows,
                       db_->Scan(kDefaultFamily, vfs::PrefixRange(prefix)));
  std::vector<StoredVote> votes;
  for (const auto& [key, value] : rows) {
    const std::optional<ContentAddress> hash =
        ParseAddress(std::string_view(key).substr(prefix.size()));
    if (!hash.has_value()) return vfs::DataLoss("parse record row {}: not a vote's key", key);
    VFS_ASSIGN_OR_RETURN(const std::string_view body, UnframeValue(key, value));
    VFS_ASSIGN_OR_RETURN(Record vote,
                         RecordFactory::Decode(static_cast<std::uint8_t>(RecordType::kVote), body));
    votes.push_back({.hash = *hash, .vote = std::move(vote)});
  }
  return votes;
}

absl::StatusOr<Record> RecordStore::Epoch(std::string_view epoch_id) const {
  VFS_RETURN_IF_ERROR(CheckEpochId(epoch_id));
  return Body(RecordType::kEpoch, EpochKey(epoch_id));
}

absl::StatusOr<std::vector<ContentAddress>> RecordStore::Subject(std::string_view subject) const {
  VFS_RETURN_IF_ERROR(CheckName("subject", subject));
  const std::string key = SubjectKey(subject);
  const absl::StatusOr<std::string> value = Value(key);
  if (absl::IsNotFound(value.status())) return std::vector<ContentAddress>();
  VFS_RETURN_IF_ERROR(value.status());
  return ParseSubject(key, *value);
}

absl::StatusOr<AccountRow> RecordStore::Account(std::string_view account) const {
  VFS_RETURN_IF_ERROR(CheckName("account", account));
  const std::string key = AccountKey(account);
  VFS_ASSIGN_OR_RETURN(const std::string value, Value(key));
  return ParseAccount(key, value);
}

absl::StatusOr<IndexRow> RecordStore::RecordAt(std::uint64_t lsn) const {
  const std::string key = LsnKey(lsn);
  VFS_ASSIGN_OR_RETURN(const std::string value, Value(key));
  return ParseIndex(key, value);
}

absl::Status RecordStore::Close() { return db_->Close(); }

}  // namespace permafrost::engine
