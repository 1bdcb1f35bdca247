// A stable 128-bit digest for traces and memo keys (XXH3): equal in every process and build. In
// memory only, never on disk.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace permafrost::vfs {

struct Hash128 {
  std::uint64_t lo = 0;
  std::uint64_t hi = 0;
  friend constexpr auto operator<=>(const Hash128&, const Hash128&) = default;

  // Commutative sum, for digests of sets that are kept up to date entry by entry.
  constexpr Hash128& operator+=(const Hash128& other) {
    lo += other.lo;
    hi += other.hi;
    return *this;
  }
  constexpr Hash128& operator-=(const Hash128& other) {
    lo -= other.lo;
    hi -= other.hi;
    return *this;
  }

  std::string Hex() const;  // 32 lower-case digits
};

Hash128 HashBytes(std::string_view bytes, std::uint64_t seed = 0);

// Order-sensitive running hash over integers and strings; every piece is length-delimited.
class Hasher {
 public:
  Hasher& Add(std::uint64_t value);
  Hasher& Add(std::string_view bytes);
  Hasher& Add(const Hash128& value);
  Hash128 Finish() const { return state_; }

 private:
  Hash128 state_{0x9e3779b97f4a7c15ULL, 0xc2b2ae3d27d4eb4fULL};
};

// A full-avalanche 64-bit mixer (splitmix64's finaliser).
constexpr std::uint64_t Mix64(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace permafrost::vfs
