// Item i is the first ledger's i-th successor.
#include "engine/cold/ledger_pack.h"

#include <limits>

#include "engine/ledger/stored_ledger.h"
#include "vfs/base/bytes.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr std::size_t kDictionaryAt = 4;  // in the app data, behind the first ledger

}  // namespace

LedgerPackWriter::LedgerPackWriter(vfs::File* file,
                                   const ColdFileId& id,
                                   LedgerSeq first,
                                   std::string_view dictionary)
    : pack_(file, id, ColdFileKind::kLedgers, {}), first_(first), dictionary_(dictionary) {}

absl::Status LedgerPackWriter::Check(LedgerSeq sequence, std::string_view stored) const {
  const std::uint64_t expected = std::uint64_t{first_.value()} + pack_.item_count();
  if (sequence.value() != expected) {
    return vfs::InvalidArgument("add ledger {} to pack: expected {}", sequence.value(), expected);
  }
  return IsUndecoded(stored).status();
}

absl::Status LedgerPackWriter::Add(LedgerSeq sequence, std::string_view stored) {
  if (failure_.ok()) failure_ = Check(sequence, stored);
  if (failure_.ok()) failure_ = pack_.Add(stored);
  return failure_;
}

absl::Status LedgerPackWriter::Finish() {
  if (failure_.ok() && pack_.item_count() == 0)
    failure_ = vfs::InvalidArgument("finish ledger pack: no ledger was added");
  VFS_RETURN_IF_ERROR(failure_);
  std::string app_data;
  vfs::AppendLittleEndian(app_data, first_.value());
  return pack_.Finish(app_data + dictionary_);
}

absl::StatusOr<LedgerPackReader> LedgerPackReader::Open(vfs::FileSystem& fs,
                                                        std::string_view path,
                                                        const ColdFileId& id) {
  VFS_ASSIGN_OR_RETURN(PackReader pack, PackReader::Open(fs, path, id, ColdFileKind::kLedgers));
  if (pack.app_data().size() < kDictionaryAt)
    return pack.DamagedAppData(fmt::format("{} bytes, no first ledger", pack.app_data().size()));
  const auto first = vfs::LoadLittleEndian<std::uint32_t>(pack.app_data(), 0);
  const bool is_range = pack.item_count() > 0 &&
                        pack.item_count() - 1 <= std::numeric_limits<std::uint32_t>::max() - first;
  if (!is_range || pack.items_per_record() != 1 || pack.codec() != PackCodec::kPlain) {
    return pack.DamagedAppData(fmt::format("{} items from {}, {} per record, are not ledgers",
                                           pack.item_count(), first, pack.items_per_record()));
  }
  return LedgerPackReader(std::move(pack), path, LedgerSeq{first});
}

LedgerSeq LedgerPackReader::last() const {
  return LedgerSeq{first_.value() + pack_.item_count() - 1};
}

std::string_view LedgerPackReader::dictionary() const {
  return pack_.app_data().substr(kDictionaryAt);
}

absl::Status LedgerPackReader::CheckHolds(LedgerSeq sequence) const {
  if (first() <= sequence && sequence <= last()) return absl::OkStatus();
  return vfs::NotFound("read {}: ledger {} is not in it, {} to {} are", path_, sequence.value(),
                       first().value(), last().value());
}

absl::StatusOr<std::string> LedgerPackReader::Stored(LedgerSeq sequence) const {
  VFS_RETURN_IF_ERROR(CheckHolds(sequence));
  return pack_.Item(sequence.value() - first_.value());
}

absl::Status LedgerPackReader::StoredRange(LedgerSeq first,
                                           LedgerSeq last,
                                           VisitLedger visit) const {
  if (last < first) return absl::OkStatus();
  VFS_RETURN_IF_ERROR(CheckHolds(first));
  VFS_RETURN_IF_ERROR(CheckHolds(last));
  return pack_.Items(first.value() - first_.value(), last.value() - first.value() + 1,
                     [this, visit](std::uint32_t item, std::string_view stored) {
                       return visit(LedgerSeq{first_.value() + item}, stored);
                     });
}

}  // namespace permafrost::engine
