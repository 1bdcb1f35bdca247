// Hex digits to bytes, chunks to ledgers.
#include "engine/store/cold_identity.h"

#include <array>
#include <cstdint>

#include "vfs/base/check.h"
#include "vfs/base/hex.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

std::array<std::uint8_t, 16> StoreIdOf(const Pins& pins) {
  const auto id = vfs::ParseHex<16>(pins.store_id);
  VFS_CHECK(id.has_value(), "store id {} was checked when it was read", pins.store_id);
  return *id;
}

struct LedgerRange {
  LedgerSeq first;
  LedgerSeq last;
};

absl::Status CheckLedgers(std::string_view path,
                          const LedgerRange& found,
                          const Pins& pins,
                          ChunkId chunk) {
  const LedgerSeq first = pins.geometry.First(chunk);
  const LedgerSeq last = pins.geometry.Last(chunk);
  if (found.first == first && found.last == last) return absl::OkStatus();
  return vfs::DataLoss("read {}: it has ledgers {} to {}, chunk {} has {} to {}", path,
                       found.first.value(), found.last.value(), chunk.value(), first.value(),
                       last.value());
}

}  // namespace

ColdFileId ColdFileIdOf(const Pins& pins, ChunkId chunk) {
  return {.store_id = StoreIdOf(pins), .chunk = chunk};
}

IndexIdentity IndexIdentityOf(const Pins& pins, const Coverage& coverage) {
  return {.store_id = StoreIdOf(pins),
          .first = pins.geometry.First(coverage.chunks.first),
          .last = pins.geometry.Last(coverage.chunks.last)};
}

absl::StatusOr<LedgerPackReader> OpenLedgerPack(const FrozenFile& file,
                                                const Pins& pins,
                                                ChunkId chunk) {
  VFS_RETURN_IF_ERROR(OpenFrozen(file).status());
  VFS_ASSIGN_OR_RETURN(LedgerPackReader pack,
                       LedgerPackReader::Open(*file.fs, file.path, ColdFileIdOf(pins, chunk)));
  VFS_RETURN_IF_ERROR(CheckLedgers(file.path, {pack.first(), pack.last()}, pins, chunk));
  return pack;
}

absl::StatusOr<EventSegmentReader> OpenEventSegment(const std::vector<FrozenFile>& files,
                                                    const Pins& pins,
                                                    ChunkId chunk) {
  for (const FrozenFile& file : files) VFS_RETURN_IF_ERROR(OpenFrozen(file).status());
  VFS_ASSIGN_OR_RETURN(
      EventSegmentReader segment,
      EventSegmentReader::Open(
          *files[0].fs,
          {.events = files[0].path, .bitmaps = files[1].path, .directory = files[2].path},
          ColdFileIdOf(pins, chunk)));
  const LedgerSeq last{segment.first_ledger().value() + segment.ledger_count() - 1};
  VFS_RETURN_IF_ERROR(CheckLedgers(files[0].path, {segment.first_ledger(), last}, pins, chunk));
  return segment;
}

}  // namespace permafrost::engine
