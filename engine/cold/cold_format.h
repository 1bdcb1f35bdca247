// What the cold files of a chunk have in common on disk: engine/FORMATS.md "Cold files".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/geometry/ids.h"

namespace permafrost::engine {

// Which file of which store. It goes into the checksum of every unit, so that none passes in
// another file.
struct ColdFileId {
  std::array<std::uint8_t, 16> store_id = {};
  ChunkId chunk;
};

// On disk; never renumber.
enum class ColdFileKind : std::uint32_t {
  kLedgers = 1,
  kEvents = 2,
  kTermBitmaps = 3,
  kTermDirectory = 4,
  kHashRun = 5,
};

// What a trailer says beside its identity; what each number means is its kind's.
using ColdNumbers = std::array<std::uint32_t, 6>;

inline constexpr std::string_view kColdMagic = "PFCOLD\r\n";
inline constexpr std::uint32_t kColdVersion = 1;

// Where the fields of a trailer stand in it.
inline constexpr std::size_t kColdVersionAt = 8;
inline constexpr std::size_t kColdKindAt = 12;
inline constexpr std::size_t kColdStoreIdAt = 16;
inline constexpr std::size_t kColdChunkAt = 32;
inline constexpr std::size_t kColdNumbersAt = 36;
inline constexpr std::size_t kColdTrailerCrcAt = 60;
inline constexpr std::size_t kColdTrailerBytes = 64;
static_assert(kColdNumbersAt + sizeof(ColdNumbers) == kColdTrailerCrcAt);

// Behind each unit.
inline constexpr std::size_t kColdCrcBytes = 4;

// The numbers of units that are not records or blocks, which count from 0.
inline constexpr std::uint64_t kIndexUnit = std::uint64_t{1} << 32;
inline constexpr std::uint64_t kAppDataUnit = kIndexUnit + 1;

}  // namespace permafrost::engine
