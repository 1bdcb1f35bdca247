// XXH3-based digests.
#include "vfs/base/hash.h"

#include <fmt/format.h>
#include <xxhash.h>

namespace permafrost::vfs {

std::string Hash128::Hex() const { return fmt::format("{:016x}{:016x}", hi, lo); }

Hash128 HashBytes(std::string_view bytes, std::uint64_t seed) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {hash.low64, hash.high64};
}

Hasher& Hasher::Add(std::uint64_t value) {
  state_.lo = Mix64(state_.lo ^ value) + state_.hi;
  state_.hi = Mix64(state_.hi + value + 0x9e3779b97f4a7c15ULL) ^ state_.lo;
  return *this;
}

Hasher& Hasher::Add(std::string_view bytes) {
  const Hash128 hash = HashBytes(bytes);
  return Add(bytes.size()).Add(hash);
}

Hasher& Hasher::Add(const Hash128& value) { return Add(value.lo).Add(value.hi); }

}  // namespace permafrost::vfs
