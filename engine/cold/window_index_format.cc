// Checksums of units, keys of hashes.
#include "engine/cold/window_index_format.h"

#include <string>

#include <fmt/format.h>

#include "vfs/base/bytes.h"
#include "vfs/base/crc32c.h"

namespace permafrost::engine {

std::string ToString(const IndexIdentity& identity) {
  return fmt::format("store {:02x}, ledgers {} to {}", fmt::join(identity.store_id, ""),
                     identity.first.value(), identity.last.value());
}

std::uint32_t SeedOf(const IndexIdentity& identity) {
  std::string bytes(reinterpret_cast<const char*>(identity.store_id.data()),
                    identity.store_id.size());
  vfs::AppendLittleEndian(bytes, identity.first.value());
  vfs::AppendLittleEndian(bytes, identity.last.value());
  return vfs::Crc32c(bytes);
}

std::uint32_t UnitCrc(std::uint32_t seed, std::uint64_t number, std::string_view unit) {
  char place[sizeof(number)];
  std::memcpy(place, &number, sizeof(number));
  return vfs::Crc32cExtend(vfs::Crc32cExtend(seed, {place, sizeof(place)}),
                           unit.substr(0, kIndexUnitCrcAt));
}

}  // namespace permafrost::engine
