// Journal records for tests, the rows that they must leave (worked out without the store's code),
// and a hot tier that only remembers.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/journal/journal_record.h"
#include "engine/journal/record_types.h"
#include "engine/records/ledger_sink.h"
#include "engine/records/record_store.h"
#include "vfs/env.h"

namespace permafrost::engine::testing {

// Where the tests' stores are: a directory in the root.
inline constexpr std::string_view kRecordsDir = "records/rocksdb";

// Stands for the BLAKE3 of type and body: equal records have equal addresses, others do not.
ContentAddress AddressOf(std::uint8_t type, std::string_view body);

// A durable record whose body is the JSON's message.
JournalRecord RecordOf(std::uint64_t lsn, RecordType type, std::string_view json);
// One of a few hundred small records over four subjects, accounts and epochs; of each type.
JournalRecord AnyRecord(std::uint64_t lsn, std::uint32_t choice);
// AnyRecord for LSNs 1 to `count`.
std::vector<JournalRecord> AnyRecords(std::uint64_t count, std::uint64_t seed);

// Every row of a store to which these records, from LSN 1 on, were applied.
std::map<std::string, std::string> RowsAfter(std::span<const JournalRecord> records);
// Every row of an open store.
absl::StatusOr<std::map<std::string, std::string>> RowsOf(RecordStore& store);

class MemorySink final : public LedgerSink {
 public:
  absl::Status Put(std::uint64_t lsn, const records::Ledger& ledger) override;

  absl::Status answer;           // what Put returns; anything but OK is not held
  std::set<std::uint64_t> lsns;  // of the ledgers held
  std::set<std::uint32_t> sequences;
};

// Makes the directory if it is missing and opens the store in it; jobs are queued.
absl::StatusOr<std::unique_ptr<RecordStore>> OpenRecords(const vfs::Env& env,
                                                         LedgerSink* ledgers = nullptr);

}  // namespace permafrost::engine::testing
