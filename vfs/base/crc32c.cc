// CRC32C by ISA-L's crc32_iscsi, which takes and gives the uninverted register; of short texts by
// the processor's own instruction, as a call of the library costs more than their bytes.
#include "vfs/base/crc32c.h"

#include <isa-l/crc.h>
#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

#include <cstring>

namespace permafrost::vfs {
namespace {

#if defined(__x86_64__)

constexpr std::size_t kShortMax = 64;  // where both cost the same: tests/bench/crc32c_bench.cc

bool HasCrcInstruction() { return __builtin_cpu_supports("sse4.2") != 0; }

template <typename T>
T TakeFront(std::string_view& bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  bytes.remove_prefix(sizeof(T));
  return value;
}

__attribute__((target("sse4.2"))) std::uint32_t ExtendShort(std::uint32_t reg,
                                                            std::string_view bytes) {
  std::uint64_t wide = reg;
  while (bytes.size() >= 8) wide = _mm_crc32_u64(wide, TakeFront<std::uint64_t>(bytes));
  reg = static_cast<std::uint32_t>(wide);
  if (bytes.size() >= 4) reg = _mm_crc32_u32(reg, TakeFront<std::uint32_t>(bytes));
  while (!bytes.empty()) reg = _mm_crc32_u8(reg, TakeFront<std::uint8_t>(bytes));
  return reg;
}

#else

constexpr std::size_t kShortMax = 0;

bool HasCrcInstruction() { return false; }

std::uint32_t ExtendShort(std::uint32_t reg, std::string_view) { return reg; }

#endif

std::uint32_t ExtendLong(std::uint32_t reg, std::string_view bytes) {
  constexpr std::size_t kPieceMax = 1U << 30;  // the library takes an int length
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPieceMax);
    // The library's parameter is not const although it only reads.
    auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(piece.data()));
    reg = crc32_iscsi(data, static_cast<int>(piece.size()), reg);
    bytes.remove_prefix(piece.size());
  }
  return reg;
}

}  // namespace

std::uint32_t Crc32cExtend(std::uint32_t crc, std::string_view bytes) {
  const bool is_short = bytes.size() <= kShortMax && HasCrcInstruction();
  return ~(is_short ? ExtendShort(~crc, bytes) : ExtendLong(~crc, bytes));
}

std::uint32_t Crc32c(std::string_view bytes) { return Crc32cExtend(0, bytes); }

}  // namespace permafrost::vfs
