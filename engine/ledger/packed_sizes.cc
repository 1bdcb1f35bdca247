// Bits, lowest first.
#include "engine/ledger/packed_sizes.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "vfs/base/bytes.h"

namespace permafrost::engine {
namespace {

constexpr std::size_t kGroupSizes = 128;
constexpr std::size_t kHeadBytes = 5;  // width, smallest
constexpr unsigned kWidthMax = 32;

std::size_t BitBytes(std::size_t count, unsigned width) { return (count * width + 7) / 8; }

void AppendGroup(std::string& out, std::span<const std::uint32_t> sizes) {
  const auto [min, max] = std::minmax_element(sizes.begin(), sizes.end());
  const auto width = static_cast<unsigned>(std::bit_width(*max - *min));
  out.push_back(static_cast<char>(width));
  vfs::AppendLittleEndian(out, *min);
  std::uint64_t bits = 0;
  unsigned held = 0;
  for (const std::uint32_t size : sizes) {
    bits |= static_cast<std::uint64_t>(size - *min) << held;
    for (held += width; held >= 8; held -= 8, bits >>= 8) out.push_back(static_cast<char>(bits));
  }
  if (held > 0) out.push_back(static_cast<char>(bits));
}

// How many bytes the group takes; 0: it is none.
std::size_t ParseGroup(std::string_view bytes, std::size_t count, std::vector<std::uint32_t>& out) {
  if (bytes.size() < kHeadBytes) return 0;
  const unsigned width = static_cast<std::uint8_t>(bytes[0]);
  const std::uint64_t min = vfs::LoadLittleEndian<std::uint32_t>(bytes, 1);
  const std::size_t bit_bytes = BitBytes(count, width);
  if (width > kWidthMax || bytes.size() - kHeadBytes < bit_bytes) return 0;
  // With room behind it for a load of 8 bytes at the last size.
  std::array<char, kGroupSizes * sizeof(std::uint32_t) + sizeof(std::uint64_t)> bits = {};
  std::memcpy(bits.data(), bytes.data() + kHeadBytes, bit_bytes);
  const std::uint64_t mask = (std::uint64_t{1} << width) - 1;
  for (std::size_t i = 0, at = 0; i < count; ++i, at += width) {
    std::uint64_t word = 0;
    std::memcpy(&word, bits.data() + at / 8, sizeof(word));
    const std::uint64_t size = min + ((word >> (at % 8)) & mask);
    if (size > ~std::uint32_t{0}) return 0;
    out.push_back(static_cast<std::uint32_t>(size));
  }
  const std::size_t last_bits = count * width % 8;
  const auto last = static_cast<std::uint8_t>(bits[bit_bytes == 0 ? 0 : bit_bytes - 1]);
  if (last_bits != 0 && (last >> last_bits) != 0) return 0;
  return kHeadBytes + bit_bytes;
}

}  // namespace

void AppendPackedSizes(std::string& out, std::span<const std::uint32_t> sizes) {
  for (; !sizes.empty(); sizes = sizes.subspan(std::min(sizes.size(), kGroupSizes)))
    AppendGroup(out, sizes.first(std::min(sizes.size(), kGroupSizes)));
}

std::optional<PackedSizes> ParsePackedSizes(std::string_view bytes, std::size_t count) {
  const std::size_t groups = count / kGroupSizes + (count % kGroupSizes == 0 ? 0 : 1);
  if (groups > bytes.size() / kHeadBytes) return std::nullopt;
  PackedSizes parsed;
  parsed.sizes.reserve(count);
  while (parsed.sizes.size() < count) {
    const std::size_t left = count - parsed.sizes.size();
    const std::size_t group =
        ParseGroup(bytes.substr(parsed.bytes), std::min(left, kGroupSizes), parsed.sizes);
    if (group == 0) return std::nullopt;
    parsed.bytes += group;
  }
  return parsed;
}

}  // namespace permafrost::engine
