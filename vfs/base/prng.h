// Seeded chance: PCG streams forked by name, never by order of construction. Integers only, so
// every compiler agrees.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <pcg_random.hpp>

namespace permafrost::vfs {

struct Ratio {
  std::uint32_t numerator = 0;
  std::uint32_t denominator = 1;
};

// Threads: one thread at a time.
class Prng {
 public:
  explicit Prng(std::uint64_t seed);

  // A stream that depends on this stream's seed and the name only, not on how much was drawn from
  // either.
  Prng Fork(std::string_view name) const;
  Prng Fork(std::uint64_t index) const;

  std::uint64_t Next();
  // Uniform in [0, bound). Requires bound > 0.
  std::uint64_t Below(std::uint64_t bound);
  // Uniform in [first, last].
  std::uint64_t Between(std::uint64_t first, std::uint64_t last);
  bool Chance(Ratio ratio);

  template <typename T>
  void Shuffle(std::vector<T>& items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[Below(i)]);
  }

  std::uint64_t seed() const { return seed_; }

 private:
  std::uint64_t seed_;
  pcg64 engine_;
};

}  // namespace permafrost::vfs
