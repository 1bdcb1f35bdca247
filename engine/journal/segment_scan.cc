// Forward only; nothing behind a gap continues the log.
#include "engine/journal/segment_scan.h"

#include <algorithm>

#include "engine/journal/journal_format.h"
#include "vfs/base/bytes.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine::journal {
namespace {

// Why a record that is whole does not continue the log here; "" if it does.
std::string Misfit(const RecordView& record, Lsn next, std::uint32_t batch_next) {
  const Lsn expected = record.is_own() ? next - 1 : next;
  if (record.lsn != expected)
    return fmt::format("LSN {}, found a record of LSN {}", expected, record.lsn);
  if (!record.is_own() && record.batch_index != 0 && record.batch_index != batch_next)
    return fmt::format("batch index 0 or {}, found {}", batch_next, record.batch_index);
  const bool is_own_of_known_form =
      (record.type == kTrailerType && record.body.size() == kTrailerBodyBytes) ||
      ((record.type == kMarkType || record.type == kKeptType) && record.body.empty());
  if (record.is_own() && !is_own_of_known_form)
    return fmt::format("a trailer or a mark, found type {} with {} bytes", record.type,
                       record.body.size());
  return "";
}

}  // namespace

absl::StatusOr<ScanEnd> ScanSegment(SegmentReader& reader,
                                    const ScanFrom& from,
                                    std::uint64_t limit,
                                    HashCheck hash,
                                    absl::FunctionRef<absl::Status(const RecordView&)> visit) {
  ScanEnd end{.offset = from.offset, .next_lsn = from.lsn, .proved = from.lsn - 1};
  // Where the first record stands in its batch is not known when the scan begins within a segment.
  const bool is_from_start = from.offset == reader.header().base + kHeaderBytes;
  std::uint32_t batch_next = 0;
  bool is_first = !is_from_start;
  SegmentReader::Answer at;
  while (end.offset < limit) {
    VFS_RETURN_IF_ERROR(reader.ReadAt(end.offset, hash, &at));
    if (!at.is_valid) {
      end.why = "expected " + at.why;
      return end;
    }
    const RecordView& record = at.record;
    if (is_first) batch_next = record.batch_index;
    is_first = false;
    const std::string misfit = Misfit(record, end.next_lsn, batch_next);
    if (!misfit.empty() || record.end() > limit) {
      end.why = misfit.empty() ? "expected the end of the segment, found a record that crosses it"
                               : "expected " + misfit;
      return end;
    }
    end.proved = std::max(end.proved, record.proved());
    VFS_RETURN_IF_ERROR(visit(record));
    end.offset = record.end();
    end.has_live = record.type != kKeptType;
    if (record.type == kTrailerType) {
      end.has_trailer = true;
      end.next_base = vfs::LoadLittleEndian<std::uint64_t>(record.body, 0);
      return end;
    }
    if (!record.is_own()) {
      ++end.next_lsn;
      batch_next = record.batch_index + 1;
    }
  }
  end.why = "the end of the segment";
  return end;
}

absl::StatusOr<Beyond> LookBeyond(SegmentReader& reader, const ScanEnd& end) {
  Beyond beyond;
  const std::uint64_t first = (end.offset + kAlignment - 1) / kAlignment * kAlignment;
  for (std::uint64_t at = first; at < reader.end();) {
    VFS_ASSIGN_OR_RETURN(const std::uint64_t next, reader.SkipZeros(at));
    if (next >= reader.end()) break;
    at = next;
    beyond.bytes = at + kAlignment - end.offset;
    // So many records fit between here and there, and the journal's own have the LSN before.
    const Lsn lsn_max = end.next_lsn + (at - end.offset) / kRecordBytesMin;
    VFS_ASSIGN_OR_RETURN(const SegmentReader::Answer probe,
                         reader.Probe(at, end.next_lsn, lsn_max));
    if (probe.is_valid && probe.record.proved() > beyond.proved) {
      beyond.proved = probe.record.proved();
      beyond.proof_at = at;
    }
    at += kAlignment;
  }
  return beyond;
}

}  // namespace permafrost::engine::journal
