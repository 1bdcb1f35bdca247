// The rules, one function for each type that has any.
#include "engine/records/record_rules.h"

#include <algorithm>

#include "engine/journal/records.pb.h"
#include "engine/records/record_keys.h"
#include "vfs/base/check.h"
#include "vfs/base/escape.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

absl::Status CheckAccount(const records::AccountState& account) {
  VFS_RETURN_IF_ERROR(CheckName("account", account.account()));
  if (IsBalance(account.balance())) return absl::OkStatus();
  return vfs::InvalidArgument("balance of account {}: expected -?[0-9]{{1,{}}}, no leading zero",
                              vfs::EscapedForError(account.account()), kBalanceDigitsMax);
}

template <typename Accounts>
absl::Status CheckAccounts(const Accounts& accounts) {
  for (const records::AccountState& account : accounts) VFS_RETURN_IF_ERROR(CheckAccount(account));
  return absl::OkStatus();
}

absl::Status CheckMessage(const records::Vote& vote) {
  if (vote.assertion_hash().size() == ContentAddress().bytes.size()) return absl::OkStatus();
  return vfs::InvalidArgument("assertion_hash: {} bytes, expected {}", vote.assertion_hash().size(),
                              ContentAddress().bytes.size());
}

absl::Status CheckMessage(const records::Reconciliation& reconciliation) {
  if (reconciliation.has_account()) return CheckAccount(reconciliation.account());
  return vfs::InvalidArgument("account: absent, expected one");
}

absl::Status CheckMessage(const records::ReconciliationBatch& batch) {
  const bool is_whole = batch.part_count() == 0 && batch.part_index() == 0;
  if (is_whole || batch.part_index() < batch.part_count()) return CheckAccounts(batch.accounts());
  return vfs::InvalidArgument("part_index {} of part_count {}: expected less, or 0 of 0",
                              batch.part_index(), batch.part_count());
}

absl::Status CheckMessage(const records::SkipMark& mark) {
  if (mark.skipped_lsn() == 0) return vfs::InvalidArgument("skipped_lsn: 0, expected from 1");
  if (mark.reason().empty()) return vfs::InvalidArgument("reason: empty, expected a text");
  return absl::OkStatus();
}

absl::Status CheckByType(const Record& record) {
  switch (record.type()) {
    case RecordType::kAssertion:
      return CheckName("subject", record.As<records::Assertion>()->subject());
    case RecordType::kVote: return CheckMessage(*record.As<records::Vote>());
    case RecordType::kEpoch: return CheckEpochId(record.As<records::Epoch>()->epoch_id());
    case RecordType::kAccountSync:
      return CheckAccounts(record.As<records::AccountSync>()->accounts());
    case RecordType::kReconciliation: return CheckMessage(*record.As<records::Reconciliation>());
    case RecordType::kReconciliationBatch:
      return CheckMessage(*record.As<records::ReconciliationBatch>());
    case RecordType::kSkipMark: return CheckMessage(*record.As<records::SkipMark>());
    case RecordType::kLedger:
    case RecordType::kHeaderSync:
    case RecordType::kDataSync:
    case RecordType::kMerkleSync:
    case RecordType::kPriorSync:
    case RecordType::kBlock: return absl::OkStatus();
  }
  VFS_CHECK(false, "record type {}", static_cast<int>(record.type()));
}

}  // namespace

absl::Status CheckRecord(const Record& record) {
  const absl::Status checked = CheckByType(record);
  if (checked.ok()) return checked;
  return vfs::InvalidArgument("check {}: {}", ToString(record.type()), vfs::Message(checked));
}

bool IsBalance(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  const std::string_view digits = text.substr(is_negative ? 1 : 0);
  if (digits.empty() || digits.size() > kBalanceDigitsMax) return false;
  if (digits == "0") return !is_negative;
  return digits.front() != '0' &&
         std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace permafrost::engine
