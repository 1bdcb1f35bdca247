// Sizes are protobuf's own: part_index and part_count are fixed32, so that a part's size does not
// depend on how many there are.
#include "engine/journal/reconciliation_parts.h"

#include <google/protobuf/wire_format_lite.h>

#include "engine/journal/records.pb.h"
#include "vfs/base/escape.h"
#include "vfs/base/status.h"

namespace permafrost::engine {
namespace {

using records::ReconciliationBatch;

// A part's bytes before its accounts: its head, a tag and four bytes for part_count, and the same
// for part_index, which is zero and so absent in the first.
std::size_t BytesBeforeAccounts(const ReconciliationBatch& head, bool is_first) {
  return head.ByteSizeLong() + (is_first ? 5 : 10);
}

// The account as an element of the repeated field.
std::size_t ElementBytes(const records::AccountState& account) {
  return google::protobuf::internal::WireFormatLite::MessageSize(account) + 1;
}

// A batch without its accounts; what follows the first part also without unknown fields.
ReconciliationBatch HeadOf(const ReconciliationBatch& batch, bool is_first) {
  ReconciliationBatch head;
  head.set_batch_id(batch.batch_id());
  head.set_source(batch.source());
  if (is_first) {
    head.GetReflection()->MutableUnknownFields(&head)->MergeFrom(
        batch.GetReflection()->GetUnknownFields(batch));
  }
  return head;
}

}  // namespace

absl::StatusOr<std::vector<ReconciliationBatch>> SplitReconciliationBatch(
    const ReconciliationBatch& batch, std::size_t body_bytes_max) {
  if (batch.part_count() != 0 || batch.part_index() != 0) {
    return vfs::InvalidArgument("split reconciliation batch: it is part {} of {} already",
                                batch.part_index(), batch.part_count());
  }
  std::vector<ReconciliationBatch> parts;
  if (batch.ByteSizeLong() <= body_bytes_max) {
    parts.push_back(batch);
    return parts;
  }
  parts.push_back(HeadOf(batch, true));
  std::size_t bytes = BytesBeforeAccounts(parts.back(), true);
  if (bytes > body_bytes_max) {
    return vfs::InvalidArgument(
        "split reconciliation batch: its head alone needs a record of {} bytes (limit {})", bytes,
        body_bytes_max);
  }
  for (const records::AccountState& account : batch.accounts()) {
    const std::size_t element_bytes = ElementBytes(account);
    if (bytes + element_bytes > body_bytes_max) {
      parts.push_back(HeadOf(batch, false));
      bytes = BytesBeforeAccounts(parts.back(), false);
    }
    bytes += element_bytes;
    if (bytes > body_bytes_max) {
      return vfs::InvalidArgument(
          "split reconciliation batch: account {} alone needs a record of {} bytes (limit {})",
          vfs::EscapedForError(account.account()), bytes, body_bytes_max);
    }
    *parts.back().add_accounts() = account;
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i].set_part_index(static_cast<std::uint32_t>(i));
    parts[i].set_part_count(static_cast<std::uint32_t>(parts.size()));
  }
  return parts;
}

absl::StatusOr<ReconciliationBatch> JoinReconciliationBatch(
    std::span<const ReconciliationBatch> parts) {
  if (parts.empty()) return vfs::InvalidArgument("join reconciliation batch: no part is given");
  const bool is_whole = parts.size() == 1 && parts[0].part_count() == 0;
  ReconciliationBatch batch;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const ReconciliationBatch& part = parts[i];
    const bool is_next =
        part.part_index() == i && part.part_count() == (is_whole ? 0 : parts.size());
    if (!is_next || part.batch_id() != parts[0].batch_id()) {
      return vfs::InvalidArgument(
          "join reconciliation batch: place {} of {} holds part {} of {} of batch {}", i,
          parts.size(), part.part_index(), part.part_count(),
          vfs::EscapedForError(part.batch_id()));
    }
    batch.MergeFrom(part);
  }
  batch.clear_part_index();
  batch.clear_part_count();
  return batch;
}

}  // namespace permafrost::engine
