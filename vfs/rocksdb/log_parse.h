// Whole records out of the bytes of a log, up to the first byte that is not part of one. Pure: no
// disk here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/function_ref.h>

#include "vfs/rocksdb/log_format.h"

namespace permafrost::vfs {

struct LogRecord {
  std::uint64_t begin = 0;  // of its first fragment's header
  std::uint64_t end = 0;    // after its last fragment
  std::string payload;
};

struct LogDamage {
  std::uint64_t begin = 0;   // of the record that is not whole: everything before it is
  std::uint64_t offset = 0;  // of the first invalid fragment; the end of the file if it just stops
  std::string finding;       // "checksum mismatch", ...
};

struct ParsedLog {
  std::vector<LogRecord> records;
  std::optional<LogDamage> damage;  // none: the log ends after a whole record
};

// `log_number` is the number in the file's name (recyclable fragments carry it).
ParsedLog ParseLog(std::string_view bytes, std::uint64_t log_number);

// A fragment that begins a record.
struct RecordStart {
  std::uint64_t offset = 0;
  bool is_whole = false;  // FULL: `payload` is the whole record; FIRST: its beginning
  std::string_view payload;
};

// The first offset >= from at which a checksum-valid FULL or FIRST fragment stands that
// `is_plausible`. Every byte is tried, because damage may have destroyed the lengths that lead from
// fragment to fragment.
std::optional<std::uint64_t> FindRecordStart(
    std::string_view bytes,
    std::uint64_t from,
    std::uint64_t log_number,
    absl::FunctionRef<bool(const RecordStart&)> is_plausible);

// Whether what stands at `at` looks like one append that was lost or torn and nothing else: its own
// lengths lead exactly to the end of the file as one record, or it is zero from inside a sector to
// that sector's end (bytes before it in the sector are whole, so the sector is older than the
// append). Lengths are believed without checksum.
bool LooksLikeTheLastAppend(std::string_view bytes, std::uint64_t at);

// Whether valid fragments follow each other from `at` to exactly the end of the file.
bool FragmentsReachTheEnd(std::string_view bytes, std::uint64_t at, std::uint64_t log_number);

}  // namespace permafrost::vfs
