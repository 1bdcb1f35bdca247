// The record format that RocksDB's WAL and MANIFEST share; grammar and example in
// vfs/rocksdb/README.md.
#pragma once

#include <cstddef>
#include <cstdint>

namespace permafrost::vfs {

inline constexpr std::size_t kLogBlockBytes = 32768;
inline constexpr std::size_t kLogHeaderBytes = 7;             // crc 4, length 2, type 1
inline constexpr std::size_t kLogRecyclableHeaderBytes = 11;  // and the log number 4
inline constexpr std::size_t kLogSectorBytes = 512;           // what a disk loses at once
inline constexpr std::size_t kWriteBatchHeaderBytes = 12;     // sequence 8, count 4

enum class FragmentType : std::uint8_t {
  kZero = 0,  // never written: space that was reserved or lost
  kFull = 1,
  kFirst = 2,
  kMiddle = 3,
  kLast = 4,
  kRecyclableFull = 5,
  kRecyclableFirst = 6,
  kRecyclableMiddle = 7,
  kRecyclableLast = 8,
};

static_assert(kLogHeaderBytes == 4 + 2 + 1);
static_assert(kLogRecyclableHeaderBytes == kLogHeaderBytes + 4);

}  // namespace permafrost::vfs
