// Reads on, passes over what is there, and says behind each commit what may be forgotten.
#include "engine/ingest/journal_source.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "engine/journal/record_types.h"
#include "engine/journal/records.pb.h"
#include "engine/ledger/any_decoder.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

using journal::Lsn;

constexpr std::uint64_t kPauseNanos = 100'000'000;
constexpr std::size_t kRecordsAtOnce = 16;  // in memory; each may be as long as a record can be

std::string OriginOf(const JournalRecord& record) {
  return fmt::format("journal at LSN {}, offset {}", record.lsn, record.offset);
}

absl::StatusOr<records::Ledger> Parse(const JournalRecord& record) {
  const auto decoded = RecordFactory::Decode(record.type, record.body);
  if (!decoded.ok())
    return vfs::DataLoss("{}: {}", OriginOf(record), vfs::Message(decoded.status()));
  return *decoded->As<records::Ledger>();
}

std::string BytesOf(const Hash& hash) { return {hash.begin(), hash.end()}; }

}  // namespace

std::optional<Lsn> LedgerCursorIn(const journal::JournalState& state) {
  const auto at = state.cursors.find(kLedgerCursor);
  return at == state.cursors.end() ? std::nullopt : std::optional(at->second);
}

std::string LedgerRecordBody(const LedgerView& ledger, std::string_view bytes) {
  records::Ledger record;
  record.set_sequence(ledger.sequence.value());
  record.set_close_time_unix_s(static_cast<std::uint64_t>(ledger.close_time));
  record.set_hash(BytesOf(ledger.hash));
  record.set_previous_hash(BytesOf(ledger.previous_hash));
  record.set_content(bytes.data(), bytes.size());
  return record.SerializeAsString();
}

absl::StatusOr<Lsn> WrittenLedgerJournal::First() {
  return std::max(journal_.segments().front().header.first_lsn, journal_.state().first_needed.lsn);
}

absl::StatusOr<std::vector<JournalRecord>> WrittenLedgerJournal::Read(Lsn from, std::size_t limit) {
  return journal_.Read(from, limit);
}

absl::StatusOr<std::optional<Lsn>> WrittenLedgerJournal::Cursor() {
  return LedgerCursorIn(journal_.state());
}

absl::Status WrittenLedgerJournal::SetCursor(Lsn next) {
  return journal_.SetCursor(kLedgerCursor, next);
}

// Borrows its source.
class JournalSource::Stream final : public LedgerStream {
 public:
  explicit Stream(JournalSource* source) : source_(*source) {}
  absl::StatusOr<std::optional<SourcedLedger>> Next() override { return source_.NextLedger(); }

 private:
  JournalSource& source_;
};

absl::StatusOr<std::unique_ptr<JournalSource>> JournalSource::Attach(LedgerJournal* journal,
                                                                     JournalSourceOptions options) {
  VFS_ASSIGN_OR_RETURN(std::optional<Lsn> cursor, journal->Cursor());
  if (!cursor.has_value()) {
    VFS_ASSIGN_OR_RETURN(cursor, journal->First());
    VFS_RETURN_IF_ERROR(journal->SetCursor(*cursor));
  }
  return std::unique_ptr<JournalSource>(new JournalSource(journal, std::move(options), *cursor));
}

const LedgerDecoder& JournalSource::decoder() const { return AnyDecoder(); }

absl::StatusOr<LedgerSource::Range> JournalSource::Available() {
  return vfs::Unimplemented("{} does not say which ledgers it has", name());
}

absl::StatusOr<LedgerSeq> JournalSource::First() {
  VFS_ASSIGN_OR_RETURN(next_, journal_.First());
  unread_.clear();
  while (true) {
    VFS_ASSIGN_OR_RETURN(const std::optional<JournalRecord> record, NextRecord());
    if (record.has_value()) {
      VFS_ASSIGN_OR_RETURN(const records::Ledger ledger, Parse(*record));
      return LedgerSeq{ledger.sequence()};
    }
    VFS_ASSIGN_OR_RETURN(const bool may_come, WaitForMore());
    if (!may_come) return vfs::NotFound("{} holds no ledger; push one first", name());
  }
}

absl::StatusOr<std::unique_ptr<LedgerStream>> JournalSource::Open(std::optional<LedgerSeq> first) {
  if (is_open_) return vfs::FailedPrecondition("{} can be read once, and is", name());
  VFS_ASSIGN_OR_RETURN(next_, journal_.First());
  unread_.clear();
  wanted_ = first;
  is_open_ = true;
  return std::make_unique<Stream>(this);
}

absl::StatusOr<std::optional<JournalRecord>> JournalSource::NextRecord() {
  while (true) {
    if (unread_.empty()) {
      VFS_ASSIGN_OR_RETURN(std::vector<JournalRecord> records,
                           journal_.Read(next_, kRecordsAtOnce));
      if (records.empty()) return std::nullopt;
      std::move(records.begin(), records.end(), std::back_inserter(unread_));
    }
    JournalRecord record = std::move(unread_.front());
    unread_.pop_front();
    next_ = record.lsn + 1;
    if (record.type == static_cast<std::uint8_t>(RecordType::kLedger)) return record;
  }
}

absl::StatusOr<bool> JournalSource::WaitForMore() {
  if (!options_.wait) return false;
  if (!options_.wait(kPauseNanos)) return true;
  return vfs::MakeStatus(absl::StatusCode::kCancelled, "read journal: asked to stop");
}

absl::StatusOr<std::optional<SourcedLedger>> JournalSource::LedgerOf(
    const JournalRecord& record) const {
  VFS_ASSIGN_OR_RETURN(records::Ledger ledger, Parse(record));
  const LedgerSeq sequence{ledger.sequence()};
  const bool is_ledger = sequence >= kFirstLedger;
  // A client may push again.
  if (is_ledger && wanted_.has_value() && sequence < *wanted_) return std::nullopt;
  if (!is_ledger || (wanted_.has_value() && sequence > *wanted_)) {
    return vfs::OutOfRange(
        "{}: found ledger {}, expected ledger {}; bring what is missing from another source, or "
        "pass the record over: permafrost journal checkpoint --cursor {}={}",
        OriginOf(record), sequence.value(), wanted_.value_or(kFirstLedger).value(), kLedgerCursor,
        record.lsn + 1);
  }
  return SourcedLedger{sequence, std::move(*ledger.mutable_content()), OriginOf(record)};
}

absl::StatusOr<std::optional<SourcedLedger>> JournalSource::NextLedger() {
  while (true) {
    VFS_ASSIGN_OR_RETURN(std::optional<JournalRecord> record, NextRecord());
    if (!record.has_value()) {
      VFS_RETURN_IF_ERROR(passed_over_);
      const absl::StatusOr<bool> may_come = WaitForMore();
      if (may_come.ok() && *may_come) continue;
      if (handed_.empty()) VFS_RETURN_IF_ERROR(SaveCursor(next_));
      VFS_RETURN_IF_ERROR(may_come.status());
      return std::nullopt;
    }
    auto ledger = LedgerOf(*record);
    if (ledger.ok() && !ledger->has_value()) continue;
    const bool is_below_cursor = record->lsn < saved_;
    if (!ledger.ok() && is_below_cursor) {
      passed_over_ = ledger.status();
      continue;
    }
    // A store that was set back needs again what it had.
    const absl::Status ready =
        ledger.ok() && is_below_cursor ? SaveCursor(record->lsn) : ledger.status();
    if (!ready.ok()) {
      next_ = record->lsn;
      unread_.push_front(*std::move(record));
      return ready;
    }
    passed_over_ = absl::OkStatus();
    wanted_ = LedgerSeq{(*ledger)->sequence.value() + 1};
    handed_.emplace_back((*ledger)->sequence, record->lsn);
    return ledger;
  }
}

absl::Status JournalSource::Committed(LedgerSeq last) {
  while (!handed_.empty() && handed_.front().first <= last) handed_.pop_front();
  const Lsn needed = Needed();
  if (needed < asked_ + options_.cursor_records) return absl::OkStatus();
  return SaveCursor(needed);
}

absl::Status JournalSource::SaveCursor(Lsn next) {
  if (next == saved_) return absl::OkStatus();
  asked_ = next;
  const absl::Status set = journal_.SetCursor(next);
  if (absl::IsUnavailable(set) && saved_ < next) {
    VFS_PROBE("engine/ingest/ledger_cursor_lags");
    return absl::OkStatus();
  }
  VFS_RETURN_IF_ERROR(set);
  saved_ = next;
  return absl::OkStatus();
}

}  // namespace permafrost::engine
