// The queue, its leader, and what a failure does to both.
#include "engine/journal/journal.h"

#include <algorithm>
#include <span>
#include <utility>

#include "engine/journal/durable_file.h"
#include "engine/journal/journal_entry.h"
#include "engine/journal/journal_format.h"
#include "engine/journal/journal_reader.h"
#include "engine/journal/segment_encode.h"
#include "vfs/base/bytes.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"
#include "vfs/durable.h"

namespace permafrost::engine::journal {
namespace {

// Kept free in every segment: a trailer, and the mark of an idle or closed journal.
constexpr std::uint64_t kReservedBytes = kTrailerBytes + kMarkBytes;

// Short jobs that others wait for.
constexpr vfs::Priority kAheadPriority = vfs::Priority::kHigh;

}  // namespace

absl::Status CheckOptions(const JournalOptions& options) {
  constexpr std::uint64_t kSegmentMin = 1024;
  constexpr std::uint64_t kSegmentMax = std::uint64_t{1} << 32;
  if (options.segment_bytes < kSegmentMin || options.segment_bytes > kSegmentMax ||
      options.segment_bytes % kAlignment != 0) {
    return vfs::InvalidArgument("journal.segment_bytes {}: a multiple of {} from {} to {} expected",
                                options.segment_bytes, kAlignment, kSegmentMin, kSegmentMax);
  }
  if (options.max_batch_bytes == 0 || options.batch_size == 0 || options.max_checkpoints == 0) {
    return vfs::InvalidArgument(
        "journal: max_batch_bytes, batch_size and max_checkpoints are at least 1; found {}, {}, {}",
        options.max_batch_bytes, options.batch_size, options.max_checkpoints);
  }
  return absl::OkStatus();
}

std::size_t BodyBytesMax(const JournalOptions& options) {
  const std::uint64_t room = options.segment_bytes - kHeaderBytes - kReservedBytes;
  const std::uint64_t record = room / kRecordsPerSegmentMin / kAlignment * kAlignment;
  return static_cast<std::size_t>(
      std::min<std::uint64_t>(record - kRecordBytesMin, kPayloadBytesMax - kHeadBytes));
}

absl::StatusOr<std::unique_ptr<Journal>> Journal::Open(const vfs::Env& env,
                                                       const std::string& directory,
                                                       const JournalOptions& options) {
  VFS_RETURN_IF_ERROR(CheckOptions(options));
  // An empty directory was never settled by anybody who went on: its name is made anew (D4).
  const auto found = env.fs->List(directory);
  if (!found.ok() && !absl::IsNotFound(found.status())) return found.status();
  if (found.ok() && found->empty()) {
    VFS_PROBE("journal/directory_made_anew");
    const absl::Status removed = env.fs->RemoveDir(directory);
    // Who may not remove it (a mount point, somebody else's parent) did not make it either.
    if (!removed.ok() && !absl::IsFailedPrecondition(removed)) return removed;
  }
  // What is found may be unsettled (D8), the directory's own name too.
  VFS_RETURN_IF_ERROR(vfs::MakeDirs(env.fs, {.leaf = directory, .anchor = vfs::ParentOf(directory)},
                                    "journal.sync.dir"));
  auto lock = env.fs->Lock(vfs::JoinPath(directory, kLockName), {.content = options.lock_content});
  VFS_RETURN_IF_ERROR(lock.status());
  vfs::Prng prng = env.prng->Fork("journal");
  prng = prng.Fork(env.clock->NowNanos());
  const std::uint64_t nonce = prng.Next();
  VFS_ASSIGN_OR_RETURN(Recovered recovered, Recover(env, directory, options, nonce));
  if (recovered.report.kept_bytes + recovered.report.dropped_bytes > 0)
    env.log->Warning("open journal {}: {}", directory, ToString(recovered.report));
  std::unique_ptr<Journal> journal(new Journal(env, directory, options, *std::move(lock),
                                               std::move(recovered), std::move(prng)));
  const std::string path = vfs::JoinPath(directory, kDurableName);
  if (options.boot_id == BootId{}) {
    // Readers of this boot would stop for good where the last writer left it.
    VFS_ASSIGN_OR_RETURN(const bool is_there, env.fs->Exists(path));
    if (is_there) VFS_RETURN_IF_ERROR(vfs::UnlinkIfExists(env.fs, path));
  } else {
    auto file = env.fs->Open(path, vfs::OpenMode::kReadWrite);
    if (file.status().code() == absl::StatusCode::kNotFound) file = env.fs->Create(path);
    VFS_RETURN_IF_ERROR(file.status());
    journal->durable_file_ = *std::move(file);
    journal->PublishDurable(journal->LastFlushedLsn());
  }
  return journal;
}

Journal::Journal(const vfs::Env& env,
                 const std::string& directory,
                 const JournalOptions& options,
                 std::unique_ptr<vfs::FileLock> lock,
                 Recovered recovered,
                 vfs::Prng prng)
    : env_(env),
      directory_(directory),
      options_(options),
      report_(recovered.report),
      lock_(std::move(lock)),
      live_(recovered.segments.back()),
      prng_(std::move(prng)) {
  const vfs::MutexLock held(&mu_);
  next_lsn_ = report_.last + 1;
  durable_lsn_ = report_.last;
  planned_position_ = live_.end - live_.header.base;
  next_spare_ = recovered.next_spare;
  segments_ = std::move(recovered.segments);
  state_ = std::move(recovered.state);
}

Journal::~Journal() {
  const vfs::MutexLock lock(&mu_);
  StopAhead();
}

absl::Status Journal::CheckOpen(std::string_view op) const {
  if (!poison_.ok()) return poison_;
  if (is_closed_) return vfs::FailedPrecondition("{} journal {}: it is closed", op, directory_);
  return absl::OkStatus();
}

absl::Status Journal::Admit(Entry& entry) {
  while (true) {
    VFS_RETURN_IF_ERROR(CheckOpen("append to"));
    if (planned_position_ + entry.bytes + kReservedBytes <= options_.segment_bytes)
      return absl::OkStatus();
    if (spares_.size() > planned_rolls_) {
      ++planned_rolls_;
      planned_position_ = kHeaderBytes;
      is_ahead_ = false;
      entry.starts_segment = true;
      return absl::OkStatus();
    }
    if (is_preparing_) {
      changed_.Wait(&mu_);
      continue;
    }
    CancelAhead();
    VFS_RETURN_IF_ERROR(PrepareSpare());
  }
}

absl::Status Journal::PrepareSpare() {
  is_preparing_ = true;
  const std::string path = vfs::JoinPath(directory_, SpareName(next_spare_++));
  mu_.Unlock();
  const absl::Status made = MakeSpare(env_.fs, path, options_.segment_bytes);
  mu_.Lock();
  is_preparing_ = false;
  changed_.NotifyAll();
  if (!made.ok()) {
    VFS_PROBE("journal/no_spare");
    return made;
  }
  spares_.push_back(path);
  return absl::OkStatus();
}

void Journal::PrepareAhead() {
  if (is_ahead_ || planned_position_ < options_.segment_bytes / 2) return;
  is_ahead_ = true;
  if (spares_.size() > planned_rolls_) return;
  ++ahead_jobs_;
  env_.executor->Schedule(
      {.name = "journal.spare", .priority = kAheadPriority, .tag = this, .run = [this] {
         const vfs::MutexLock lock(&mu_);
         if (poison_.ok() && !is_closed_ && !is_preparing_ && spares_.size() <= planned_rolls_) {
           VFS_PROBE("journal/spare_ahead");
           // Who needs it tries again, and is told why there is none.
           PrepareSpare().IgnoreError();
         }
         --ahead_jobs_;
         changed_.NotifyAll();
       }});
}

void Journal::CancelAhead() { ahead_jobs_ -= env_.executor->Cancel(this, kAheadPriority); }

void Journal::StopAhead() {
  CancelAhead();
  while (ahead_jobs_ > 0) changed_.Wait(&mu_);
}

absl::Status Journal::Enqueue(const EntryPtr& entry) {
  const std::size_t body_max = BodyBytesMax(options_);
  if (entry->type == 0 || entry->type >= kFirstOwnType) {
    return vfs::InvalidArgument("append to journal {}: type {}, 1 to {} expected", directory_,
                                entry->type, kFirstOwnType - 1);
  }
  if (entry->body.size() > body_max) {
    return vfs::InvalidArgument(
        "append to journal {}: a body of {} bytes, at most {} expected; raise "
        "journal.segment_bytes or split it",
        directory_, entry->body.size(), body_max);
  }
  VFS_RETURN_IF_ERROR(Admit(*entry));
  entry->lsn = next_lsn_++;
  planned_position_ += entry->bytes;
  PrepareAhead();
  queue_.push_back(entry);
  last_ = entry;
  return absl::OkStatus();
}

absl::Status Journal::WaitFor(const EntryPtr& entry) {
  if (entry->is_settled) {
    mu_.Unlock();
    return entry->result;
  }
  if (has_leader_) {
    ++entry->waiters;
    mu_.Unlock();
    if (!entry->Wait()) return entry->result;
    mu_.Lock();
    --entry->waiters;
  }
  has_leader_ = true;
  Lead(*entry);
  return entry->result;
}

void Journal::Lead(const Entry& entry) {
  std::vector<EntryPtr> settled;
  while (!queue_.empty() && !entry.is_settled) {
    settled = WriteBatch();
    if (entry.is_settled || queue_.empty()) break;
    mu_.Unlock();
    for (const EntryPtr& each : settled) each->Tell();
    settled.clear();
    mu_.Lock();
  }
  const EntryPtr next = NextLeader();
  mu_.Unlock();
  if (next != nullptr) next->OfferLead();
  for (const EntryPtr& each : settled) each->Tell();
}

Journal::EntryPtr Journal::NextLeader() {
  for (const EntryPtr& next : queue_)
    if (next->waiters > 0) return next;
  has_leader_ = false;
  changed_.NotifyAll();
  return nullptr;
}

std::vector<Journal::EntryPtr> Journal::WriteBatch() {
  if (options_.max_delay_us > 0) {
    mu_.Unlock();
    env_.clock->SleepNanos(options_.max_delay_us * 1000);
    mu_.Lock();
  }
  std::string spare;
  if (queue_.front()->starts_segment) {
    spare = spares_.front();
    spares_.erase(spares_.begin());
    --planned_rolls_;
  }
  std::uint64_t bytes = 0;
  do {
    bytes += queue_.front()->bytes;
    in_flight_.push_back(std::move(queue_.front()));
    queue_.pop_front();
  } while (!queue_.empty() && !queue_.front()->starts_segment &&
           bytes + queue_.front()->bytes <= options_.max_batch_bytes);
  const Lsn durable = durable_lsn_;
  // Nobody else changes what is in flight, and others only read it.
  const std::span<const EntryPtr> batch(in_flight_);
  mu_.Unlock();

  absl::Status done = spare.empty() ? absl::OkStatus() : Roll(spare, durable);
  const std::uint64_t begin = live_.end;
  if (done.ok()) {
    batch_bytes_.clear();
    std::uint32_t index = 0;
    for (const EntryPtr& entry : batch) {
      entry->offset = begin + batch_bytes_.size();
      AppendRecord(batch_bytes_,
                   {.type = entry->type,
                    .batch_index = index++,
                    .lsn = entry->lsn,
                    .unix_micros = entry->unix_micros,
                    .hash = entry->hash,
                    .body = entry->body},
                   live_.header.nonce, entry->offset);
    }
    done = WriteRecords(batch_bytes_);
    if (done.ok()) {
      const vfs::Step step("journal.sync");
      done = live_.file->SyncData();
    }
    if (done.ok()) PublishDurable(batch.back()->lsn);
  }

  mu_.Lock();
  std::vector<EntryPtr> settled;
  settled.swap(in_flight_);
  // Nothing is acknowledged any more once something else has poisoned the journal.
  if (done.ok()) done = poison_;
  for (const EntryPtr& entry : settled) {
    entry->result = done;
    entry->is_settled = true;
  }
  if (!done.ok()) {
    Poison(done);
    return settled;
  }
  if (!spare.empty()) segments_.push_back(live_);
  Segment& shared = segments_.back();
  for (const EntryPtr& entry : settled) shared.Note(entry->lsn, entry->offset);
  shared.end = live_.end;
  shared.last_lsn = durable_lsn_ = settled.back()->lsn;
  return settled;
}

void Journal::Poison(const absl::Status& error) {
  VFS_PROBE("journal/poisoned");
  if (poison_.ok()) poison_ = error;
  // What is in flight is the leader's, who finds the poison when it comes back.
  std::vector<EntryPtr> failed(queue_.begin(), queue_.end());
  queue_.clear();
  next_lsn_ = durable_lsn_ + 1;
  for (const EntryPtr& entry : failed) {
    entry->result = poison_;
    entry->is_settled = true;
    entry->Tell();
  }
}

absl::Status Journal::WriteRecords(std::string_view bytes) {
  const vfs::Step step("journal.append");
  VFS_RETURN_IF_ERROR(live_.file->Write(live_.end - live_.header.base, bytes));
  live_.end += bytes.size();
  return absl::OkStatus();
}

std::string Journal::EncodeOwn(std::uint8_t type, std::string_view body, Lsn lsn) {
  std::string bytes;
  AppendRecord(bytes,
               {.type = type,
                .lsn = lsn,
                .unix_micros = static_cast<std::int64_t>(env_.clock->NowNanos() / 1000),
                .hash = ContentAddressOf(type, body),
                .body = body},
               live_.header.nonce, live_.end);
  return bytes;
}

absl::Status Journal::Roll(const std::string& spare, Lsn durable) {
  VFS_PROBE("journal/rolled");
  const std::uint64_t base = live_.end + kTrailerBytes;
  VFS_ASSIGN_OR_RETURN(const std::uint64_t nonce, NonceFor(env_.fs, spare, prng_.Next()));
  VFS_ASSIGN_OR_RETURN(
      Segment next,
      PublishSegment(
          env_.fs, directory_, spare,
          {.store_id = options_.store_id, .nonce = nonce, .base = base, .first_lsn = durable + 1},
          ""));
  std::string body;
  vfs::AppendLittleEndian(body, base);
  {
    const vfs::Step step("journal.trailer");
    VFS_RETURN_IF_ERROR(
        live_.file->Write(live_.end - live_.header.base, EncodeOwn(kTrailerType, body, durable)));
  }
  {
    const vfs::Step step("journal.sync.trailer");
    VFS_RETURN_IF_ERROR(live_.file->SyncData());
  }
  live_ = std::move(next);
  return absl::OkStatus();
}

void Journal::PublishDurable(Lsn lsn) {
  if (durable_file_ == nullptr) return;
  const vfs::Step step("journal.durable");
  const std::string bytes = EncodeDurable(
      {.boot_id = options_.boot_id, .epoch = live_.header.nonce, .lsn = lsn, .offset = live_.end});
  // Readers in other processes fall behind, and that is all: it proves nothing after a restart.
  if (!durable_file_->Write(0, bytes).ok()) VFS_PROBE("journal/durable_not_published");
}

absl::Status Journal::WriteMark(Lsn lsn, bool is_synced) {
  const std::uint64_t left = options_.segment_bytes - (live_.end - live_.header.base);
  if (live_.end - live_.header.base > options_.segment_bytes || left < kReservedBytes)
    return absl::OkStatus();
  {
    const vfs::Step step("journal.mark");
    VFS_RETURN_IF_ERROR(
        live_.file->Write(live_.end - live_.header.base, EncodeOwn(kMarkType, "", lsn)));
  }
  live_.end += kMarkBytes;
  if (!is_synced) return absl::OkStatus();
  const vfs::Step step("journal.sync.mark");
  return live_.file->SyncData();
}

}  // namespace permafrost::engine::journal
