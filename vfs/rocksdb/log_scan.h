// The look at a database's logs before it is opened: a torn end is cut off, damage before the end
// is refused.
//
// RocksDB itself opens a log that is damaged in the middle and silently drops synced records behind
// the damage, and refuses a database whose MANIFEST ends in a torn record. The scan decides both
// cases before RocksDB sees them.
//
// - S1 Only logs that recovery will read are looked at: numbers from the MANIFEST's minimum on.
// - S2 Torn tail: in the newest log that is not empty, an invalid region after which no
//   checksum-valid FULL or FIRST fragment of this database occurs. It is cut to the last whole
//   record and synced. MIDDLE and LAST may follow it, since one record spans blocks. "Of this
//   database" matters because lost sectors may show a deleted file's bytes: a batch counts only if
//   its sequence number is one that this log could have reached by there, an edit only if its file
//   numbers go on from the edits before; and where the damage looks like one lost append, a record
//   counts only if valid fragments lead from it to exactly the end of the file.
//   A whole record that is no batch, or a batch numbered below the one before, is such an invalid
//   region too: a new log's lost first sector may show a deleted log's.
// - S3 Any other invalid region, a zero header, a gap in the sequence numbers: kDataLoss, and
//   nothing is touched.
// - S4 With unsynced writes (kCutAtFirstHole) every log is cut at the first hole over all of them,
//   later logs to nothing.
// - S5 The MANIFEST that CURRENT names: rule S2; an atomic group that is not complete at the end is
//   cut off whole.
// - S6 A second scan finds nothing to cut.
//
// Damage inside the very last record cannot be told from a torn tail.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "vfs/file_system.h"

namespace permafrost::vfs {

enum class LogRule { kCutTornTail, kCutAtFirstHole };

struct LogCut {
  std::string path;
  std::uint64_t kept_bytes = 0;
  std::uint64_t cut_bytes = 0;
  std::string finding;
};

// "cut db/000004.log from 300 to 255 bytes: checksum mismatch at byte 255".
std::string ToString(const LogCut& cut);

struct LogScanReport {
  std::string manifest;       // path; empty: there is no database yet
  std::uint64_t min_log = 0;  // smaller logs are not looked at
  std::uint64_t logs = 0;     // logs that were
  std::uint64_t records = 0;  // whole records in them
  std::vector<LogCut> cuts;
};

// Looks at the database in directory `path` and cuts what S2, S4 and S5 allow. Whoever calls holds
// its LOCK.
//
// Durable: every cut, when it returns OK.
// Errors:  kDataLoss  S3, with file and offset; nothing was changed
absl::StatusOr<LogScanReport> ScanLogs(FileSystem& fs, std::string_view path, LogRule rule);

// The first file in the directory that holds what somebody wrote into a database, by path: a log
// with a whole record, or a table. "" if there is none.
absl::StatusOr<std::string> FindWrittenFile(FileSystem& fs, std::string_view path);

}  // namespace permafrost::vfs
