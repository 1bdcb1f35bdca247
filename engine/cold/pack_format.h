// The pack, a container of items in records: engine/FORMATS.md "Pack".
#pragma once

#include <cstddef>
#include <cstdint>

namespace permafrost::engine {

// How the items of a record are coded. On disk; never renumber.
enum class PackCodec : std::uint32_t {
  kPlain = 0,
  kZstd = 1,  // one frame of all of them
};

// Places in ColdNumbers.
inline constexpr std::size_t kPackRecords = 0;
inline constexpr std::size_t kPackItems = 1;
inline constexpr std::size_t kPackItemsPerRecord = 2;  // 0: they vary
inline constexpr std::size_t kPackCodec = 3;
inline constexpr std::size_t kPackIndexBytes = 4;    // without its checksum
inline constexpr std::size_t kPackAppDataBytes = 5;  // without its checksum

// Of a record, coded and not coded.
inline constexpr std::uint64_t kPackRecordBytesMax = std::uint64_t{1} << 30;

}  // namespace permafrost::engine
