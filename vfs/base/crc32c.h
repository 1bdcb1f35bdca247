// CRC32C (Castagnoli), by ISA-L; of short texts by the processor.
#pragma once

#include <cstdint>
#include <string_view>

namespace permafrost::vfs {

// The checksum of `bytes`; chain with Extend. Crc32c("123456789") == 0xe3069283.
std::uint32_t Crc32c(std::string_view bytes);
std::uint32_t Crc32cExtend(std::uint32_t crc, std::string_view bytes);

// The masked form that LevelDB's and RocksDB's log format stores (a CRC of bytes that contain CRCs
// is weak).
constexpr std::uint32_t MaskCrc(std::uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}
constexpr std::uint32_t UnmaskCrc(std::uint32_t masked) {
  const std::uint32_t rotated = masked - 0xa282ead8U;
  return (rotated >> 17) | (rotated << 15);
}

}  // namespace permafrost::vfs
