// Greedy placing with eviction.
#include "engine/cold/pilot_search.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "vfs/base/check.h"

namespace permafrost::engine {
namespace {

// Poisson of mean 2.8: more than this means keys that were made to meet.
constexpr std::size_t kBucketKeysMax = 32;
constexpr std::uint16_t kSeedsMax = 16;
// A page of random keys takes about seven.
constexpr int kEvictionsMax = 2000;
// What an eviction adds to a bucket's own cost, so that two do not chase each other for ever.
constexpr std::uint32_t kEvictionCost = 4;
constexpr std::uint32_t kNever = ~std::uint32_t{0};

}  // namespace

PilotSearch::PilotSearch() { waiting_.reserve(kPageBuckets); }

std::optional<std::uint16_t> PilotSearch::Find(std::span<const IndexKey> keys) {
  VFS_CHECK(!keys.empty() && keys.size() <= kPageKeysMax, "{} keys for a page", keys.size());
  if (!Group(keys)) return std::nullopt;
  for (std::uint16_t seed = 0; seed < kSeedsMax; ++seed) {
    if (!PlaceAll(seed)) continue;
    for (std::size_t i = 0; i < kPageBuckets; ++i) {
      const Bucket& bucket = buckets_[i];
      const Spot spot = {pilots_[i] / kShifts, pilots_[i] % kShifts};
      std::size_t member = bucket.begin;
      ForEachSlot(bucket, spot, [this, &member](std::size_t slot) {
        slots_[members_[member++]] = static_cast<std::uint16_t>(slot);
      });
    }
    return seed;
  }
  return std::nullopt;
}

bool PilotSearch::Group(std::span<const IndexKey> keys) {
  key_count_ = keys.size();
  buckets_.fill({});
  std::array<std::uint64_t, kPageKeysMax> mixed;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  for (std::size_t i = 0; i < keys.size(); ++i) {
    mixed[i] = MixedKey(keys[i]);
    ++buckets_[BucketOf(mixed[i])].keys;
  }
  std::array<std::uint16_t, kBucketKeysMax + 1> of_size = {};
  std::uint16_t begin = 0;
  for (Bucket& bucket : buckets_) {
    if (bucket.keys > kBucketKeysMax) return false;
    ++of_size[bucket.keys];
    bucket.begin = begin;
    begin = static_cast<std::uint16_t>(begin + bucket.keys);
  }
  std::uint16_t rank = 0;
  for (std::size_t size = of_size.size(); size-- > 0;)
    rank = static_cast<std::uint16_t>(rank + std::exchange(of_size[size], rank));
  std::array<std::uint16_t, kPageBuckets> next;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  for (std::uint16_t i = 0; i < kPageBuckets; ++i) {
    order_[of_size[buckets_[i].keys]++] = i;
    next[i] = buckets_[i].begin;
  }
  for (std::uint16_t i = 0; i < keys.size(); ++i) {
    const std::uint16_t member = next[BucketOf(mixed[i])]++;
    members_[member] = i;
    mixed_[member] = mixed[i];
  }
  return true;
}

bool PilotSearch::PlaceAll(std::uint16_t seed) {
  for (std::size_t i = 0; i < key_count_; ++i) {
    const std::uint64_t places = PlacesOf(mixed_[i], seed);
    places_[i] = 0;
    for (std::size_t which = 0; which < kPlaces; ++which)
      places_[i] |= std::uint64_t{PlaceOf(places, which)} << (16 * which);
  }
  free_.fill(~std::uint64_t{0});
  cost_.fill(0);
  pilots_.fill(0);
  waiting_.clear();
  for (Bucket& bucket : buckets_) bucket.evictions = 0;

  int evictions = 0;
  for (const std::uint16_t next : order_) {
    if (buckets_[next].keys == 0) return true;
    waiting_.push_back(next);
    while (!waiting_.empty()) {
      const std::uint16_t number = waiting_.back();
      waiting_.pop_back();
      Bucket& bucket = buckets_[number];
      std::optional<Spot> spot = FreeSpot(bucket);
      if (!spot.has_value()) {
        spot = CheapestSpot(bucket);
        if (!spot.has_value() || ++evictions > kEvictionsMax) return false;
        ++bucket.evictions;
        Evict(bucket, *spot);
      }
      Take(number, *spot);
    }
  }
  return true;
}

std::optional<PilotSearch::Spot> PilotSearch::FreeSpot(const Bucket& bucket) const {
  const std::size_t end = bucket.begin + std::size_t{bucket.keys};
  for (std::size_t which = 0; which < kPlaces; ++which) {
    std::uint64_t free_shifts = ~std::uint64_t{0};
    for (std::size_t i = bucket.begin; i < end; ++i) {
      const std::size_t place = (places_[i] >> (16 * which)) & 0xffff;
      const std::size_t word = place / 64;
      const std::size_t bit = place % 64;
      free_shifts &= (free_[word] >> bit) | ((free_[word + 1] << 1) << (63 - bit));
    }
    if (free_shifts != 0 && HasDistinctPlaces(bucket, which))
      return Spot{which, static_cast<std::size_t>(std::countr_zero(free_shifts))};
  }
  return std::nullopt;
}

std::optional<PilotSearch::Spot> PilotSearch::CheapestSpot(const Bucket& bucket) const {
  std::uint32_t least = kNever;
  Spot cheapest;
  for (std::size_t which = 0; which < kPlaces; ++which) {
    if (!HasDistinctPlaces(bucket, which)) continue;
    std::array<std::uint32_t, kShifts> sums = {};
    for (std::size_t i = bucket.begin; i < bucket.begin + std::size_t{bucket.keys}; ++i) {
      const std::uint32_t* costs = cost_.data() + ((places_[i] >> (16 * which)) & 0xffff);
      for (std::size_t shift = 0; shift < kShifts; ++shift) sums[shift] += costs[shift];
    }
    for (std::size_t shift = 0; shift < kShifts; ++shift) {
      if (sums[shift] >= least) continue;
      least = sums[shift];
      cheapest = {which, shift};
    }
  }
  if (least == kNever) return std::nullopt;
  return cheapest;
}

// Two keys of one place meet under every shift.
bool PilotSearch::HasDistinctPlaces(const Bucket& bucket, std::size_t which) const {
  const std::size_t end = bucket.begin + std::size_t{bucket.keys};
  for (std::size_t i = bucket.begin; i < end; ++i) {
    for (std::size_t other = i + 1; other < end; ++other) {
      if ((((places_[i] ^ places_[other]) >> (16 * which)) & 0xffff) == 0) return false;
    }
  }
  return true;
}

template <typename Visit>
void PilotSearch::ForEachSlot(const Bucket& bucket, const Spot& spot, const Visit& visit) const {
  for (std::size_t i = bucket.begin; i < bucket.begin + std::size_t{bucket.keys}; ++i)
    visit(SlotOf((places_[i] >> (16 * spot.which)) & 0xffff, spot.shift));
}

void PilotSearch::Take(std::uint16_t number, const Spot& spot) {
  const Bucket& bucket = buckets_[number];
  pilots_[number] = static_cast<std::uint8_t>(spot.which * kShifts + spot.shift);
  const std::uint32_t cost =
      std::uint32_t{bucket.keys} * bucket.keys + kEvictionCost * bucket.evictions;
  ForEachSlot(bucket, spot, [this, number, cost](std::size_t slot) {
    owner_[slot] = number;
    SetFree(slot, false);
    SetCost(slot, cost);
  });
}

void PilotSearch::Evict(const Bucket& bucket, const Spot& spot) {
  ForEachSlot(bucket, spot, [this](std::size_t taken) {
    if (cost_[taken] == 0) return;
    const std::uint16_t number = owner_[taken];
    const Spot left = {pilots_[number] / kShifts, pilots_[number] % kShifts};
    ForEachSlot(buckets_[number], left, [this](std::size_t slot) {
      SetFree(slot, true);
      SetCost(slot, 0);
    });
    waiting_.push_back(number);
  });
}

inline void PilotSearch::SetFree(std::size_t slot, bool is_free) {
  const auto set = [this, is_free](std::size_t at) {
    const std::uint64_t bit = std::uint64_t{1} << (at % 64);
    free_[at / 64] = is_free ? free_[at / 64] | bit : free_[at / 64] & ~bit;
  };
  set(slot);
  if (slot < kShifts) set(slot + kPageSlots);
}

inline void PilotSearch::SetCost(std::size_t slot, std::uint32_t cost) {
  cost_[slot] = cost;
  if (slot < kShifts) cost_[slot + kPageSlots] = cost;
}

}  // namespace permafrost::engine
