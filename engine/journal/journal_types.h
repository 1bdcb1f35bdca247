// The words of the journal: LSN, content address, record, header of a segment.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/journal/journal_format.h"
#include "engine/journal/journal_record.h"

namespace permafrost::engine::journal {

// The number of a record, from 1 and without gaps; 0 is before the first.
using Lsn = std::uint64_t;
using StoreId = std::array<std::uint8_t, kStoreIdBytes>;
ContentAddress ContentAddressOf(std::uint8_t type, std::string_view body);

// Bytes of a whole record in its segment, padding included.
constexpr std::uint64_t RecordBytes(std::size_t body_bytes) {
  return (kRecordBytesMin + body_bytes + kAlignment - 1) / kAlignment * kAlignment;
}

struct SegmentHeader {
  StoreId store_id{};
  std::uint64_t nonce = 0;  // of this life of the file
  std::uint64_t base = 0;   // global offset of the file's first byte
  Lsn first_lsn = 0;        // of the first record in it; all before were durable when it was made
  friend bool operator==(const SegmentHeader&, const SegmentHeader&) = default;
};

}  // namespace permafrost::engine::journal
