// From names to segments, from segments to records, from records to what was durable.
#include "engine/journal/recovery.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "engine/journal/durable_file.h"
#include "engine/journal/journal_format.h"
#include "engine/journal/segment_encode.h"
#include "engine/journal/segment_scan.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/base/step.h"
#include "vfs/durable.h"

namespace permafrost::engine::journal {
namespace {

// Of the store whose root the directory is.
constexpr std::string_view kRootLockName = "permafrost.lock";

// What a directory of a journal holds, by kind.
struct Names {
  std::vector<std::uint64_t> bases;  // ascending
  std::vector<std::string> spares;   // paths
  std::uint64_t next_spare = 0;
};

absl::StatusOr<Names> ListNames(const vfs::FileSystem& fs, const std::string& directory) {
  Names names;
  VFS_ASSIGN_OR_RETURN(const std::vector<vfs::DirEntry> entries, fs.List(directory));
  for (const vfs::DirEntry& entry : entries) {
    const std::string_view name = entry.name;
    if (const auto base = BaseOfName(name)) {
      names.bases.push_back(*base);
    } else if (name.starts_with(kSparePrefix)) {
      names.spares.push_back(vfs::JoinPath(directory, name));
      const auto number = vfs::ParseNumber<std::uint64_t>(name.substr(kSparePrefix.size()));
      if (number.has_value()) names.next_spare = std::max(names.next_spare, *number + 1);
    } else if (name != kStateName && name != kStateTempName && name != kDurableName &&
               name != kLockName && name != kRootLockName && !name.starts_with(kLeasePrefix) &&
               !name.ends_with(kRemovedSuffix)) {
      return vfs::FailedPrecondition(
          "open journal {}: '{}' is not the journal's; move it elsewhere", directory, name);
    }
  }
  return names;
}

// A record of the tail, kept until it stands in the new segment.
struct Kept {
  std::uint8_t type = 0;
  Lsn lsn = 0;
  std::int64_t unix_micros = 0;
  ContentAddress hash;
  std::string body;
};

class Reading {
 public:
  Reading(const vfs::Env& env,
          const std::string& directory,
          const JournalOptions& options,
          const std::optional<LogEnd>& log_end = std::nullopt)
      : env_(env), directory_(directory), options_(options), log_end_(log_end) {}

  absl::Status Run() {
    const vfs::Step step("journal.recover");
    VFS_ASSIGN_OR_RETURN(names_, ListNames(*env_.fs, directory_));
    VFS_ASSIGN_OR_RETURN(out_.state, ReadState(env_.fs, directory_));
    out_.next_spare = names_.next_spare;
    if (log_end_.has_value()) {
      std::erase_if(names_.bases, [&](std::uint64_t base) { return !log_end_->Keeps(base); });
      if (names_.bases.empty()) return BeginAnew(log_end_->place);
    }
    VFS_RETURN_IF_ERROR(FindFirst());
    VFS_RETURN_IF_ERROR(OpenSegments());
    for (std::size_t i = 0; i < out_.segments.size(); ++i) VFS_RETURN_IF_ERROR(ScanOne(i));
    return Judge();
  }

  // The new segment, with the tail in it. Then what is not needed goes.
  absl::Status Settle(std::uint64_t drawn) {
    std::uint64_t bytes = kHeaderBytes + kTrailerBytes + 2 * kMarkBytes;
    for (const Kept& kept : tail_) bytes += RecordBytes(kept.body.size());
    VFS_ASSIGN_OR_RETURN(const std::string spare,
                         TakeSpare(std::max(options_.segment_bytes, bytes)));
    VFS_ASSIGN_OR_RETURN(const std::uint64_t nonce, NonceFor(env_.fs, spare, drawn));
    std::string records;
    const SegmentHeader header{.store_id = options_.store_id,
                               .nonce = nonce,
                               .base = keep_from_,
                               .first_lsn = keep_above_ + 1};
    std::uint64_t offset = keep_from_ + kHeaderBytes;
    std::vector<std::pair<Lsn, std::uint64_t>> places;
    const auto add = [&](const RecordContent& record) {
      places.emplace_back(record.lsn, offset);
      AppendRecord(records, record, nonce, offset);
      offset += RecordBytes(record.body.size());
    };
    for (const Kept& kept : tail_) {
      add({.type = kept.type,
           .batch_index = static_cast<std::uint32_t>(kept.lsn - header.first_lsn),
           .lsn = kept.lsn,
           .unix_micros = kept.unix_micros,
           .hash = kept.hash,
           .body = kept.body});
    }
    // The name comes after the sync, so whoever reads this knows that the tail is durable.
    if (!tail_.empty()) {
      add({.type = kKeptType,
           .lsn = out_.report.last,
           .unix_micros = tail_.back().unix_micros,
           .hash = ContentAddressOf(kKeptType, "")});
      places.pop_back();
      VFS_PROBE("journal/tail_kept");
    }
    // Nothing proves that its name was settled (a sync that failed in an earlier life: D4): it is
    // made anew, and settled with the segment's.
    if (out_.state != JournalState{})
      VFS_RETURN_IF_ERROR(PutState(env_.fs, directory_, out_.state));
    if (replaces_last_) {
      VFS_PROBE("journal/segment_replaced");
      out_.segments.pop_back();
    }
    VFS_ASSIGN_OR_RETURN(Segment segment,
                         PublishSegment(env_.fs, directory_, spare, header, records));
    segment.end = offset;
    segment.last_lsn = out_.report.last;
    for (const auto& [lsn, at] : places) segment.Note(lsn, at);
    if (!out_.segments.empty()) {
      Segment& before = out_.segments.back();
      before.end = keep_from_;
      before.last_lsn = header.first_lsn - 1;
      std::erase_if(before.index, [&](const IndexEntry& at) { return at.offset >= keep_from_; });
    }
    out_.segments.push_back(std::move(segment));
    return RemoveUnneeded();
  }

  Recovered Take() { return std::move(out_); }

 private:
  // No segment is kept: the new one begins where records are needed first.
  absl::Status BeginAnew(const JournalPlace& place) {
    next_lsn_ = place.lsn;
    keep_above_ = place.lsn - 1;
    keep_from_ = place.offset;
    return Judge();
  }

  // The segment in which the first needed offset lies; those before it are spent.
  absl::Status FindFirst() {
    const std::uint64_t needed = out_.state.first_needed.offset;
    std::vector<std::uint64_t>& bases = names_.bases;
    while (bases.size() > 1 && bases[1] <= needed) {
      spent_.push_back(bases.front());
      bases.erase(bases.begin());
    }
    if (bases.empty() && out_.state == JournalState{}) return absl::OkStatus();
    if (!bases.empty() && bases.front() <= needed) return absl::OkStatus();
    return vfs::DataLoss(
        "open journal {}: records from offset {} (LSN {}) on are needed, the first segment is {}; "
        "restore the directory from a backup",
        directory_, needed, out_.state.first_needed.lsn,
        bases.empty() ? "missing" : SegmentName(bases.front()));
  }

  absl::Status OpenSegments() {
    for (const std::uint64_t base : names_.bases) {
      VFS_ASSIGN_OR_RETURN(Segment segment,
                           OpenSegment(env_.fs, directory_, base, options_.store_id));
      out_.segments.push_back(std::move(segment));
    }
    return absl::OkStatus();
  }

  absl::Status Damage(const Segment& segment, const ScanEnd& end, const std::string& proof) const {
    return vfs::DataLoss(
        "open journal segment {}: damage at byte {} (offset {}): {}; LSN {} was durable ({}); "
        "nothing was changed; see permafrost journal verify",
        segment.path, end.offset - segment.header.base, end.offset, end.why, end.next_lsn, proof);
  }

  absl::Status ScanOne(std::size_t i) {
    Segment& segment = out_.segments[i];
    const bool is_last = i + 1 == out_.segments.size();
    const bool is_first = i == 0;
    const JournalPlace& needed = out_.state.first_needed;
    ScanFrom from{.offset = segment.header.base + kHeaderBytes, .lsn = segment.header.first_lsn};
    if (is_first && needed.offset > from.offset)
      from = {.offset = needed.offset, .lsn = needed.lsn};
    if (!is_first && segment.header.first_lsn != next_lsn_) {
      return vfs::DataLoss(
          "open journal segment {}: it begins with LSN {}, the segments before it end with LSN {}; "
          "see permafrost journal verify",
          segment.path, segment.header.first_lsn, next_lsn_ - 1);
    }
    SegmentReader reader(segment.file.get(), segment.header, segment.file_bytes);
    const std::uint64_t limit = !is_last               ? out_.segments[i + 1].header.base
                                : log_end_.has_value() ? log_end_->place.offset
                                                       : reader.end();
    VFS_ASSIGN_OR_RETURN(const ScanEnd end, ScanSegment(reader, from, limit, HashCheck::kNo,
                                                        [&](const RecordView& record) {
                                                          if (!record.is_own())
                                                            segment.Note(record.lsn, record.offset);
                                                          return absl::OkStatus();
                                                        }));
    next_lsn_ = end.next_lsn;
    segment.end = end.offset;
    segment.last_lsn = end.next_lsn - 1;
    if (!is_last) {
      const Segment& after = out_.segments[i + 1];
      if (end.next_lsn != after.header.first_lsn || end.offset > limit ||
          (end.has_trailer && end.next_base != after.header.base))
        return Damage(segment, end, fmt::format("segment {} follows", after.path));
      return absl::OkStatus();
    }
    last_end_ = end;
    // Nothing was written in it since it got its name, so nothing proves that the name was settled
    // (D4): its records go into a new file, which takes that name anew. What was truncated was.
    replaces_last_ = !end.has_live && from.offset == segment.header.base + kHeaderBytes;
    out_.report.proved = std::max(end.proved, segment.header.first_lsn - 1);
    if (log_end_.has_value()) {
      if (end.next_lsn == log_end_->place.lsn && end.offset == limit) return absl::OkStatus();
      return Damage(segment, end, "the log was read further before");
    }
    if (end.has_trailer) {
      return vfs::DataLoss(
          "open journal segment {}: its trailer names segment {}, which is missing; restore it "
          "from a backup",
          segment.path, SegmentName(end.next_base));
    }
    VFS_ASSIGN_OR_RETURN(const Beyond beyond, LookBeyond(reader, end));
    if (beyond.proved >= end.next_lsn)
      return Damage(segment, end, fmt::format("a record at offset {} proves it", beyond.proof_at));
    out_.report.dropped_bytes = beyond.bytes;
    return absl::OkStatus();
  }

  // Compares the end of the log with everything else that knows of records.
  absl::Status Judge() {
    const JournalState::Proof proof = out_.state.proof();
    if (proof.lsn >= next_lsn_) {
      return vfs::DataLoss(
          "open journal {}: {} proves LSN {}, the log ends with LSN {}; restore it from a backup",
          directory_, proof.by, proof.lsn, next_lsn_ - 1);
    }
    RecoveryReport& report = out_.report;
    report.proved = std::max(report.proved, proof.lsn);
    VFS_ASSIGN_OR_RETURN(const auto mark, ReadDurable(env_.fs, directory_, options_.boot_id));
    if (mark.has_value()) {
      if (mark->lsn >= next_lsn_ && !out_.segments.empty())
        return Damage(out_.segments.back(), last_end_, "the writer of this boot had synced it");
      report.proved = std::max(report.proved, mark->lsn);
      report.is_provable = true;
    }
    report.is_provable = report.is_provable || report.dropped_bytes == 0;
    report.last = next_lsn_ - 1;
    if (out_.segments.empty()) return absl::OkStatus();
    const Segment& last = out_.segments.back();
    keep_above_ = replaces_last_ ? last.header.first_lsn - 1 : report.proved;
    keep_from_ = replaces_last_ ? last.header.base : last.end;
    return ReadTail();
  }

  // The records above what is proved, with their hashes verified.
  absl::Status ReadTail() {
    const Segment& segment = out_.segments.back();
    RecoveryReport& report = out_.report;
    if (keep_above_ == report.last) return absl::OkStatus();
    SegmentReader reader(segment.file.get(), segment.header, segment.file_bytes);
    IndexEntry from = segment.Find(keep_above_ + 1);
    if (out_.state.first_needed.offset > from.offset)
      from = {out_.state.first_needed.lsn, out_.state.first_needed.offset};
    std::optional<std::uint64_t> first;
    // A record whose content is not what its hash says ends the log as one whose checksum does not
    // hold.
    VFS_ASSIGN_OR_RETURN(const ScanEnd end,
                         ScanSegment(reader, {.offset = from.offset, .lsn = from.lsn}, segment.end,
                                     HashCheck::kYes, [&](const RecordView& record) {
                                       if (record.is_own() || record.lsn <= keep_above_)
                                         return absl::OkStatus();
                                       if (!first.has_value()) first = record.offset;
                                       tail_.push_back({.type = record.type,
                                                        .lsn = record.lsn,
                                                        .unix_micros = record.unix_micros,
                                                        .hash = record.hash,
                                                        .body = std::string(record.body)});
                                       return absl::OkStatus();
                                     }));
    if (end.next_lsn <= report.proved) return Damage(segment, end, "a record behind it proves it");
    report.dropped_bytes += segment.end - end.offset;
    report.last = end.next_lsn - 1;
    report.kept_bytes = end.offset - first.value_or(end.offset);
    if (!replaces_last_) keep_from_ = first.value_or(end.offset);
    return absl::OkStatus();
  }

  // A file of the right size that nobody uses. What else there is of spares goes.
  absl::StatusOr<std::string> TakeSpare(std::uint64_t bytes) {
    std::string taken;
    for (const std::string& path : names_.spares) {
      VFS_ASSIGN_OR_RETURN(const vfs::FileInfo info, env_.fs->Stat(path));
      if (taken.empty() && info.bytes == bytes && info.link_count == 1) {
        taken = path;
        VFS_PROBE("journal/spare_found");
      } else {
        VFS_RETURN_IF_ERROR(vfs::UnlinkIfExists(env_.fs, path));
      }
    }
    if (!taken.empty()) return taken;
    taken = vfs::JoinPath(directory_, SpareName(out_.next_spare++));
    VFS_RETURN_IF_ERROR(MakeSpare(env_.fs, taken, bytes));
    return taken;
  }

  absl::Status RemoveUnneeded() {
    if (spent_.empty()) return absl::OkStatus();
    VFS_PROBE("journal/spent_segment_found");
    const vfs::Step step("journal.unlink");
    for (const std::uint64_t base : spent_) {
      VFS_RETURN_IF_ERROR(
          vfs::UnlinkIfExists(env_.fs, vfs::JoinPath(directory_, SegmentName(base))));
    }
    return vfs::SettleDir(env_.fs, directory_, "journal.sync.dir");
  }

  const vfs::Env env_;
  const std::string directory_;
  const JournalOptions options_;
  const std::optional<LogEnd> log_end_;
  Names names_;
  std::vector<std::uint64_t> spent_;
  Recovered out_;
  Lsn next_lsn_ = 1;
  ScanEnd last_end_;
  std::vector<Kept> tail_;
  Lsn keep_above_ = 0;           // the new segment begins with the record after this one
  std::uint64_t keep_from_ = 0;  // its base
  bool replaces_last_ = false;
};

}  // namespace

std::string ToString(const RecoveryReport& report) {
  const std::string records = report.last == report.proved
                                  ? std::string("no record")
                                  : fmt::format("LSN {} to {}", report.proved + 1, report.last);
  return fmt::format("tail above LSN {}: {} bytes kept ({}), {} bytes dropped, {}", report.proved,
                     report.kept_bytes, records, report.dropped_bytes,
                     report.is_provable ? "provably unacknowledged" : "not provable");
}

absl::StatusOr<Recovered> Recover(const vfs::Env& env,
                                  const std::string& directory,
                                  const JournalOptions& options,
                                  std::uint64_t nonce) {
  Reading reading(env, directory, options);
  VFS_RETURN_IF_ERROR(reading.Run());
  VFS_RETURN_IF_ERROR(reading.Settle(nonce));
  return reading.Take();
}

absl::StatusOr<Recovered> RecoverUpTo(const vfs::Env& env,
                                      const std::string& directory,
                                      const JournalOptions& options,
                                      std::uint64_t nonce,
                                      const LogEnd& end) {
  Reading reading(env, directory, options, end);
  VFS_RETURN_IF_ERROR(reading.Run());
  VFS_RETURN_IF_ERROR(reading.Settle(nonce));
  return reading.Take();
}

absl::StatusOr<Recovered> Inspect(const vfs::Env& env,
                                  const std::string& directory,
                                  const JournalOptions& options) {
  Reading reading(env, directory, options);
  VFS_RETURN_IF_ERROR(reading.Run());
  return reading.Take();
}

}  // namespace permafrost::engine::journal
