// The index finds a place at or before the record; a scan goes on from there.
#include "engine/journal/journal_reader.h"

#include <algorithm>
#include <optional>

#include "engine/journal/segment_scan.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine::journal {
namespace {

std::vector<Segment>::const_iterator FindSegment(const std::vector<Segment>& segments, Lsn lsn) {
  const auto after = std::upper_bound(
      segments.begin(), segments.end(), lsn,
      [](Lsn value, const Segment& segment) { return value < segment.header.first_lsn; });
  return after == segments.begin() ? segments.end() : std::prev(after);
}

absl::Status Truncated(const std::vector<Segment>& segments, Lsn lsn) {
  return vfs::OutOfRange("read journal: LSN {} was truncated, the first that is there is {}", lsn,
                         segments.empty() ? 0 : segments.front().header.first_lsn);
}

}  // namespace

absl::Status ReadRecords(const std::vector<Segment>& segments,
                         Lsn from,
                         Lsn to,
                         HashCheck hash,
                         absl::FunctionRef<absl::Status(const RecordView&)> visit) {
  if (from > to) return absl::OkStatus();
  auto segment = FindSegment(segments, from);
  if (segment == segments.end()) return Truncated(segments, from);
  Lsn next = from;
  for (; segment != segments.end() && next <= to; ++segment) {
    if (segment->last_lsn < next) continue;
    SegmentReader reader(segment->file.get(), segment->header, segment->file_bytes);
    const IndexEntry place = segment->Find(next);
    const auto end = ScanSegment(reader, {.offset = place.offset, .lsn = place.lsn}, segment->end,
                                 hash, [&](const RecordView& record) -> absl::Status {
                                   if (record.is_own() || record.lsn < next)
                                     return absl::OkStatus();
                                   if (record.lsn > to) return Enough();
                                   VFS_RETURN_IF_ERROR(visit(record));
                                   ++next;
                                   return next > to ? Enough() : absl::OkStatus();
                                 });
    if (IsEnough(end.status()) && next > to) return absl::OkStatus();
    VFS_RETURN_IF_ERROR(end.status());
    if (end->next_lsn <= std::min(to, segment->last_lsn)) {
      return vfs::DataLoss(
          "read journal segment {}: damage at byte {} (offset {}): {}; LSN {} was "
          "there; see permafrost journal verify",
          segment->path, end->offset - segment->header.base, end->offset, end->why, end->next_lsn);
    }
  }
  if (next > to) return absl::OkStatus();
  return vfs::OutOfRange("read journal: LSN {} is behind the end of the log, LSN {}", next,
                         next - 1);
}

absl::StatusOr<JournalPlace> PlaceOf(const std::vector<Segment>& segments, Lsn lsn) {
  const auto segment = FindSegment(segments, lsn);
  if (segment == segments.end()) return Truncated(segments, lsn);
  if (lsn == segment->last_lsn + 1) return JournalPlace{.lsn = lsn, .offset = segment->end};
  std::optional<JournalPlace> place;
  VFS_RETURN_IF_ERROR(
      ReadRecords(segments, lsn, lsn, HashCheck::kNo, [&](const RecordView& record) {
        place = JournalPlace{.lsn = lsn, .offset = record.offset};
        return absl::OkStatus();
      }));
  return *place;
}

JournalRecord CopyOf(const RecordView& record) {
  return {.lsn = record.lsn,
          .type = record.type,
          .unix_micros = record.unix_micros,
          .offset = record.offset,
          .hash = record.hash,
          .body = std::string(record.body),
          .is_durable = true};
}

}  // namespace permafrost::engine::journal
