// What callers ask of a journal: appends in their three forms, reads, cursors, truncation, the end.
#include <algorithm>
#include <utility>

#include "engine/journal/journal.h"
#include "engine/journal/journal_entry.h"
#include "engine/journal/journal_format.h"
#include "engine/journal/journal_reader.h"
#include "engine/journal/tailer.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"
#include "vfs/durable.h"

namespace permafrost::engine::journal {

absl::StatusOr<Lsn> PendingAppend::Wait() {
  if (journal_ == nullptr)
    return vfs::FailedPrecondition("wait for an append: nothing was appended");
  journal_->mu_.Lock();
  VFS_RETURN_IF_ERROR(journal_->WaitFor(entry_));
  return entry_->lsn;
}

namespace {

// Everything that can be computed before the place of the record is known.
std::shared_ptr<PendingAppend::Entry> MakeEntry(vfs::Clock& clock,
                                                std::uint8_t type,
                                                std::string_view body,
                                                std::string owned) {
  auto entry = std::make_shared<PendingAppend::Entry>();
  entry->type = type;
  entry->owned = std::move(owned);
  entry->body = entry->owned.empty() ? body : std::string_view(entry->owned);
  entry->hash = ContentAddressOf(type, entry->body);
  entry->unix_micros = static_cast<std::int64_t>(clock.NowNanos() / 1000);
  entry->bytes = RecordBytes(entry->body.size());
  return entry;
}

}  // namespace

absl::StatusOr<Lsn> Journal::Append(std::uint8_t type, std::string_view body) {
  const EntryPtr entry = MakeEntry(*env_.clock, type, body, "");
  mu_.Lock();
  const absl::Status queued = Enqueue(entry);
  if (!queued.ok()) {
    mu_.Unlock();
    return queued;
  }
  VFS_RETURN_IF_ERROR(WaitFor(entry));
  return entry->lsn;
}

absl::StatusOr<PendingAppend> Journal::AppendAsync(std::uint8_t type, std::string body) {
  const EntryPtr entry = MakeEntry(*env_.clock, type, "", std::move(body));
  const vfs::MutexLock lock(&mu_);
  VFS_RETURN_IF_ERROR(Enqueue(entry));
  return PendingAppend(this, entry);
}

absl::StatusOr<Lsn> Journal::Buffer(std::uint8_t type, std::string body) {
  const EntryPtr entry = MakeEntry(*env_.clock, type, "", std::move(body));
  Lsn lsn = 0;
  {
    const vfs::MutexLock lock(&mu_);
    VFS_RETURN_IF_ERROR(Enqueue(entry));
    lsn = entry->lsn;
    if (++buffered_ < options_.batch_size) return lsn;
    buffered_ = 0;
  }
  VFS_PROBE("journal/buffer_flushed_itself");
  mu_.Lock();
  VFS_RETURN_IF_ERROR(WaitFor(entry));
  return lsn;
}

absl::Status Journal::Flush() {
  EntryPtr last;
  {
    const vfs::MutexLock lock(&mu_);
    VFS_RETURN_IF_ERROR(CheckOpen("flush"));
    buffered_ = 0;
    if (last_ == nullptr) return absl::OkStatus();
    last = last_;
  }
  mu_.Lock();
  return WaitFor(last);
}

Lsn Journal::LastLsn() const {
  const vfs::MutexLock lock(&mu_);
  return next_lsn_ - 1;
}

Lsn Journal::LastFlushedLsn() const {
  const vfs::MutexLock lock(&mu_);
  return durable_lsn_;
}

absl::Status Journal::Health() const {
  const vfs::MutexLock lock(&mu_);
  return poison_;
}

std::vector<Segment> Journal::segments() const {
  const vfs::MutexLock lock(&mu_);
  return segments_;
}

JournalState Journal::state() const {
  const vfs::MutexLock lock(&mu_);
  return state_;
}

std::vector<Segment> Journal::SegmentsWith(Lsn from, Lsn to) const {
  auto at = std::upper_bound(
      segments_.begin(), segments_.end(), from,
      [](Lsn lsn, const Segment& segment) { return lsn < segment.header.first_lsn; });
  if (at != segments_.begin()) --at;
  std::vector<Segment> found;
  for (; at != segments_.end() && (found.empty() || at->header.first_lsn <= to); ++at)
    found.push_back(at->ForReading(std::max(from, at->header.first_lsn)));
  return found;
}

absl::StatusOr<JournalRecord> Journal::Get(Lsn lsn) const {
  std::vector<Segment> segments;
  {
    const vfs::MutexLock lock(&mu_);
    if (lsn == 0 || lsn >= next_lsn_) {
      return vfs::OutOfRange("read journal {}: LSN {}, the last is {}", directory_, lsn,
                             next_lsn_ - 1);
    }
    if (lsn > durable_lsn_) {
      const auto is_it = [lsn](const EntryPtr& entry) { return entry->lsn == lsn; };
      auto found = std::find_if(in_flight_.begin(), in_flight_.end(), is_it);
      const Entry* entry = found == in_flight_.end() ? nullptr : found->get();
      if (entry == nullptr) entry = std::find_if(queue_.begin(), queue_.end(), is_it)->get();
      return JournalRecord{.lsn = lsn,
                           .type = entry->type,
                           .unix_micros = entry->unix_micros,
                           .hash = entry->hash,
                           .body = std::string(entry->body)};
    }
    segments = SegmentsWith(lsn, lsn);
  }
  JournalRecord record;
  VFS_RETURN_IF_ERROR(ReadRecords(segments, lsn, lsn, HashCheck::kNo, [&](const RecordView& view) {
    record = CopyOf(view);
    return absl::OkStatus();
  }));
  return record;
}

absl::StatusOr<std::vector<JournalRecord>> Journal::Read(Lsn from, std::size_t limit) const {
  std::vector<JournalRecord> records;
  std::vector<Segment> segments;
  Lsn to = 0;
  {
    const vfs::MutexLock lock(&mu_);
    if (limit == 0 || from > durable_lsn_) return records;
    to = std::min<Lsn>(durable_lsn_, from + std::min<Lsn>(limit - 1, durable_lsn_ - from));
    segments = SegmentsWith(from, to);
  }
  VFS_RETURN_IF_ERROR(ReadRecords(segments, from, to, HashCheck::kNo, [&](const RecordView& view) {
    records.push_back(CopyOf(view));
    return absl::OkStatus();
  }));
  return records;
}

absl::Status Journal::Replay(Handler handler) const {
  std::vector<Segment> segments;
  Lsn first = 0;
  Lsn last = 0;
  {
    const vfs::MutexLock lock(&mu_);
    last = durable_lsn_;
    // What is not needed any more may be there in part.
    first = std::max(segments_.front().header.first_lsn, state_.first_needed.lsn);
    segments = SegmentsWith(first, last);
  }
  return ReadRecords(segments, first, last, HashCheck::kNo,
                     [&](const RecordView& view) { return handler(CopyOf(view)); });
}

absl::Status Journal::ReplayByType(std::uint8_t type, Handler handler) const {
  return Replay([&](const JournalRecord& record) {
    return record.type == type ? handler(record) : absl::OkStatus();
  });
}

absl::Status Journal::ChangeState(absl::FunctionRef<absl::Status(JournalState&)> change) {
  JournalState next = state();
  VFS_RETURN_IF_ERROR(change(next));
  {
    const vfs::MutexLock lock(&mu_);
    VFS_RETURN_IF_ERROR(CheckOpen("change"));
    if (next == state_) return absl::OkStatus();
  }
  const absl::Status written = WriteState(env_.fs, directory_, next);
  const vfs::MutexLock lock(&mu_);
  if (written.ok()) {
    state_ = std::move(next);
  } else if (written.code() != absl::StatusCode::kResourceExhausted) {
    // The old state or the new one: only a recovery can tell.
    Poison(written);
  }
  return written;
}

absl::Status Journal::SetCursor(std::string_view name, Lsn next) {
  VFS_RETURN_IF_ERROR(CheckCursorName(name));
  const vfs::MutexLock lock(&state_mu_);
  return ChangeState([&](JournalState& state) -> absl::Status {
    const Lsn durable = LastFlushedLsn();
    if (next > durable + 1) {
      return vfs::FailedPrecondition(
          "set cursor '{}' of journal {} to LSN {}: the log is durable up to LSN {}; a cursor "
          "follows its owner's commit",
          name, directory_, next, durable);
    }
    if (next < state.first_needed.lsn) {
      return vfs::OutOfRange("set cursor '{}' of journal {} to LSN {}: truncated before LSN {}",
                             name, directory_, next, state.first_needed.lsn);
    }
    state.cursors[std::string(name)] = next;
    return absl::OkStatus();
  });
}

absl::Status Journal::RemoveCursor(std::string_view name) {
  const vfs::MutexLock lock(&state_mu_);
  return ChangeState([&](JournalState& state) -> absl::Status {
    const auto at = state.cursors.find(name);
    if (at == state.cursors.end())
      return vfs::NotFound("remove cursor '{}' of journal {}: there is none", name, directory_);
    state.cursors.erase(at);
    return absl::OkStatus();
  });
}

absl::StatusOr<Lsn> Journal::CreateCheckpoint() {
  const vfs::MutexLock lock(&state_mu_);
  Lsn applied = 0;
  VFS_RETURN_IF_ERROR(ChangeState([&](JournalState& state) -> absl::Status {
    const JournalState::Need need = state.need();
    if (need.by.empty()) {
      return vfs::FailedPrecondition(
          "checkpoint journal {}: there is no cursor, so nothing is known to be applied; set one",
          directory_);
    }
    applied = need.lsn - 1;
    VFS_ASSIGN_OR_RETURN(const JournalPlace place, PlaceOf(segments(), need.lsn));
    // A cursor may have moved back: checkpoints of what it needs again are none any more.
    std::erase_if(state.checkpoints, [&](const JournalPlace& at) { return at.lsn >= place.lsn; });
    state.checkpoints.push_back(place);
    while (state.checkpoints.size() > options_.max_checkpoints) {
      state.checkpoints.erase(state.checkpoints.begin());
      if (state.checkpoints.front().lsn > state.first_needed.lsn)
        state.first_needed = state.checkpoints.front();
    }
    return absl::OkStatus();
  }));
  return applied;
}

absl::Status Journal::TruncateBefore(Lsn lsn) {
  const vfs::MutexLock lock(&state_mu_);
  std::uint64_t needed = 0;
  // Settled before any name goes: what recovery demands must be there.
  VFS_RETURN_IF_ERROR(ChangeState([&](JournalState& state) -> absl::Status {
    const JournalState::Need need = state.need();
    if (need.lsn < lsn) {
      return vfs::FailedPrecondition("truncate journal {} before LSN {}: {} needs LSN {}",
                                     directory_, lsn, need.by, need.lsn);
    }
    const Lsn durable = LastFlushedLsn();
    if (lsn > durable + 1) {
      return vfs::FailedPrecondition(
          "truncate journal {} before LSN {}: the log is durable up to LSN {}", directory_, lsn,
          durable);
    }
    if (lsn > state.first_needed.lsn) {
      VFS_ASSIGN_OR_RETURN(state.first_needed, PlaceOf(segments(), lsn));
      std::erase_if(state.checkpoints, [lsn](const JournalPlace& at) { return at.lsn < lsn; });
    }
    needed = state.first_needed.offset;
    return absl::OkStatus();
  }));
  return RemoveSegmentsBelow(needed);
}

absl::Status Journal::RemoveSegmentsBelow(std::uint64_t offset) {
  VFS_ASSIGN_OR_RETURN(const auto tailer, FindTailer(env_.fs, directory_));
  bool is_changed = false;
  std::vector<std::string> recycled;
  while (true) {
    Segment oldest;
    std::string spare;
    {
      const vfs::MutexLock lock(&mu_);
      if (segments_.size() < 2 || segments_[1].header.base > offset) break;
      oldest = std::move(segments_.front());
      segments_.erase(segments_.begin());
      // Nobody else may read the file when its bytes change.
      const bool is_alone = oldest.file.use_count() == 1;
      if (!tailer.has_value() && is_alone && spares_.empty() && recycled.empty() &&
          oldest.file_bytes == options_.segment_bytes)
        spare = vfs::JoinPath(directory_, SpareName(next_spare_++));
    }
    is_changed = true;
    const vfs::Step step("journal.unlink");
    if (spare.empty()) {
      VFS_RETURN_IF_ERROR(vfs::UnlinkIfExists(env_.fs, oldest.path));
    } else {
      VFS_PROBE("journal/segment_recycled");
      VFS_RETURN_IF_ERROR(env_.fs->Rename(oldest.path, spare));
      recycled.push_back(spare);
    }
  }
  if (!is_changed) return absl::OkStatus();
  VFS_RETURN_IF_ERROR(vfs::SettleDir(env_.fs, directory_, "journal.sync.dir"));
  const vfs::MutexLock lock(&mu_);
  spares_.insert(spares_.end(), recycled.begin(), recycled.end());
  changed_.NotifyAll();
  return absl::OkStatus();
}

absl::Status Journal::MarkIdle() {
  EntryPtr next;
  absl::Status marked;
  {
    const vfs::MutexLock lock(&mu_);
    VFS_RETURN_IF_ERROR(CheckOpen("mark"));
    if (has_leader_ || !queue_.empty()) return absl::OkStatus();
    has_leader_ = true;
    const Lsn durable = durable_lsn_;
    mu_.Unlock();
    marked = WriteMark(durable, false);
    mu_.Lock();
    planned_position_ = std::max(planned_position_, live_.end - live_.header.base);
    if (!marked.ok()) Poison(marked);
    segments_.back().end = live_.end;
    next = NextLeader();
  }
  if (next != nullptr) next->OfferLead();
  return marked;
}

absl::Status Journal::Close() {
  {
    const vfs::MutexLock lock(&mu_);
    if (is_closed_) return absl::OkStatus();
    if (!poison_.ok()) {
      is_closed_ = true;
      StopAhead();
      lock_.reset();
      return poison_;
    }
  }
  absl::Status closed = Flush();
  const vfs::MutexLock lock(&mu_);
  while (has_leader_) changed_.Wait(&mu_);
  is_closed_ = true;
  StopAhead();
  if (closed.ok()) closed = WriteMark(durable_lsn_, true);
  lock_.reset();
  return closed;
}

}  // namespace permafrost::engine::journal
