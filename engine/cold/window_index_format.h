// Constants and arithmetic of a window index's bytes on disk.
//
// Source: engine/FORMATS.md "Window index"
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/geometry/ids.h"
#include "engine/ledger/ledger_view.h"
#include "vfs/base/bytes.h"

namespace permafrost::engine {

// --- a unit: what is read, and verified, at once ---
inline constexpr std::size_t kIndexUnitBytes = 4096;
inline constexpr std::size_t kIndexUnitCrcAt = 4092;  // over identity, unit number, bytes before it

// --- a page: the slots of up to 928 keys ---
inline constexpr std::size_t kPageKeysMax = 928;
inline constexpr std::size_t kPageBuckets = 336;
inline constexpr std::size_t kPageSlots = 938;
inline constexpr std::size_t kPageSeedAt = 2;
inline constexpr std::size_t kPagePilotsAt = 4;
inline constexpr std::size_t kPageSlotsAt = kPagePilotsAt + kPageBuckets;
inline constexpr std::size_t kSlotBytes = 4;
// Its ledger lies outside every coverage but one of 2^24 ledgers.
inline constexpr std::uint32_t kEmptySlot = 0xffff'ffff;
inline constexpr unsigned kSlotLedgerShift = 8;  // above the fingerprint
static_assert(kPageSlotsAt % kSlotBytes == 0);
static_assert(kPageSlotsAt + kPageSlots * kSlotBytes == kIndexUnitCrcAt);

// --- an overflow unit: entries whose 16 bytes stand in a page already ---
inline constexpr std::size_t kOverflowEntryBytes = 36;
inline constexpr std::size_t kOverflowEntriesMax = 113;
inline constexpr std::size_t kOverflowLedgerAt = 32;
static_assert(kOverflowEntryBytes * kOverflowEntriesMax <= kIndexUnitCrcAt);

// --- a directory: the last unit of a group ---
inline constexpr std::size_t kDirectoryPagesAt = 0;
inline constexpr std::size_t kDirectoryOverflowAt = 2;
inline constexpr std::size_t kDirectoryPrefixesAt = 8;
inline constexpr std::size_t kGroupPagesMax = 510;
static_assert(kDirectoryPrefixesAt + kGroupPagesMax * 8 <= kIndexUnitCrcAt);

// --- a root unit: a row for each group ---
inline constexpr std::size_t kRootRowBytes = 16;
inline constexpr std::size_t kRootRowDirectoryAt = 8;
inline constexpr std::size_t kRootRowsMax = 255;
inline constexpr std::size_t kGroupsMax = std::size_t{1} << 20;
static_assert(kRootRowBytes * kRootRowsMax <= kIndexUnitCrcAt);

// --- the footer: the last unit ---
inline constexpr std::string_view kIndexMagic{"PFWIDX\r\n", 8};
inline constexpr std::uint32_t kIndexVersion = 1;
inline constexpr std::size_t kFooterVersionAt = 8;
inline constexpr std::size_t kFooterStoreIdAt = 16;
inline constexpr std::size_t kFooterFirstAt = 32;
inline constexpr std::size_t kFooterLastAt = 36;
inline constexpr std::size_t kFooterUnitsAt = 40;
inline constexpr std::size_t kFooterEntriesAt = 48;
inline constexpr std::size_t kFooterKeysAt = 56;
inline constexpr std::size_t kFooterOverflowAt = 64;
inline constexpr std::size_t kFooterPagesAt = 72;
inline constexpr std::size_t kFooterGroupsAt = 80;

// Whose index it is, and of which ledgers, both included: at most 2^24.
struct IndexIdentity {
  std::array<std::uint8_t, 16> store_id = {};
  LedgerSeq first;
  LedgerSeq last;
  friend bool operator==(const IndexIdentity&, const IndexIdentity&) = default;
};

// "store 5a5a.., ledgers 2 to 10001", with all digits.
std::string ToString(const IndexIdentity& identity);

// What each unit's checksum begins with.
std::uint32_t SeedOf(const IndexIdentity& identity);
// The checksum of a unit's first kIndexUnitCrcAt bytes. The footer, which says whose index it is,
// has seed 0.
std::uint32_t UnitCrc(std::uint32_t seed, std::uint64_t number, std::string_view unit);

// --- keys: 16 bytes of a hash, read as two big-endian numbers ---
struct IndexKey {
  std::uint64_t high = 0;  // the prefix, by which keys are spread over pages
  std::uint64_t low = 0;
  friend constexpr auto operator<=>(const IndexKey&, const IndexKey&) = default;
};
inline IndexKey KeyOf(const Hash& hash) {
  return {.high = vfs::LoadBigEndian64(hash.data()), .low = vfs::LoadBigEndian64(hash.data() + 8)};
}

// The two halves of a 128-bit product, one upon the other.
constexpr std::uint64_t FoldedProduct(std::uint64_t left, std::uint64_t right) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = Wide{left} * right;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}
constexpr std::uint64_t MixedKey(const IndexKey& key) {
  return FoldedProduct(key.high ^ 0x9e37'79b9'7f4a'7c15, key.low ^ 0xc2b2'ae3d'27d4'eb4f);
}
constexpr std::size_t BucketOf(std::uint64_t mixed_key) {
  return static_cast<std::size_t>(((mixed_key >> 32) * kPageBuckets) >> 32);
}
constexpr std::uint32_t FingerprintOf(const IndexKey& key) { return key.low & 0xff; }

// A pilot names one of four places of each key, which depend on the page's seed, and how many slots
// behind it the key stands, round the end of the page.
inline constexpr std::size_t kPlaces = 4;
inline constexpr std::size_t kShifts = 64;
static_assert(kPlaces * kShifts == 256);

constexpr std::uint64_t PlacesOf(std::uint64_t mixed_key, std::uint16_t seed) {
  return FoldedProduct(mixed_key ^ (seed * 0x9e37'79b9'7f4a'7c15), 0xa076'1d64'78bd'642f);
}
constexpr std::size_t PlaceOf(std::uint64_t places, std::size_t which) {
  return static_cast<std::size_t>((((places >> (16 * which)) & 0xffff) * kPageSlots) >> 16);
}
constexpr std::size_t SlotOf(std::size_t place, std::size_t shift) {
  const std::size_t slot = place + shift;
  return slot < kPageSlots ? slot : slot - kPageSlots;
}

}  // namespace permafrost::engine
