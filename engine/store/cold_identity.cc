// Hex digits to bytes, chunks to ledgers.
#include "engine/store/cold_identity.h"

#include <array>
#include <cstdint>

#include "vfs/base/check.h"
#include "vfs/base/hex.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

std::array<std::uint8_t, 16> StoreIdOf(const Pins& pins) {
  const auto id = vfs::ParseHex<16>(pins.store_id);
  VFS_CHECK(id.has_value(), "store id {} was checked when it was read", pins.store_id);
  return *id;
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
  return LedgerPackReader::Open(*file.fs, file.path, ColdFileIdOf(pins, chunk));
}

}  // namespace permafrost::engine
