// BLAKE3 by the official C implementation.
#include "vfs/base/blake3.h"

#include <blake3.h>

#include <new>
#include <type_traits>

#include "vfs/base/escape.h"
#include "vfs/base/hex.h"
#include "vfs/base/status.h"

namespace permafrost::vfs {

std::string Blake3::Hex() const { return HexOf(bytes); }

Blake3 Blake3Of(std::string_view bytes) { return Blake3Hasher().Update(bytes).Finish(); }

absl::StatusOr<Blake3> ParseBlake3(std::string_view hex) {
  if (const auto bytes = ParseHex<BLAKE3_OUT_LEN>(hex)) return Blake3{.bytes = *bytes};
  if (hex.size() != 2 * BLAKE3_OUT_LEN) {
    return InvalidArgument("parse BLAKE3 hash {}: {} characters; give 64 lower-case hex digits",
                           EscapedForError(hex), hex.size());
  }
  const std::size_t at = hex.find_first_not_of(kHexDigits);
  return InvalidArgument("parse BLAKE3 hash {}: {} at character {}; give 64 lower-case hex digits",
                         EscapedForError(hex), EscapedForError(hex.substr(at, 1)), at + 1);
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
