// One case for each type that has rows of its own.
#include "engine/records/row_changes.h"

#include <algorithm>
#include <vector>

#include "engine/journal/records.pb.h"
#include "engine/records/record_keys.h"
#include "vfs/base/check.h"
#include "vfs/base/probe.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {

using vfs::kDefaultFamily;

void RowChanges::Index(const JournalRecord& from) {
  const std::string key = LsnKey(from.lsn);
  rows_[key] = IndexValue(key, {.type = from.type, .hash = from.hash});
}

absl::Status RowChanges::Apply(const JournalRecord& from, const Record& record) {
  switch (record.type()) {
    case RecordType::kAssertion:
      // The body as it was written: it is what the address stands for.
      Put(AssertionKey(from.hash), from.body);
      return AddToSubject(record.As<records::Assertion>()->subject(), from.hash);
    case RecordType::kVote: {
      const auto assertion = AddressOfBytes(record.As<records::Vote>()->assertion_hash());
      VFS_CHECK(assertion.has_value(), "a vote that was not checked, LSN {}", from.lsn);
      Put(VoteKey(*assertion, from.hash), from.body);
      return absl::OkStatus();
    }
    case RecordType::kEpoch:
      Put(EpochKey(record.As<records::Epoch>()->epoch_id()), from.body);
      return absl::OkStatus();
    case RecordType::kAccountSync:
      return SetAccounts(from.lsn, record.As<records::AccountSync>()->accounts());
    case RecordType::kReconciliation:
      return SetAccount(from.lsn, record.As<records::Reconciliation>()->account());
    case RecordType::kReconciliationBatch:
      return SetAccounts(from.lsn, record.As<records::ReconciliationBatch>()->accounts());
    case RecordType::kLedger:
    case RecordType::kHeaderSync:
    case RecordType::kDataSync:
    case RecordType::kMerkleSync:
    case RecordType::kPriorSync:
    case RecordType::kBlock:
    case RecordType::kSkipMark: return absl::OkStatus();
  }
  VFS_CHECK(false, "record type {}", static_cast<int>(record.type()));
}

vfs::RocksBatch RowChanges::Batch(std::uint64_t next_lsn) const {
  vfs::RocksBatch batch;
  for (const auto& [key, value] : rows_) batch.Put(kDefaultFamily, key, value);
  batch.Put(kDefaultFamily, kCursorKey, CursorValue(next_lsn));
  return batch;
}

absl::StatusOr<std::optional<std::string>> RowChanges::Before(const std::string& key) const {
  const auto changed = rows_.find(key);
  if (changed != rows_.end()) return std::optional(changed->second);
  return db_->Get(kDefaultFamily, key);
}

void RowChanges::Put(const std::string& key, std::string_view payload) {
  rows_[key] = FrameValue(key, payload);
}

absl::Status RowChanges::AddToSubject(std::string_view subject, const ContentAddress& assertion) {
  const std::string key = SubjectKey(subject);
  VFS_ASSIGN_OR_RETURN(const std::optional<std::string> before, Before(key));
  std::vector<ContentAddress> assertions;
  if (before.has_value()) {
    VFS_ASSIGN_OR_RETURN(assertions, ParseSubject(key, *before));
  }
  const auto place = std::lower_bound(assertions.begin(), assertions.end(), assertion);
  if (place != assertions.end() && *place == assertion) {
    VFS_PROBE("engine/records/assertion_repeated");
    return absl::OkStatus();
  }
  assertions.insert(place, assertion);
  rows_[key] = SubjectValue(key, assertions);
  return absl::OkStatus();
}

absl::Status RowChanges::SetAccount(std::uint64_t lsn, const records::AccountState& account) {
  const std::string key = AccountKey(account.account());
  VFS_ASSIGN_OR_RETURN(const std::optional<std::string> before, Before(key));
  if (before.has_value()) {
    VFS_ASSIGN_OR_RETURN(const AccountRow row, ParseAccount(key, *before));
    if (row.lsn > lsn) {
      VFS_PROBE("engine/records/newer_account_kept");
      return absl::OkStatus();
    }
  }
  rows_[key] =
      AccountValue(key, {.balance = account.balance(), .nonce = account.nonce(), .lsn = lsn});
  return absl::OkStatus();
}

template <typename Accounts>
absl::Status RowChanges::SetAccounts(std::uint64_t lsn, const Accounts& accounts) {
  for (const records::AccountState& account : accounts) {
    VFS_RETURN_IF_ERROR(SetAccount(lsn, account));
  }
  return absl::OkStatus();
}

}  // namespace permafrost::engine
