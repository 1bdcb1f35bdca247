// Bytes as hex digits, two each, lower-case only: one text for each value.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace permafrost::vfs {

inline constexpr std::string_view kHexDigits = "0123456789abcdef";

std::string HexOf(std::string_view bytes);
// The bytes that print as these digits; nothing for any other text.
std::optional<std::string> ParseHex(std::string_view digits);

// The same for values of a fixed size.
template <std::size_t kBytes>
std::string HexOf(const std::array<std::uint8_t, kBytes>& bytes) {
  return HexOf(std::string_view(reinterpret_cast<const char*>(bytes.data()), kBytes));
}
template <std::size_t kBytes>
std::optional<std::array<std::uint8_t, kBytes>> ParseHex(std::string_view digits) {
  const std::optional<std::string> parsed = ParseHex(digits);
  if (!parsed.has_value() || parsed->size() != kBytes) return std::nullopt;
  std::array<std::uint8_t, kBytes> bytes{};
  std::copy(parsed->begin(), parsed->end(), bytes.begin());
  return bytes;
}
// Whether `text` is so many of these digits.
bool IsHex(std::string_view text, std::size_t digits);

}  // namespace permafrost::vfs
