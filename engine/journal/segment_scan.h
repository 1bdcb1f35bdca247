// Reads a segment from a record on, in order, and tells where and why its records end.
#pragma once

#include <cstdint>
#include <string>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/journal/segment_parse.h"

namespace permafrost::engine::journal {

struct ScanFrom {
  std::uint64_t offset = 0;  // global, of a record
  Lsn lsn = 0;               // that it must have
};

struct ScanEnd {
  std::uint64_t offset = 0;  // behind the last record
  Lsn next_lsn = 0;          // of the record that is not there
  Lsn proved = 0;            // highest LSN that a record proved durable
  // A record that was written when the segment's name was settled: all but those that it was made
  // with.
  bool has_live = false;
  bool has_trailer = false;
  std::uint64_t next_base = 0;  // what the trailer names
  std::string why;              // what stands at `offset` in place of a record
};

// Calls `visit` for every record, the journal's own too, until there is none that continues the
// log, `limit` is reached, or `visit` fails.
//
// Errors: of Read and of `visit`
absl::StatusOr<ScanEnd> ScanSegment(SegmentReader& reader,
                                    const ScanFrom& from,
                                    std::uint64_t limit,
                                    HashCheck hash,
                                    absl::FunctionRef<absl::Status(const RecordView&)> visit);

// Ends a scan that has found enough. Whoever asked for it takes it for OK: it goes no further.
inline absl::Status Enough() { return absl::CancelledError("enough"); }
inline bool IsEnough(const absl::Status& status) { return absl::IsCancelled(status); }

// What stands behind the end of a scan.
struct Beyond {
  Lsn proved = 0;              // highest LSN that a record found there proves durable
  std::uint64_t proof_at = 0;  // where that record stands
  std::uint64_t bytes = 0;     // from the end of the scan to the last byte that is not zero
};

// Looks for records at every aligned offset behind the end. Reads to the end of the file.
absl::StatusOr<Beyond> LookBeyond(SegmentReader& reader, const ScanEnd& end);

}  // namespace permafrost::engine::journal
