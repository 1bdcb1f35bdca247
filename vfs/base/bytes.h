// Integers as bytes: little-endian for formats, big-endian where byte order must be numeric order.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

#include "vfs/base/check.h"

namespace permafrost::vfs {

static_assert(std::endian::native == std::endian::little,
              "big-endian machines need byte swaps here");

template <typename T>
requires std::is_unsigned_v<T>
void AppendLittleEndian(std::string& out, T value) {
  char raw[sizeof(T)];
  std::memcpy(raw, &value, sizeof(T));
  out.append(raw, sizeof(T));
}

// Requires: offset + sizeof(T) <= bytes.size(); whoever reads bytes from disk has checked that
// before.
template <typename T>
requires std::is_unsigned_v<T> T LoadLittleEndian(std::string_view bytes, std::size_t offset) {
  VFS_CHECK(offset <= bytes.size() && bytes.size() - offset >= sizeof(T),
            "load of {} bytes at {} of {}", sizeof(T), offset, bytes.size());
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// Requires: eight bytes.
inline std::uint64_t LoadBigEndian64(const std::uint8_t* bytes) {
  std::uint64_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return __builtin_bswap64(value);
}

}  // namespace permafrost::vfs
