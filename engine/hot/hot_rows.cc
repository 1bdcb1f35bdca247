// Keys, batches, warm-up, single rows.
#include "engine/hot/hot_rows.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "vfs/base/bytes.h"
#include "vfs/base/probe.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr char kLedgerRow = 'L';
constexpr char kEventsRow = 'E';
constexpr char kIndexRow = 'X';
constexpr std::uint32_t kWarmUpRows = 256;
constexpr std::size_t kKeyBytes = 5;

std::string KeyOf(char kind, std::uint64_t sequence) {
  std::string key(1, kind);
  // The end of a range may lie behind the last sequence there is.
  if (sequence > 0xffff'ffffU) return {static_cast<char>(kind + 1)};
  for (int shift = 24; shift >= 0; shift -= 8)
    key.push_back(static_cast<char>((sequence >> static_cast<unsigned>(shift)) & 0xffU));
  return key;
}

std::optional<LedgerSeq> SequenceOf(std::string_view key) {
  if (key.size() != kKeyBytes) return std::nullopt;
  std::uint32_t sequence = 0;
  for (const char byte : key.substr(1)) sequence = sequence << 8U | static_cast<std::uint8_t>(byte);
  return LedgerSeq{sequence};
}

absl::StatusOr<std::string> ReadRow(const vfs::RocksDb& db, char kind, LedgerSeq sequence) {
  VFS_ASSIGN_OR_RETURN(std::optional<std::string> value,
                       db.Get(vfs::kDefaultFamily, KeyOf(kind, sequence.value())));
  if (!value.has_value()) {
    return vfs::DataLoss("read {}: row '{}' of ledger {} is missing", db.path(), kind,
                         sequence.value());
  }
  return *std::move(value);
}

absl::Status At(const vfs::RocksDb& db, LedgerSeq sequence, const absl::Status& status) {
  return vfs::DataLoss("read {}: ledger {}: {}", db.path(), sequence.value(), vfs::Message(status));
}

// No row of a kind but those of [first, end).
absl::Status CheckNothingOutside(const vfs::RocksDb& db,
                                 char kind,
                                 std::uint64_t first,
                                 std::uint64_t end) {
  const vfs::KeyRange before = {.first = std::string(1, kind), .end = KeyOf(kind, first)};
  const vfs::KeyRange behind = {.first = KeyOf(kind, end),
                                .end = std::string(1, static_cast<char>(kind + 1))};
  for (const vfs::KeyRange& range : {before, behind}) {
    VFS_ASSIGN_OR_RETURN(const std::vector<vfs::RocksDb::Row> rows,
                         db.Scan(vfs::kDefaultFamily, range));
    if (rows.empty()) continue;
    const std::optional<LedgerSeq> sequence = SequenceOf(rows.front().first);
    return vfs::DataLoss("open {}: row '{}' of ledger {} beside ledgers {} to {}", db.path(), kind,
                         sequence.has_value() ? std::to_string(sequence->value()) : "?", first,
                         end - 1);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<PreparedLedger> PrepareLedger(const LedgerView& ledger,
                                             LedgerCompressor& compressor,
                                             RecordCompressor& event_compressor) {
  PreparedLedger prepared{.index = IndexRowOf(ledger), .rows = {}};
  VFS_ASSIGN_OR_RETURN(const std::string stored,
                       compressor.Compress(ledger.bytes, ledger.undecoded.has_value()));
  VFS_ASSIGN_OR_RETURN(const StoredEvents events, StoredEvents::Of(ledger, event_compressor));
  const std::uint32_t sequence = ledger.sequence.value();
  prepared.rows.Put(vfs::kDefaultFamily, KeyOf(kLedgerRow, sequence), stored);
  prepared.rows.Put(vfs::kDefaultFamily, KeyOf(kEventsRow, sequence), events.bytes());
  prepared.rows.Put(vfs::kDefaultFamily, KeyOf(kIndexRow, sequence),
                    EncodeIndexRow(prepared.index));
  return prepared;
}

absl::StatusOr<std::unique_ptr<HotIndex>> WarmUp(const vfs::RocksDb& db,
                                                 const Geometry& geometry,
                                                 ChunkId chunk) {
  const std::uint64_t first = geometry.First(chunk).value();
  const std::uint64_t end = std::uint64_t{geometry.Last(chunk).value()} + 1;
  auto index = std::make_unique<HotIndex>(geometry.First(chunk));
  std::uint64_t next = first;
  while (next < end) {
    const std::uint64_t until = std::min(next + kWarmUpRows, end);
    VFS_ASSIGN_OR_RETURN(const std::vector<vfs::RocksDb::Row> rows,
                         db.Scan(vfs::kDefaultFamily, {.first = KeyOf(kIndexRow, next),
                                                       .end = KeyOf(kIndexRow, until)}));
    for (const auto& [key, value] : rows) {
      if (key != KeyOf(kIndexRow, next)) {
        return vfs::DataLoss("open {}: the rows of ledger {} are missing, later ones are there",
                             db.path(), next);
      }
      const LedgerSeq sequence{static_cast<std::uint32_t>(next)};
      auto row = ParseIndexRow(sequence, value);
      if (!row.ok()) return At(db, sequence, row.status());
      VFS_RETURN_IF_ERROR(index->Add(*row));
      ++next;
    }
    if (next < until) break;
  }
  for (const char kind : {kLedgerRow, kEventsRow, kIndexRow}) {
    VFS_RETURN_IF_ERROR(CheckNothingOutside(db, kind, first, next));
    if (next == first) continue;
    VFS_RETURN_IF_ERROR(
        ReadRow(db, kind, LedgerSeq{static_cast<std::uint32_t>(next - 1)}).status());
  }
  VFS_PROBE("engine/hot/warmed_up");
  return index;
}

absl::StatusOr<std::string> ReadStoredLedger(const vfs::RocksDb& db, LedgerSeq sequence) {
  return ReadRow(db, kLedgerRow, sequence);
}

absl::StatusOr<StoredEvents> ReadStoredEvents(const vfs::RocksDb& db, LedgerSeq sequence) {
  VFS_ASSIGN_OR_RETURN(std::string row, ReadRow(db, kEventsRow, sequence));
  absl::StatusOr<StoredEvents> events = StoredEvents::Parse(sequence, std::move(row));
  if (!events.ok()) return At(db, sequence, events.status());
  return events;
}

absl::StatusOr<IndexRow> ReadIndexRow(const vfs::RocksDb& db, LedgerSeq sequence) {
  VFS_ASSIGN_OR_RETURN(const std::string value, ReadRow(db, kIndexRow, sequence));
  auto row = ParseIndexRow(sequence, value);
  if (!row.ok()) return At(db, sequence, row.status());
  return row;
}

absl::StatusOr<CompleteHotChunk> CompleteHotChunk::Check(HotHandle db,
                                                         const HotIndex& index,
                                                         const Geometry& geometry,
                                                         ChunkId chunk) {
  const std::optional<LedgerSeq> last = index.last();
  if (last != geometry.Last(chunk)) {
    return vfs::NotFound("freeze {}: its ledgers end at {}, the chunk at {}", db->path(),
                         last.has_value() ? last->value() : geometry.First(chunk).value() - 1,
                         geometry.Last(chunk).value());
  }
  return CompleteHotChunk(std::move(db), geometry.First(chunk), *last);
}

}  // namespace permafrost::engine
