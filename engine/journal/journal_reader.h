// Reads records by LSN from segments whose ends are known.
//
// Threads: any thread; each call has buffers of its own.
#pragma once

#include <string>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/journal/journal_record.h"
#include "engine/journal/journal_state.h"
#include "engine/journal/segment_file.h"

namespace permafrost::engine::journal {

// Records [from, to], in order; not the journal's own.
//
// Errors: kOutOfRange  `from` was truncated: the first LSN that is there
//         kDataLoss    file, offset, what was expected and found
absl::Status ReadRecords(const std::vector<Segment>& segments,
                         Lsn from,
                         Lsn to,
                         HashCheck hash,
                         absl::FunctionRef<absl::Status(const RecordView&)> visit);

// Where the record of this LSN stands, or will stand if it is the next.
absl::StatusOr<JournalPlace> PlaceOf(const std::vector<Segment>& segments, Lsn lsn);

// A copy that outlives the reader's buffer.
JournalRecord CopyOf(const RecordView& record);

}  // namespace permafrost::engine::journal
