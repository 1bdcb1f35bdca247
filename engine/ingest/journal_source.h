// Ledgers that clients pushed into a journal, in the order of its records.
//
// Where to go on follows from the store alone: the journal is read from the first record that is
// there, and ledgers that the store has are passed over, as are records of other types. The cursor
// only keeps the journal from forgetting what the store lacks. It is written after the store's
// commit, so it may lag and never leads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/journal/journal.h"
#include "engine/ledger/ledger_source.h"

namespace permafrost::engine {

// The name of the hot tier's cursor in a journal.
inline constexpr char kLedgerCursor[] = "ledgers";

// What it says; nothing: there is no such cursor.
std::optional<journal::Lsn> LedgerCursorIn(const journal::JournalState& state);

// The body of a record of type `ledger`: what a client pushes. The ledger is the one of `bytes`.
std::string LedgerRecordBody(const LedgerView& ledger, std::string_view bytes);

// A journal as the one sees it who takes its ledgers.
//
// Threads: one thread at a time.
class LedgerJournal {
 public:
  LedgerJournal() = default;
  virtual ~LedgerJournal() = default;
  LedgerJournal(const LedgerJournal&) = delete;
  LedgerJournal& operator=(const LedgerJournal&) = delete;

  // The first LSN that is there.
  virtual absl::StatusOr<journal::Lsn> First() = 0;
  // Durable records from an LSN on, at most so many; none if no more is durable now.
  virtual absl::StatusOr<std::vector<JournalRecord>> Read(journal::Lsn from, std::size_t limit) = 0;
  virtual absl::StatusOr<std::optional<journal::Lsn>> Cursor() = 0;
  // Durable: yes, when it returns OK
  // Errors:  kUnavailable  its writer is somebody else, who has it now
  virtual absl::Status SetCursor(journal::Lsn next) = 0;
};

// One that this process writes.
class WrittenLedgerJournal final : public LedgerJournal {
 public:
  // `journal` must outlive it.
  explicit WrittenLedgerJournal(journal::Journal* journal) : journal_(*journal) {}

  absl::StatusOr<journal::Lsn> First() override;
  absl::StatusOr<std::vector<JournalRecord>> Read(journal::Lsn from, std::size_t limit) override;
  absl::StatusOr<std::optional<journal::Lsn>> Cursor() override;
  absl::Status SetCursor(journal::Lsn next) override;

 private:
  journal::Journal& journal_;
};

struct JournalSourceOptions {
  std::size_t cursor_records = 4096;  // after so many the journal is told what it may forget
  // Waits where no more is durable; whether it was asked to stop. Empty: the source ends there.
  std::function<bool(std::uint64_t nanos)> wait = {};
};

// Not a bulk source: it can be opened once.
//
// Threads: one thread at a time.
class JournalSource final : public LedgerSource {
 public:
  // Sets the cursor if there is none, so that from now on nothing is truncated that the store
  // lacks. `journal` must outlive the source.
  static absl::StatusOr<std::unique_ptr<JournalSource>> Attach(LedgerJournal* journal,
                                                               JournalSourceOptions options);

  const LedgerDecoder& decoder() const override;
  std::string name() const override { return "journal"; }
  bool is_bulk() const override { return false; }
  // kUnimplemented: nobody knows what will be pushed.
  absl::StatusOr<Range> Available() override;
  absl::StatusOr<LedgerSeq> First() override;

  // Nothing is read before the stream is asked for a ledger. Its errors:
  //   kOutOfRange  a ledger is missing before the one that is there: LSN, found, expected
  //   kDataLoss    a ledger's record does not decode: LSN, offset; or the journal is damaged
  // Either may stand below the cursor, which is an operator's word that such a record is to be
  // passed over: then it counts only if the ledger that is wanted does not come behind it.
  absl::StatusOr<std::unique_ptr<LedgerStream>> Open(std::optional<LedgerSeq> first) override;

  // Sets the cursor now and then. That its writer is somebody else who has it now is no error: the
  // cursor lags a little longer.
  absl::Status Committed(LedgerSeq last) override;

 private:
  class Stream;

  JournalSource(LedgerJournal* journal, JournalSourceOptions options, journal::Lsn cursor)
      : journal_(*journal), options_(std::move(options)), saved_(cursor), asked_(cursor) {}

  // The next ledger record from `next_` on; nothing: no more is durable now.
  absl::StatusOr<std::optional<JournalRecord>> NextRecord();
  // Where no more is durable; false: the source ends there.
  //
  // Errors: kCancelled  asked to stop while it waited
  absl::StatusOr<bool> WaitForMore();
  absl::StatusOr<std::optional<SourcedLedger>> NextLedger();
  // The ledger of a record if it is the next one; nothing if it was there before.
  absl::StatusOr<std::optional<SourcedLedger>> LedgerOf(const JournalRecord& record) const;
  // The LSN of the first record that is not yet in the store, as far as the journal was read.
  journal::Lsn Needed() const { return handed_.empty() ? next_ : handed_.front().second; }
  absl::Status SaveCursor(journal::Lsn next);

  LedgerJournal& journal_;
  const JournalSourceOptions options_;
  std::deque<JournalRecord> unread_;
  journal::Lsn next_ = 1;            // behind the last record that was looked at
  std::optional<LedgerSeq> wanted_;  // nothing: whichever comes first
  std::deque<std::pair<LedgerSeq, journal::Lsn>> handed_;  // handed over, not committed
  absl::Status
      passed_over_;     // what was wrong below the cursor, behind the last that was handed over
  journal::Lsn saved_;  // what the cursor says
  journal::Lsn asked_;  // what it was to say at last
  bool is_open_ = false;
};

}  // namespace permafrost::engine
