// Who a store is: the five pins written once at the first start and compared at every later one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/geometry/geometry.h"

namespace permafrost::engine {

// The number under config:format that this build writes and reads.
inline constexpr std::uint32_t kStoreFormat = 1;

struct Pins {
  std::string store_id;  // 32 lower-case hex digits, drawn at the first start
  std::uint32_t format = kStoreFormat;
  Geometry geometry = Geometry::Production();
  std::string network;  // 64 lower-case hex digits: hash of the network's passphrase; or empty
  LedgerSeq earliest_ledger = kFirstLedger;  // the first ledger of a chunk

  friend bool operator==(const Pins&, const Pins&) = default;
};

// What a store must be.
struct ExpectedPins {
  Geometry geometry = Geometry::Production();
  std::string network = {};
  LedgerSeq earliest_ledger = kFirstLedger;
  // 32 lower-case hex digits; empty: as stored, drawn at the first start.
  std::string store_id = {};
};

// Errors: kInvalidArgument  network is not 64 hex digits or empty, the store id not 32 or empty;
//                           the earliest ledger does not begin a chunk, or there is none for it
absl::Status CheckExpected(const ExpectedPins& expected);

// The rows to write, in key order.
std::vector<std::pair<std::string, std::string>> PinRows(const Pins& pins);

// Whether any row is a pin: none means that no first start was completed.
bool HasPins(const std::vector<std::pair<std::string, std::string>>& rows);

// Reads the pins out of a catalog's rows (others are skipped).
//
// Errors: kDataLoss            a pin is missing or malformed; names the key
//         kFailedPrecondition  config:format is not this build's
absl::StatusOr<Pins> ParsePins(const std::vector<std::pair<std::string, std::string>>& rows);

// OK if the store is the one that the configuration means.
//
// Errors: kFailedPrecondition  names the pin, both values and the remedy
absl::Status ComparePins(const Pins& stored, const ExpectedPins& expected);

}  // namespace permafrost::engine
