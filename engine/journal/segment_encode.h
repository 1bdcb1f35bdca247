// Makes the bytes of segment headers and records. Readers share nothing with it but the constants
// (segment_parse.h).
//
// Source: engine/FORMATS.md "Journal"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/journal/journal_types.h"

namespace permafrost::engine::journal {

// kHeaderBytes bytes.
std::string EncodeHeader(const SegmentHeader& header);

// What a record says besides its place.
struct RecordContent {
  std::uint8_t type = 0;
  std::uint32_t batch_index = 0;
  Lsn lsn = 0;
  std::int64_t unix_micros = 0;
  ContentAddress hash;  // of type and body
  std::string_view body;
};

// Adds the record that stands at `offset` in a segment of this nonce. RecordBytes(body) bytes.
void AppendRecord(std::string& out,
                  const RecordContent& record,
                  std::uint64_t nonce,
                  std::uint64_t offset);

}  // namespace permafrost::engine::journal
