// BLAKE3 by the official C implementation.
#include "vfs/base/blake3.h"

#include <blake3.h>

#include <new>
#include <tuple>
#include <type_traits>

#include "vfs/base/escape.h"
#include "vfs/base/status.h"

namespace permafrost::vfs {
namespace {

static_assert(std::tuple_size_v<decltype(Blake3::bytes)> == BLAKE3_OUT_LEN);

constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

std::string Blake3::Hex() const {
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

Blake3 Blake3Of(std::string_view bytes) { return Blake3Hasher().Update(bytes).Finish(); }

absl::StatusOr<Blake3> ParseBlake3(std::string_view hex) {
  Blake3 hash;
  if (hex.size() != 2 * hash.bytes.size()) {
    return InvalidArgument("parse BLAKE3 hash {}: {} characters; give 64 lower-case hex digits",
                           EscapedForError(hex), hex.size());
  }
  for (std::size_t i = 0; i < hex.size(); ++i) {
    const std::size_t digit = kDigits.find(hex[i]);
    if (digit == std::string_view::npos) {
      return InvalidArgument(
          "parse BLAKE3 hash {}: {} at character {}; give 64 lower-case hex digits",
          EscapedForError(hex), EscapedForError(hex.substr(i, 1)), i + 1);
    }
    std::uint8_t& byte = hash.bytes[i / 2];
    byte = static_cast<std::uint8_t>(byte * std::size_t{16} + digit);
  }
  return hash;
}

// The unused part of the chaining stack stays as it was found: clearing 1.7 KiB takes time from
// every short text.
Blake3Hasher::Blake3Hasher() {  // NOLINT(cppcoreguidelines-pro-type-member-init)
  static_assert(sizeof(blake3_hasher) == kStateBytes);
  static_assert(alignof(blake3_hasher) <= alignof(std::uint64_t));
  static_assert(std::is_trivially_destructible_v<blake3_hasher>);
  blake3_hasher_init(new (state_.data()) blake3_hasher);
}

Blake3Hasher& Blake3Hasher::Update(std::string_view bytes) {
  auto* state = std::launder(reinterpret_cast<blake3_hasher*>(state_.data()));
  blake3_hasher_update(state, bytes.data(), bytes.size());
  return *this;
}

Blake3 Blake3Hasher::Finish() const {
  const auto* state = std::launder(reinterpret_cast<const blake3_hasher*>(state_.data()));
  Blake3 hash;
  blake3_hasher_finalize(state, hash.bytes.data(), hash.bytes.size());
  return hash;
}

}  // namespace permafrost::vfs
