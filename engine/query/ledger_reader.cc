// Where a chunk is read from, and what is found there.
#include "engine/query/ledger_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/layout/keys.h"
#include "vfs/base/hex.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {

LedgerReader::LedgerReader(LedgerStoreView view, const LedgerDecoder& decoder)
    : view_(std::move(view)),
      decoder_(decoder),
      geometry_(view_.store.geometry()),
      oldest_(std::max(geometry_.First(view_.store.floor()), view_.store.pins().earliest_ledger)),
      latest_(view_.store.latest()) {}

std::string LedgerReader::Extent() const {
  if (latest_ < oldest_) return "there are none yet";
  return fmt::format("ledgers {} to {} are there", oldest_.value(), latest_.value());
}

absl::StatusOr<FoundLedger> LedgerReader::Ledger(LedgerSeq sequence) const {
  if (!IsReadable(sequence)) {
    return vfs::NotFound("read ledger {}: {}", sequence.value(), Extent());
  }
  const ChunkId chunk = geometry_.ChunkOf(sequence);
  VFS_ASSIGN_OR_RETURN(const auto cold, view_.cold->Ledgers(view_.store, chunk));
  if (cold != nullptr) {
    absl::StatusOr<std::string> bytes = cold->Ledger(sequence);
    if (bytes.ok()) return FoundLedger{.home = Home::kCold, .bytes = *std::move(bytes)};
    view_.cold->Forget(KeyText(ChunkArtifact{.chunk = chunk, .kind = ArtifactKind::kLedgers}));
    return bytes.status();
  }
  VFS_ASSIGN_OR_RETURN(const std::optional<HotHandle> db, view_.store.FindHot(chunk));
  if (!db.has_value()) {
    return vfs::Unavailable("read ledger {}: its chunk {} is neither frozen nor hot",
                            sequence.value(), chunk.value());
  }
  VFS_ASSIGN_OR_RETURN(const std::string stored, ReadStoredLedger(**db, sequence));
  absl::StatusOr<std::string> bytes = view_.hot->Decompress(stored);
  if (!bytes.ok()) return vfs::DataLoss("read {}: {}", (*db)->path(), vfs::Message(bytes.status()));
  return FoundLedger{.home = Home::kHot, .bytes = *std::move(bytes)};
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

absl::StatusOr<std::vector<LedgerSeq>> LedgerReader::CandidatesOf(WindowId window,
                                                                  const Hash& hash) const {
  std::vector<LedgerSeq> candidates;
  VFS_ASSIGN_OR_RETURN(const auto cold, view_.cold->Index(view_.store, window));
  if (!cold.has_value()) return candidates;
  const absl::Status looked_up = cold->index->Lookup(hash, &candidates);
  if (looked_up.ok()) return candidates;
  view_.cold->Forget(KeyText(cold->coverage));
  return looked_up;
}

absl::StatusOr<std::unique_ptr<ChunkEvents>> LedgerReader::OpenEvents(ChunkId chunk,
                                                                      LedgerSeq last) const {
  VFS_ASSIGN_OR_RETURN(auto segment, view_.cold->Events(view_.store, chunk));
  if (segment != nullptr) return ColdChunkEvents(std::move(segment));
  VFS_ASSIGN_OR_RETURN(std::optional<HotHandle> db, view_.store.FindHot(chunk));
  const auto index = view_.indexes.find(chunk);
  if (!db.has_value() || index == view_.indexes.end() || index->second->last() < last) {
    return vfs::Unavailable("read events of chunk {}: it is neither frozen nor hot up to ledger {}",
                            chunk.value(), last.value());
  }
  return HotChunkEvents(*std::move(db), index->second);
}

absl::Status LedgerReader::CheckAllSearched() const {
  std::optional<ReadView::FrozenIndexFile> index;
  std::optional<WindowId> window;  // of `index`
  for (LedgerSeq first = oldest_; first <= latest_;) {
    const ChunkId chunk = geometry_.ChunkOf(first);
    const LedgerSeq last = std::min(geometry_.Last(chunk), latest_);
    if (window != geometry_.WindowOf(chunk)) {
      window = geometry_.WindowOf(chunk);
      VFS_ASSIGN_OR_RETURN(index, view_.store.FindIndex(*window));
    }
    const bool is_covered = index.has_value() && index->coverage.chunks.Contains(chunk);
    const auto hot = view_.indexes.find(chunk);
    const bool is_hot = hot != view_.indexes.end() && hot->second->last() >= last;
    if (!is_covered && !is_hot) {
      VFS_PROBE("engine/query/chunk_without_index");
      return vfs::Unavailable("chunk {} is neither under an index nor hot up to ledger {}",
                              chunk.value(), last.value());
    }
    first = geometry_.First(Next(chunk));
  }
  return absl::OkStatus();
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
  for (auto at = view_.indexes.rbegin(); at != view_.indexes.rend(); ++at)
    if (look(at->second->Candidates(hash))) return found;
  if (latest_ >= oldest_) {
    const WindowId first = geometry_.WindowOf(geometry_.ChunkOf(oldest_));
    const WindowId last = geometry_.WindowOf(geometry_.ChunkOf(latest_));
    for (std::uint32_t window = last.value() + 1; window-- > first.value();) {
      if (look(CandidatesOf(WindowId{window}, hash))) return found;
    }
  }
  if (incomplete.ok()) incomplete = CheckAllSearched();
  if (incomplete.ok()) return found;
  return vfs::Unavailable("look up transaction {}: not found, but not every place was searched: {}",
                          vfs::HexOf(hash), vfs::Message(incomplete));
}

}  // namespace permafrost::engine
