// Where a chunk is read from, and what is found there.
#include "engine/query/ledger_reader.h"

#include <algorithm>
#include <utility>

#include "engine/cold/event_segment_reader.h"
#include "engine/cold/ledger_pack.h"
#include "engine/cold/window_index_reader.h"
#include "vfs/base/hex.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {

LedgerReader::LedgerReader(LedgerStoreView view, const LedgerDecoder& decoder)
    : view_(std::move(view)),
      decoder_(decoder),
      geometry_(view_.store.geometry()),
      oldest_(std::max(geometry_.First(view_.store.floor()), view_.store.pins().earliest_ledger)),
      latest_(view_.store.latest()) {}

absl::StatusOr<FoundLedger> LedgerReader::Ledger(LedgerSeq sequence) const {
  if (!IsReadable(sequence)) {
    return vfs::NotFound("read ledger {}: ledgers {} to {} are there", sequence.value(),
                         oldest_.value(), latest_.value());
  }
  const ChunkId chunk = geometry_.ChunkOf(sequence);
  VFS_ASSIGN_OR_RETURN(const auto files,
                       view_.store.FindFrozen({.chunk = chunk, .kind = ArtifactKind::kLedgers}));
  if (files.has_value()) {
    VFS_ASSIGN_OR_RETURN(const LedgerPackReader pack, OpenPack(files->front(), chunk));
    VFS_ASSIGN_OR_RETURN(std::string bytes, pack.Ledger(sequence));
    return FoundLedger{.home = Home::kCold, .bytes = std::move(bytes)};
  }
  VFS_ASSIGN_OR_RETURN(const std::optional<HotHandle> db, view_.store.FindHot(chunk));
  if (!db.has_value()) {
    return vfs::Unavailable("read ledger {}: its chunk {} is neither frozen nor hot",
                            sequence.value(), chunk.value());
  }
  VFS_ASSIGN_OR_RETURN(const std::string stored, ReadStoredLedger(**db, sequence));
  LedgerDecompressor decompressor("");
  VFS_ASSIGN_OR_RETURN(std::string bytes, decompressor.Decompress(stored));
  return FoundLedger{.home = Home::kHot, .bytes = std::move(bytes)};
}

absl::StatusOr<std::optional<FoundTransaction>> LedgerReader::TransactionOf(
    LedgerSeq ledger, const Hash& hash) const {
  VFS_ASSIGN_OR_RETURN(const FoundLedger found, Ledger(ledger));
  VFS_ASSIGN_OR_RETURN(const LedgerView view, decoder_.Decode(found.bytes));
  for (std::size_t i = 0; i < view.transactions.size(); ++i) {
    const TransactionView& transaction = view.transactions[i];
    if (transaction.hash != hash && transaction.inner_hash != hash) continue;
    return FoundTransaction{.ledger = ledger,
                            .apply_index = static_cast<std::uint32_t>(i + 1),
                            .transaction = transaction,
                            .home = found.home};
  }
  return std::nullopt;  // the index named one ledger too many
}

absl::StatusOr<std::optional<FoundTransaction>> LedgerReader::Transaction(const Hash& hash) const {
  absl::Status incomplete;
  std::optional<FoundTransaction> found;
  // Whether the search is over.
  const auto look = [&](const absl::StatusOr<std::vector<LedgerSeq>>& candidates) {
    incomplete.Update(candidates.status());
    if (!candidates.ok()) return false;
    for (const LedgerSeq ledger : *candidates) {
      if (!IsReadable(ledger)) continue;
      auto transaction = TransactionOf(ledger, hash);
      incomplete.Update(transaction.status());
      if (transaction.ok() && transaction->has_value()) {
        found = **std::move(transaction);
        return true;
      }
    }
    return false;
  };
  for (auto at = view_.indexes.rbegin(); at != view_.indexes.rend(); ++at) {
    if (at->second == nullptr) {
      incomplete.Update(vfs::Unavailable("hot chunk {} is being opened again", at->first.value()));
    } else if (look(at->second->Candidates(hash))) {
      return found;
    }
  }
  if (latest_ >= oldest_) {
    const WindowId first = geometry_.WindowOf(geometry_.ChunkOf(oldest_));
    const WindowId last = geometry_.WindowOf(geometry_.ChunkOf(latest_));
    for (std::uint32_t window = last.value() + 1; window-- > first.value();) {
      if (look(CandidatesOf(WindowId{window}, hash))) return found;
    }
  }
  if (incomplete.ok()) return found;
  return vfs::Unavailable("look up transaction {}: not found, but not every place was searched: {}",
                          vfs::HexOf(hash), vfs::Message(incomplete));
}

}  // namespace permafrost::engine
