// What one generation left behind: the events of a recovery, and the images that a second cut may
// leave of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
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

// Distinct events by number: recoveries answer the same few things over and over.
//
// Threads: one thread at a time.
class EventTable {
 public:
  using Id = std::uint32_t;

  std::optional<Id> Find(const Event& event) const;
  Id Intern(const Event& event);
  // Null if there is no such number.
  const Event* At(std::uint64_t id) const { return id < by_id_.size() ? by_id_[id] : nullptr; }
  std::size_t size() const { return by_id_.size(); }

 private:
  std::map<Event, Id> ids_;
  std::vector<const Event*> by_id_;  // keys of ids_
};

// The byte form for the pipe between a worker and the explorer. `known` is the explorer's table as
// the worker inherited it: events in it travel as numbers.
std::string Encode(const Record& record, const EventTable& known);
// Errors: kDataLoss  the bytes are not a record encoded with a prefix of this table (a worker died
//                    in the middle of writing)
absl::StatusOr<Record> DecodeRecord(std::string_view bytes, const EventTable& known);

}  // namespace permafrost::sim
