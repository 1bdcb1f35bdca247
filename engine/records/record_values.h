// What record-store values say: a frame with version and checksum around a payload of each kind.
//
// Source: engine/FORMATS.md "Record store"
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/journal/journal_record.h"

namespace permafrost::engine {

// A:<account>
struct AccountRow {
  std::string balance;      // decimal (IsBalance)
  std::uint64_t nonce = 0;  // as the record gave it
  std::uint64_t lsn = 0;    // of the record that set it
  friend bool operator==(const AccountRow&, const AccountRow&) = default;
};

// L:<lsn>
struct IndexRow {
  std::uint8_t type = 0;  // as in the journal; of a skipped record it may be unknown
  ContentAddress hash = {};
  friend bool operator==(const IndexRow&, const IndexRow&) = default;
};

// The value that stands under `key`: version, payload, checksum of all three. Bodies of assertions,
// votes and epochs are payloads as they are.
std::string FrameValue(std::string_view key, std::string_view payload);
// The payload, a view into `value`.
//
// Errors (of this and the parsers below): kDataLoss  names the key and what is wrong
absl::StatusOr<std::string_view> UnframeValue(std::string_view key, std::string_view value);

std::string CursorValue(std::uint64_t next_lsn);
std::string AccountValue(std::string_view key, const AccountRow& row);
std::string IndexValue(std::string_view key, const IndexRow& row);
// Requires strictly ascending addresses, at least one.
std::string SubjectValue(std::string_view key, const std::vector<ContentAddress>& assertions);

absl::StatusOr<std::uint64_t> ParseCursor(std::string_view value);
absl::StatusOr<AccountRow> ParseAccount(std::string_view key, std::string_view value);
absl::StatusOr<IndexRow> ParseIndex(std::string_view key, std::string_view value);
absl::StatusOr<std::vector<ContentAddress>> ParseSubject(std::string_view key,
                                                         std::string_view value);

}  // namespace permafrost::engine
