// First how far, then where, then the bytes.
#include "engine/journal/tailer.h"

#include <algorithm>

#include "engine/journal/journal_format.h"
#include "engine/journal/journal_reader.h"
#include "engine/journal/journal_state.h"
#include "vfs/base/escape.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/durable.h"

namespace permafrost::engine::journal {
namespace {

absl::StatusOr<std::vector<std::uint64_t>> ListBases(const vfs::FileSystem& fs,
                                                     const std::string& directory) {
  std::vector<std::uint64_t> bases;
  VFS_ASSIGN_OR_RETURN(const std::vector<vfs::DirEntry> entries, fs.List(directory));
  for (const vfs::DirEntry& entry : entries) {
    if (const auto base = BaseOfName(entry.name)) bases.push_back(*base);
  }
  return bases;  // ascending: names are sorted, and as long as each other
}

}  // namespace

absl::StatusOr<std::optional<std::string>> FindTailer(vfs::FileSystem* fs,
                                                      const std::string& directory) {
  VFS_ASSIGN_OR_RETURN(const std::vector<vfs::DirEntry> entries, fs->List(directory));
  for (const vfs::DirEntry& entry : entries) {
    if (!entry.name.starts_with(kLeasePrefix)) continue;
    const std::string path = vfs::JoinPath(directory, entry.name);
    const auto lock = fs->Lock(path, {});
    if (lock.status().code() == absl::StatusCode::kUnavailable)
      return std::optional(entry.name.substr(kLeasePrefix.size()));
    VFS_RETURN_IF_ERROR(lock.status());
    // Its tailer is gone.
    VFS_RETURN_IF_ERROR(vfs::UnlinkIfExists(fs, path));
  }
  return std::optional<std::string>();
}

absl::StatusOr<std::unique_ptr<Tailer>> Tailer::Open(vfs::FileSystem* fs,
                                                     const std::string& directory,
                                                     TailerOptions options) {
  if (!CheckCursorName(options.name).ok()) {
    return vfs::InvalidArgument(
        "open tailer {} of journal {}: a name has 1 to 64 letters, digits, '-' and '_'",
        vfs::EscapedForError(options.name), directory);
  }
  if (options.from_lsn == 0) {
    return vfs::InvalidArgument("open tailer '{}' of journal {}: from LSN 0, the first LSN is 1",
                                options.name, directory);
  }
  const std::string lease = std::string(kLeasePrefix) + options.name;
  auto lock = fs->Lock(vfs::JoinPath(directory, lease), {.content = options.lock_content});
  VFS_RETURN_IF_ERROR(lock.status());
  return std::unique_ptr<Tailer>(new Tailer(fs, directory, std::move(options), *std::move(lock)));
}

Tailer::Tailer(vfs::FileSystem* fs,
               const std::string& directory,
               TailerOptions options,
               std::unique_ptr<vfs::FileLock> lease)
    : fs_(fs),
      directory_(directory),
      options_(std::move(options)),
      lease_(std::move(lease)),
      next_(options_.from_lsn) {}

absl::StatusOr<std::vector<JournalRecord>> Tailer::Next(std::size_t limit) {
  std::vector<JournalRecord> records;
  while (records.size() < limit) {
    if (next_ > durable_) {
      if (!records.empty()) break;
      VFS_RETURN_IF_ERROR(Learn(limit));
      if (next_ > durable_) break;
    }
    const absl::Status read = next_ > sure_ ? Resolve(Reopen::kIfChanged) : ReadOn(limit, records);
    if (read.ok()) continue;
    // What was read before is handed out first; the error comes again.
    if (records.empty()) return read;
    break;
  }
  return records;
}

void Tailer::Know(Lsn durable) { durable_ = std::max(durable_, durable); }

absl::Status Tailer::Learn(std::size_t limit) {
  if (options_.durable_lsn) {
    Know(options_.durable_lsn());
    return absl::OkStatus();
  }
  VFS_ASSIGN_OR_RETURN(auto mark, ReadDurable(fs_, directory_, options_.boot_id));
  if (!mark.has_value()) {
    // One that was just being written is whole the next time.
    VFS_ASSIGN_OR_RETURN(mark, ReadDurable(fs_, directory_, options_.boot_id));
  }
  if (!mark.has_value()) return Prove(limit);
  if (mark->lsn < next_) return absl::OkStatus();
  VFS_ASSIGN_OR_RETURN(const bool has_writer, HasWriter(*mark));
  if (!has_writer) return Prove(limit);
  Know(mark->lsn);
  if (reader_ != nullptr && mark->epoch == segment_.header.nonce) {
    // It was the live segment when this was durable, so it has no successor below that.
    sure_ = std::max(sure_, mark->lsn);
    reader_->set_file_bytes(std::min(segment_.file_bytes, mark->offset - segment_.header.base));
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> Tailer::HasWriter(const DurableMark& mark) {
  // Asked once for each mark: whoever asks holds the lock for a moment, and a writer that starts
  // in that moment is refused.
  const std::pair<std::uint64_t, Lsn> asked(mark.epoch, mark.lsn);
  if (dead_ == asked) return false;
  const auto lock = fs_->Lock(vfs::JoinPath(directory_, kLockName), {});
  if (lock.status().code() == absl::StatusCode::kUnavailable) return true;
  VFS_RETURN_IF_ERROR(lock.status());
  dead_ = asked;
  return false;
}

absl::Status Tailer::Prove(std::size_t limit) {
  // Read before the names: what it proves stands in a segment that they show.
  VFS_ASSIGN_OR_RETURN(const JournalState state, ReadState(fs_, directory_));
  Know(state.proof().lsn);
  VFS_RETURN_IF_ERROR(Resolve(Reopen::kIfChanged));
  if (reader_ == nullptr) return absl::OkStatus();
  Know(newest_first_ - 1);
  if (next_ <= durable_) return absl::OkStatus();
  // The segment is the newest. If a recovery made it, its first mark proves records that are lost
  // with the name, and the name may be unsettled (D8).
  if (settled_ != segment_.header.base) {
    VFS_RETURN_IF_ERROR(vfs::SettleDir(fs_, directory_, "journal.sync.dir"));
    settled_ = segment_.header.base;
  }
  reader_->set_file_bytes(segment_.file_bytes);
  if (ahead_.offset < cursor_.offset) ahead_ = cursor_;
  Lsn proved = 0;
  const auto scanned =
      ScanSegment(*reader_, ahead_, reader_->end(), HashCheck::kNo,
                  [&](const RecordView& record) -> absl::Status {
                    proved = std::max(proved, record.proved());
                    if (record.type != kTrailerType)
                      ahead_ = {.offset = record.end(), .lsn = record.lsn + 1};
                    return proved >= next_ && proved - next_ >= limit ? Enough() : absl::OkStatus();
                  });
  if (!IsEnough(scanned.status())) VFS_RETURN_IF_ERROR(scanned.status());
  Know(proved);
  // Its own records are the proof, and a recovery keeps what they prove where it stands.
  sure_ = std::max(sure_, proved);
  return absl::OkStatus();
}

absl::Status Tailer::Resolve(Reopen reopen) {
  constexpr int kAttempts = 16;
  for (int attempt = 1;; ++attempt) {
    VFS_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> bases, ListBases(*fs_, directory_));
    const bool is_newest =
        reader_ != nullptr && !bases.empty() && bases.back() == segment_.header.base;
    if (is_newest && reopen == Reopen::kIfChanged) {
      // Nothing that was durable before the list was made stands behind it.
      sure_ = std::max(sure_, durable_);
      newest_first_ = segment_.header.first_lsn;
      return absl::OkStatus();
    }
    const absl::Status found = Find(bases);
    // Gone since the list was made.
    if (found.code() == absl::StatusCode::kNotFound && attempt < kAttempts) continue;
    return found;
  }
}

absl::Status Tailer::Find(const std::vector<std::uint64_t>& bases) {
  if (bases.empty() && next_ > durable_) return absl::OkStatus();  // not begun
  std::optional<Segment> holds;
  std::optional<SegmentHeader> after;  // of the one behind it
  std::size_t low = 0;
  std::size_t high = bases.size();
  // The newest first: that is mostly it.
  for (std::size_t at = high - 1; low < high; at = low + (high - low) / 2) {
    VFS_ASSIGN_OR_RETURN(Segment segment,
                         OpenSegment(fs_, directory_, bases[at], options_.store_id));
    if (at + 1 == bases.size()) newest_first_ = segment.header.first_lsn;
    if (segment.header.first_lsn <= next_) {
      low = at + 1;
      holds = std::move(segment);
    } else {
      high = at;
      after = segment.header;
    }
  }
  if (!holds.has_value()) return NotThere(after);
  if (reader_ == nullptr || holds->header != segment_.header) {
    segment_ = *std::move(holds);
    reader_ =
        std::make_unique<SegmentReader>(segment_.file.get(), segment_.header, segment_.file_bytes);
    cursor_ = {.offset = segment_.header.base + kHeaderBytes, .lsn = segment_.header.first_lsn};
    ahead_ = cursor_;
  }
  sure_ = after.has_value() ? after->first_lsn - 1 : durable_;
  return absl::OkStatus();
}

absl::Status Tailer::NotThere(const std::optional<SegmentHeader>& first) const {
  // Read after the names: the truncation is on record before any of them goes.
  VFS_ASSIGN_OR_RETURN(const JournalState state, ReadState(fs_, directory_));
  const Lsn needed = state.first_needed.lsn;
  if (first.has_value() && next_ < needed) {
    return vfs::OutOfRange("tail journal {}: LSN {} was truncated, the first that is there is {}",
                           directory_, next_, first->first_lsn);
  }
  return vfs::DataLoss(
      "tail journal {}: records from LSN {} on are needed, the first segment is {}; restore the "
      "directory from a backup",
      directory_, needed, first.has_value() ? SegmentName(first->base) : "missing");
}

absl::Status Tailer::ReadOn(std::size_t limit, std::vector<JournalRecord>& records) {
  const Lsn last = std::min(durable_, sure_);
  const HashCheck hash = options_.is_deep ? HashCheck::kYes : HashCheck::kNo;
  const auto visit = [&](const RecordView& record) -> absl::Status {
    if (record.type == kTrailerType) return absl::OkStatus();
    cursor_ = {.offset = record.end(), .lsn = record.lsn + 1};
    if (record.is_own() || record.lsn < next_) return absl::OkStatus();
    records.push_back(CopyOf(record));
    ++next_;
    return next_ > last || records.size() == limit ? Enough() : absl::OkStatus();
  };
  auto end = ScanSegment(*reader_, cursor_, reader_->end(), hash, visit);
  if (end.ok()) {
    // A miss: the buffer is older than the record. Once more, from the file and all of it.
    reader_->set_file_bytes(segment_.file_bytes);
    end = ScanSegment(*reader_, cursor_, reader_->end(), hash, visit);
  }
  if (IsEnough(end.status())) return absl::OkStatus();
  VFS_RETURN_IF_ERROR(end.status());
  // If the name stands for the same life of the file still, the bytes were that life's.
  const SegmentHeader before = segment_.header;
  VFS_RETURN_IF_ERROR(Resolve(Reopen::kYes));
  if (segment_.header != before) return absl::OkStatus();
  const std::string why = end->has_trailer
                              ? fmt::format("its trailer names segment {}, which is missing",
                                            SegmentName(end->next_base))
                              : end->why;
  return vfs::DataLoss(
      "tail journal segment {}: damage at byte {} (offset {}): {}; LSN {} is durable; see "
      "permafrost journal verify",
      segment_.path, cursor_.offset - before.base, cursor_.offset, why, cursor_.lsn);
}

}  // namespace permafrost::engine::journal
