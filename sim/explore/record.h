// What one generation left behind: the events of a recovery, and the images that a second cut may
// leave of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "sim/explore/cut.h"
#include "sim/oracle/history.h"
#include "vfs/base/hash.h"

namespace permafrost::sim {

// An image that a cut of this generation leaves.
struct Child {
  Cut cut;
  std::uint64_t event_count = 0;  // how many of the record's events had happened
  vfs::Hash128 key;               // of the recovery that follows
};

struct Record {
  vfs::Hash128 key;
  std::vector<Event> events;
  std::vector<Child> children;  // ascending by event_count
  vfs::Hash128 trace_hash;
  std::uint64_t points = 0;      // crash points of this generation (0 when it was not cut again)
  std::uint64_t exhausted = 0;   // of those, exhausted ones
  std::uint64_t candidates = 0;  // images offered at them
  std::uint64_t opens = 0;       // RocksDB opens
  std::map<std::string, std::uint64_t> probes;  // VFS_PROBE hits
};

// A stable byte form, for the pipe between a worker and the explorer.
std::string Encode(const Record& record);
// Errors: kDataLoss  the bytes are not an encoded record (a worker died in the middle of writing)
absl::StatusOr<Record> DecodeRecord(std::string_view bytes);

}  // namespace permafrost::sim
