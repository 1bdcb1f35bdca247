// Sizes, coded in groups of 128 as what each is above the smallest of its group.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace permafrost::engine {

// Shape:  engine/FORMATS.md "Packed sizes"
void AppendPackedSizes(std::string& out, std::span<const std::uint32_t> sizes);

// `count` sizes from the front of `bytes`, and how many bytes they take; nothing if they are not
// there or of a form that nobody writes. No more memory is taken than a small multiple of
// bytes.size().
struct PackedSizes {
  std::vector<std::uint32_t> sizes;
  std::size_t bytes = 0;
};
std::optional<PackedSizes> ParsePackedSizes(std::string_view bytes, std::size_t count);

}  // namespace permafrost::engine
