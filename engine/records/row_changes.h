// The rows that a run of journal records changes, and what they become: later records of the run
// see the changes of earlier ones, and all of them become one batch.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/journal/journal_record.h"
#include "engine/journal/record_types.h"
#include "engine/records/record_values.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::records {
class AccountState;
}  // namespace permafrost::records

namespace permafrost::engine {

// Threads: one thread at a time.
class RowChanges {
 public:
  // `db` is read for what rows were before; it must outlive this.
  explicit RowChanges(const vfs::RocksDb* db) : db_(db) {}

  // The L: row of a record; all that a skipped one gets.
  void Index(const JournalRecord& from);
  // What a record that satisfies CheckRecord changes beside its L: row.
  //
  // Errors: kDataLoss  a row that it builds upon is damaged
  absl::Status Apply(const JournalRecord& from, const Record& record);

  // Every change, and the cursor.
  vfs::RocksBatch Batch(std::uint64_t next_lsn) const;

 private:
  absl::StatusOr<std::optional<std::string>> Before(const std::string& key) const;
  void Put(const std::string& key, std::string_view payload);
  absl::Status AddToSubject(std::string_view subject, const ContentAddress& assertion);
  absl::Status SetAccount(std::uint64_t lsn, const records::AccountState& account);
  template <typename Accounts>
  absl::Status SetAccounts(std::uint64_t lsn, const Accounts& accounts);

  const vfs::RocksDb* const db_;
  std::map<std::string, std::string> rows_;  // framed values by key
};

}  // namespace permafrost::engine
