// The journal: records appended by any number of threads, durable when Append returns.
//
//   VFS_ASSIGN_OR_RETURN(auto journal, Journal::Open(env, "journal", options));
//   VFS_ASSIGN_OR_RETURN(Lsn lsn, journal->Append(kVote, body));  // durable now
//
// Source: engine/FORMATS.md "Journal"; group commit as in the leader and followers of LevelDB's
// writer queue, with one batch in flight.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/functional/function_ref.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/journal/journal_options.h"
#include "engine/journal/journal_record.h"
#include "engine/journal/journal_state.h"
#include "engine/journal/recovery.h"
#include "engine/journal/segment_file.h"
#include "vfs/base/cond_var.h"
#include "vfs/base/mutex.h"
#include "vfs/env.h"

namespace permafrost::engine::journal {

class Journal;

// One record on its way to the disk.
class PendingAppend {
 public:
  PendingAppend() = default;
  // Returns when the record is durable; may lead a batch itself. Several threads may wait.
  //
  // Errors: as Append
  absl::StatusOr<Lsn> Wait();

  struct Entry;  // journal_entry.h

 private:
  friend class Journal;
  PendingAppend(Journal* journal, std::shared_ptr<Entry> entry)
      : journal_(journal), entry_(std::move(entry)) {}
  Journal* journal_ = nullptr;
  std::shared_ptr<Entry> entry_;
};

// Threads: any thread; Close and destruction exclude every other call.
class Journal {
 public:
  // Recovers what is there (recovery.h) and opens it for writing. `env` and what it points to must
  // outlive the journal; the directory's parent exists.
  //
  // Durable: what it serves, names included, when it returns OK
  // Errors:  kUnavailable  another process writes it: its content of the lock
  //          and those of Recover
  static absl::StatusOr<std::unique_ptr<Journal>> Open(const vfs::Env& env,
                                                       const std::string& directory,
                                                       const JournalOptions& options);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // Adds a record and returns its LSN. Types are numbers of the caller's from 1 to 0xef.
  //
  // Durable: yes, when it returns OK
  // Errors:  kInvalidArgument    type or size; nothing was done
  //          kResourceExhausted  no space for the next segment: no LSN was given, and the journal
  //                              goes on when there is space
  //          anything else       the first error of a failed write or sync: it poisons the journal,
  //                              whose every later call returns it, until it is opened again; the
  //                              record is there afterwards, or not
  absl::StatusOr<Lsn> Append(std::uint8_t type, std::string_view body);
  // The same without waiting. A handle that is dropped takes nothing back.
  absl::StatusOr<PendingAppend> AppendAsync(std::uint8_t type, std::string body);
  // Gives the record its LSN and returns; `batch_size` of them flush by themselves.
  //
  // Durable: after Flush
  absl::StatusOr<Lsn> Buffer(std::uint8_t type, std::string body);
  // Durable: everything that was added before it began, when it returns OK
  absl::Status Flush();

  Lsn LastLsn() const;         // the last that was given
  Lsn LastFlushedLsn() const;  // the last that is durable

  // A record, from the disk or, marked as not durable, from the buffer.
  //
  // Errors: kOutOfRange  truncated, or not written yet
  //         kDataLoss    damage: file, offset, expected, found
  absl::StatusOr<JournalRecord> Get(Lsn lsn) const;
  // Durable records from an LSN on, at most so many.
  absl::StatusOr<std::vector<JournalRecord>> Read(Lsn from, std::size_t limit) const;
  using Handler = absl::FunctionRef<absl::Status(const JournalRecord&)>;
  // Every durable record that is there, in order; ends with the handler's first error.
  absl::Status Replay(Handler handler) const;
  absl::Status ReplayByType(std::uint8_t type, Handler handler) const;

  // Says durably that the owner of this name needs records from `next` on. Called after the owner's
  // own commit: a cursor may lag, never lead.
  //
  // Errors: kFailedPrecondition  `next` is behind the end of what is durable
  //         kOutOfRange          records from `next` on were truncated
  absl::Status SetCursor(std::string_view name, Lsn next);
  absl::Status RemoveCursor(std::string_view name);
  JournalState state() const;
  // Remembers durably that everything below the lowest cursor is applied, and returns the last LSN
  // that is. Keeps `max_checkpoints`; what is below the oldest kept is not needed any more.
  //
  // Errors: kFailedPrecondition  there is no cursor
  absl::StatusOr<Lsn> CreateCheckpoint();
  // Removes whole segments below this LSN.
  //
  // Errors: kFailedPrecondition  a cursor needs some of it
  absl::Status TruncateBefore(Lsn lsn);

  // Writes, without a sync of its own, that everything so far is durable, if nothing is under way.
  absl::Status MarkIdle();
  // Flushes, writes the close mark and gives the lock back.
  absl::Status Close();

  // The error that poisoned it, or OK.
  absl::Status Health() const;
  const RecoveryReport& recovery() const { return report_; }
  std::vector<Segment> segments() const;

 private:
  friend class PendingAppend;
  using Entry = PendingAppend::Entry;
  using EntryPtr = std::shared_ptr<Entry>;

  Journal(const vfs::Env& env,
          const std::string& directory,
          const JournalOptions& options,
          std::unique_ptr<vfs::FileLock> lock,
          Recovered recovered,
          vfs::Prng prng);

  // The segments in which these LSNs are, or the first one where they were before it.
  std::vector<Segment> SegmentsWith(Lsn from, Lsn to) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status CheckOpen(std::string_view op) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Enqueue(const EntryPtr& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Makes sure that the record has room, in the live segment or in one that is prepared.
  absl::Status Admit(Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Makes a spare; the lock is free meanwhile.
  absl::Status PrepareSpare() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // In the second half of a segment, once: a job makes the next one's spare, so that nobody waits.
  void PrepareAhead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void CancelAhead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Returns when no job of PrepareAhead is left.
  void StopAhead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Until the record is settled; leads when nobody does. Who is told that it is settled has no need
  // of the lock, so it is free at the end.
  absl::Status WaitFor(const EntryPtr& entry) ABSL_UNLOCK_FUNCTION(mu_);
  // Writes batches until `entry` is settled, and hands over. The next leader writes while those of
  // the last batch are woken.
  void Lead(const Entry& entry) ABSL_UNLOCK_FUNCTION(mu_);
  // The entry whose waiter leads from now on, to be offered the lead; null: nobody waits.
  EntryPtr NextLeader() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Returns what it has settled; they are not told yet.
  std::vector<EntryPtr> WriteBatch() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Poison(const absl::Status& error) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // What only the leader does, without the lock.
  absl::Status Roll(const std::string& spare, Lsn durable);
  absl::Status WriteRecords(std::string_view bytes);
  std::string EncodeOwn(std::uint8_t type, std::string_view body, Lsn lsn);
  void PublishDurable(Lsn lsn);
  absl::Status WriteMark(Lsn lsn, bool is_synced);

  absl::Status ChangeState(absl::FunctionRef<absl::Status(JournalState&)> change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mu_) ABSL_LOCKS_EXCLUDED(mu_);
  absl::Status RemoveSegmentsBelow(std::uint64_t offset) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state_mu_);

  const vfs::Env env_;
  const std::string directory_;
  const JournalOptions options_;
  const RecoveryReport report_;
  std::unique_ptr<vfs::FileLock> lock_;
  std::unique_ptr<vfs::File> durable_file_;  // null: not published

  mutable vfs::Mutex mu_;
  std::deque<EntryPtr> queue_ ABSL_GUARDED_BY(mu_);  // not in a batch yet
  std::vector<EntryPtr> in_flight_ ABSL_GUARDED_BY(mu_);
  EntryPtr last_ ABSL_GUARDED_BY(mu_);             // the last that was queued
  std::size_t buffered_ ABSL_GUARDED_BY(mu_) = 0;  // since the last flush of the buffer
  bool has_leader_ ABSL_GUARDED_BY(mu_) = false;
  bool is_preparing_ ABSL_GUARDED_BY(mu_) = false;  // a thread makes a spare
  bool is_ahead_ ABSL_GUARDED_BY(mu_) = false;      // PrepareAhead has done its part
  int ahead_jobs_ ABSL_GUARDED_BY(mu_) = 0;
  bool is_closed_ ABSL_GUARDED_BY(mu_) = false;
  absl::Status poison_ ABSL_GUARDED_BY(mu_);
  Lsn next_lsn_ ABSL_GUARDED_BY(mu_) = 1;
  Lsn durable_lsn_ ABSL_GUARDED_BY(mu_) = 0;
  std::uint64_t planned_position_ ABSL_GUARDED_BY(mu_) = 0;  // where the next record will stand
  std::size_t planned_rolls_ ABSL_GUARDED_BY(mu_) = 0;       // of records in the queue
  std::vector<std::string> spares_ ABSL_GUARDED_BY(mu_);     // paths, ready
  std::uint64_t next_spare_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<Segment> segments_ ABSL_GUARDED_BY(mu_);  // the last is live
  vfs::CondVar changed_;  // a spare is ready or will not be; a leader is gone

  // Of the leader, or of nobody.
  Segment live_;
  vfs::Prng prng_;  // of nonces
  std::string batch_bytes_;

  vfs::Mutex state_mu_ ABSL_ACQUIRED_BEFORE(mu_);
  JournalState state_ ABSL_GUARDED_BY(mu_);
};

}  // namespace permafrost::engine::journal
