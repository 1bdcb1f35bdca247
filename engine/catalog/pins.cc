// Writing, reading and comparing the pins.
#include "engine/catalog/pins.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "engine/layout/keys.h"
#include "vfs/base/escape.h"
#include "vfs/base/hex.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr std::size_t kStoreIdDigits = 32;
constexpr std::size_t kNetworkDigits = 64;

std::optional<std::uint32_t> ParseCanonicalDecimal(std::string_view text) {
  const auto value = vfs::ParseNumber<std::uint32_t>(text);
  return value.has_value() && fmt::format("{}", *value) == text ? value : std::nullopt;
}

bool BeginsAChunk(const Geometry& geometry, LedgerSeq seq) {
  return seq >= kFirstLedger && geometry.IsValid(geometry.ChunkOf(seq)) &&
         geometry.First(geometry.ChunkOf(seq)) == seq;
}

absl::Status Malformed(Pin pin, std::string_view value) {
  return vfs::DataLoss("read {}: {} is malformed", KeyText(pin), vfs::EscapedForError(value));
}

absl::Status Mismatch(Pin pin,
                      std::string_view stored,
                      std::string_view configured,
                      std::string_view remedy) {
  return vfs::FailedPrecondition("compare {}: the store has '{}', the configuration says '{}'; {}",
                                 KeyText(pin), stored, configured, remedy);
}

}  // namespace

absl::Status CheckExpected(const ExpectedPins& expected) {
  if (!expected.network.empty() && !vfs::IsHex(expected.network, kNetworkDigits)) {
    return vfs::InvalidArgument("check network: {} is not 64 lower-case hex digits",
                                vfs::EscapedForError(expected.network));
  }
  if (!expected.store_id.empty() && !vfs::IsHex(expected.store_id, kStoreIdDigits)) {
    return vfs::InvalidArgument("check store id: {} is not 32 lower-case hex digits",
                                vfs::EscapedForError(expected.store_id));
  }
  const Geometry& geometry = expected.geometry;
  if (expected.earliest_ledger > geometry.Last(geometry.ChunkMax())) {
    return vfs::InvalidArgument(
        "check earliest ledger: {} lies behind the last chunk of {} ledgers a chunk and {} chunks "
        "a "
        "bucket, which ends at ledger {}; choose larger ones",
        expected.earliest_ledger.value(), geometry.sizes().ledgers_per_chunk,
        geometry.sizes().chunks_per_bucket, geometry.Last(geometry.ChunkMax()).value());
  }
  if (!BeginsAChunk(geometry, expected.earliest_ledger)) {
    return vfs::InvalidArgument("check earliest ledger: {} does not begin a chunk of {} ledgers",
                                expected.earliest_ledger.value(),
                                geometry.sizes().ledgers_per_chunk);
  }
  return absl::OkStatus();
}

std::vector<std::pair<std::string, std::string>> PinRows(const Pins& pins) {
  return {{KeyText(Pin::kEarliestLedger), fmt::format("{}", pins.earliest_ledger.value())},
          {KeyText(Pin::kFormat), fmt::format("{}", pins.format)},
          {KeyText(Pin::kGeometry), pins.geometry.Text()},
          {KeyText(Pin::kNetwork), pins.network},
          {KeyText(Pin::kStoreId), pins.store_id}};
}

bool HasPins(const std::vector<std::pair<std::string, std::string>>& rows) {
  return std::any_of(rows.begin(), rows.end(),
                     [](const auto& row) { return row.first.starts_with(kConfigPrefix); });
}

absl::StatusOr<Pins> ParsePins(const std::vector<std::pair<std::string, std::string>>& rows) {
  std::map<Pin, std::string> found;
  for (const auto& [key, value] : rows) {
    for (const Pin pin : kAllPins) {
      if (key == KeyText(pin)) found[pin] = value;
    }
  }
  for (const Pin pin : kAllPins) {
    if (!found.contains(pin)) {
      return vfs::DataLoss("read {}: missing from the catalog", KeyText(pin));
    }
  }
  Pins pins;
  const auto format = ParseCanonicalDecimal(found[Pin::kFormat]);
  if (!format.has_value()) return Malformed(Pin::kFormat, found[Pin::kFormat]);
  pins.format = *format;
  if (pins.format != kStoreFormat) {
    return Mismatch(Pin::kFormat, found[Pin::kFormat], fmt::format("{}", kStoreFormat),
                    "use the version of permafrost that wrote the store");
  }
  pins.store_id = found[Pin::kStoreId];
  if (!vfs::IsHex(pins.store_id, kStoreIdDigits)) return Malformed(Pin::kStoreId, pins.store_id);
  pins.network = found[Pin::kNetwork];
  if (!pins.network.empty() && !vfs::IsHex(pins.network, kNetworkDigits)) {
    return Malformed(Pin::kNetwork, pins.network);
  }
  const absl::StatusOr<Geometry> geometry = Geometry::Parse(found[Pin::kGeometry]);
  if (!geometry.ok()) return Malformed(Pin::kGeometry, found[Pin::kGeometry]);
  pins.geometry = *geometry;
  const auto earliest = ParseCanonicalDecimal(found[Pin::kEarliestLedger]);
  if (!earliest.has_value() || !BeginsAChunk(pins.geometry, LedgerSeq{*earliest})) {
    return Malformed(Pin::kEarliestLedger, found[Pin::kEarliestLedger]);
  }
  pins.earliest_ledger = LedgerSeq{*earliest};
  return pins;
}

absl::Status ComparePins(const Pins& stored, const ExpectedPins& expected) {
  if (stored.geometry != expected.geometry) {
    return Mismatch(Pin::kGeometry, stored.geometry.Text(), expected.geometry.Text(),
                    "configure the store's geometry or another data directory");
  }
  if (stored.network != expected.network) {
    return Mismatch(Pin::kNetwork, stored.network, expected.network,
                    "configure the store's network or another data directory");
  }
  if (stored.earliest_ledger != expected.earliest_ledger) {
    return Mismatch(Pin::kEarliestLedger, fmt::format("{}", stored.earliest_ledger.value()),
                    fmt::format("{}", expected.earliest_ledger.value()),
                    "configure the store's earliest ledger or another data directory");
  }
  if (!expected.store_id.empty() && stored.store_id != expected.store_id) {
    return Mismatch(Pin::kStoreId, stored.store_id, expected.store_id,
                    "leave the store id out or name another data directory");
  }
  return absl::OkStatus();
}

}  // namespace permafrost::engine
