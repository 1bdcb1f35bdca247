// CRC32C by ISA-L's crc32_iscsi, which takes and gives the uninverted register.
#include "vfs/base/crc32c.h"

#include <isa-l/crc.h>

namespace permafrost::vfs {

std::uint32_t Crc32cExtend(std::uint32_t crc, std::string_view bytes) {
  std::uint32_t reg = ~crc;
  constexpr std::size_t kPieceMax = 1U << 30;  // the library takes an int length
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPieceMax);
    // The library's parameter is not const although it only reads.
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(piece.data()));
    reg = crc32_iscsi(data, static_cast<int>(piece.size()), reg);
    bytes.remove_prefix(piece.size());
  }
  return ~reg;
}

std::uint32_t Crc32c(std::string_view bytes) { return Crc32cExtend(0, bytes); }

}  // namespace permafrost::vfs
