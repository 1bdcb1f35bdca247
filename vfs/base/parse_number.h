// Whole numbers from text that came from a disk or a person.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>

namespace permafrost::vfs {

// The number that all of `digits` spells; nothing if anything else stands there, if it is empty or
// does not fit.
template <std::unsigned_integral Number>
std::optional<Number> ParseNumber(std::string_view digits, int base = 10) {
  Number number = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number, base);
  if (digits.empty() || parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return number;
}

}  // namespace permafrost::vfs
