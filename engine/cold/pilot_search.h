// Pilots for the keys of one page: a perfect hash function of up to 928 keys.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "engine/cold/window_index_format.h"

namespace permafrost::engine {

// Buckets of keys take their slots from the fullest bucket to the emptiest; 64 shifts of a bucket
// are tried at once against the bits of the free slots. A bucket that fits nowhere takes the place
// where the fewest keys of others stand, and these are placed again.
//
// Memory: some 40 KiB, whatever the keys.
// Threads: one thread at a time.
class PilotSearch {
 public:
  PilotSearch();

  // Finds a pilot for each bucket under which no two keys share a slot. The same answer for the
  // same keys, always.
  //
  // Shapes:  1 to kPageKeysMax keys, distinct
  // Returns: the seed; nothing, if none was good (of random keys less than one page in 10^20)
  std::optional<std::uint16_t> Find(std::span<const IndexKey> keys);

  // Of the keys last found.
  const std::array<std::uint8_t, kPageBuckets>& pilots() const { return pilots_; }
  std::size_t SlotOfKey(std::size_t key) const { return slots_[key]; }

 private:
  struct Bucket {
    std::uint16_t begin = 0;  // in members_ and places_
    std::uint16_t keys = 0;
    std::uint16_t evictions = 0;  // that it took to place it, under this seed
  };
  struct Spot {
    std::size_t which = 0;
    std::size_t shift = 0;
  };

  // False if a bucket has more keys than one can have.
  bool Group(std::span<const IndexKey> keys);
  bool PlaceAll(std::uint16_t seed);
  std::optional<Spot> FreeSpot(const Bucket& bucket) const;
  std::optional<Spot> CheapestSpot(const Bucket& bucket) const;
  bool HasDistinctPlaces(const Bucket& bucket, std::size_t which) const;
  void Take(std::uint16_t number, const Spot& spot);
  // Frees the slots of whoever stands where `bucket` shall, and notes them to be placed again.
  void Evict(const Bucket& bucket, const Spot& spot);
  template <typename Visit>
  void ForEachSlot(const Bucket& bucket, const Spot& spot, const Visit& visit) const;
  void SetFree(std::size_t slot, bool is_free);
  void SetCost(std::size_t slot, std::uint32_t cost);

  // The slots go round: behind the last stand copies of the first ones, so that a window never has
  // to turn.
  static constexpr std::size_t kRoundSlots = kPageSlots + kShifts;
  static constexpr std::size_t kFreeWords = (kRoundSlots + 63) / 64;

  std::array<Bucket, kPageBuckets> buckets_ = {};
  std::array<std::uint16_t, kPageBuckets> order_ = {};    // fullest first
  std::array<std::uint16_t, kPageKeysMax> members_ = {};  // keys by bucket
  std::array<std::uint64_t, kPageKeysMax> mixed_ = {};    // of members_
  std::array<std::uint64_t, kPageKeysMax> places_ = {};   // four places of 16 bits each
  std::array<std::uint64_t, kFreeWords> free_ = {};       // a bit for each slot
  std::array<std::uint16_t, kPageSlots> owner_ = {};      // bucket, where not free
  std::array<std::uint32_t, kRoundSlots> cost_ = {};      // of evicting the owner; 0: free
  std::vector<std::uint16_t> waiting_;                    // buckets to be placed, last first
  std::array<std::uint8_t, kPageBuckets> pilots_ = {};
  std::array<std::uint16_t, kPageKeysMax> slots_ = {};
  std::size_t key_count_ = 0;
};

}  // namespace permafrost::engine
