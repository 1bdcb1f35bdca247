// A record of the journal as its readers hand it out, and its content address.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace permafrost::engine {

// BLAKE3 of type and body.
using ContentAddress = std::array<std::uint8_t, 32>;

struct JournalRecord {
  std::uint64_t lsn = 0;         // from 1, dense
  std::uint8_t type = 0;         // engine/journal/record_types.h; 0 is never a type
  std::int64_t unix_micros = 0;  // when it was appended
  std::uint64_t offset = 0;      // global, of the record's first byte
  ContentAddress hash = {};
  std::string body = {};
  bool is_durable = false;  // false: known to the writer's process only; a power cut may take it
};

}  // namespace permafrost::engine
