// PCG streams; the seed goes through a mixer so that neighbouring seeds share nothing.
#include "vfs/base/prng.h"

#include "vfs/base/check.h"
#include "vfs/base/hash.h"

namespace permafrost::vfs {

Prng::Prng(std::uint64_t seed) : seed_(seed), engine_(Mix64(seed + 0x9e3779b97f4a7c15ULL)) {}

Prng Prng::Fork(std::string_view name) const {
  return Prng(Hasher().Add(seed_).Add(name).Finish().lo);
}

Prng Prng::Fork(std::uint64_t index) const {
  return Prng(Hasher().Add(seed_).Add(index).Finish().hi);
}

std::uint64_t Prng::Next() { return engine_(); }

std::uint64_t Prng::Below(std::uint64_t bound) {
  VFS_CHECK(bound > 0, "Below needs a positive bound");
  // Rejection keeps the draw exactly uniform.
  const std::uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
  std::uint64_t draw = Next();
  while (draw >= limit) draw = Next();
  return draw % bound;
}

std::uint64_t Prng::Between(std::uint64_t first, std::uint64_t last) {
  VFS_CHECK(first <= last, "range {}..{}", first, last);
  const std::uint64_t span = last - first;
  return span == UINT64_MAX ? Next() : first + Below(span + 1);
}

bool Prng::Chance(Ratio ratio) { return Below(ratio.denominator) < ratio.numerator; }

}  // namespace permafrost::vfs
