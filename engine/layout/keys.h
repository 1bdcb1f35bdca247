// The catalog's key schema: typed keys and their one text form. Every key prints canonically and
// only that form parses.
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <absl/status/statusor.h>

#include "engine/geometry/geometry.h"

namespace permafrost::engine {

// What a frozen chunk consists of. The order is that of marks, writes and flips.
enum class ArtifactKind { kLedgers, kEvents, kTxHash };
inline constexpr std::array<ArtifactKind, 3> kAllArtifactKinds = {
    ArtifactKind::kLedgers, ArtifactKind::kEvents, ArtifactKind::kTxHash};

// "ledgers", "events", "txhash".
std::string_view ToString(ArtifactKind kind);
std::optional<ArtifactKind> ParseArtifactKind(std::string_view text);

// chunk:<c:08d>:<kind>
struct ChunkArtifact {
  ChunkId chunk;
  ArtifactKind kind = ArtifactKind::kLedgers;
  friend constexpr auto operator<=>(const ChunkArtifact&, const ChunkArtifact&) = default;
};

// index:<w:08d>:<lo:08d>:<hi:08d>; chunks.first and chunks.last lie in the window.
struct Coverage {
  WindowId window;
  ChunkRange chunks;
  friend constexpr auto operator<=>(const Coverage&, const Coverage&) = default;
};

// hot:chunk:<c:08d>
struct HotChunkKey {
  ChunkId chunk;
  friend constexpr auto operator<=>(const HotChunkKey&, const HotChunkKey&) = default;
};

// config:<name>; each written once, at the first start.
enum class Pin { kStoreId, kFormat, kGeometry, kNetwork, kEarliestLedger };
inline constexpr std::array<Pin, 5> kAllPins = {Pin::kStoreId, Pin::kFormat, Pin::kGeometry,
                                                Pin::kNetwork, Pin::kEarliestLedger};

using Key = std::variant<ChunkArtifact, Coverage, HotChunkKey, Pin>;

inline constexpr std::string_view kChunkPrefix = "chunk:";
inline constexpr std::string_view kIndexPrefix = "index:";
inline constexpr std::string_view kHotPrefix = "hot:";
inline constexpr std::string_view kConfigPrefix = "config:";

// "chunk:00000007:ledgers" and so on. Requires ids that the geometry allows.
std::string KeyText(const ChunkArtifact& key);
std::string KeyText(const Coverage& key);
std::string KeyText(const HotChunkKey& key);
std::string KeyText(Pin key);
std::string KeyText(const Key& key);

// "index:<w:08d>:", the prefix of every coverage key of a window.
std::string WindowKeyPrefix(WindowId window);

// The one key that prints as `text`.
//
// Errors: kDataLoss  not a key of the schema: unknown prefix, kind or pin, wrong digit count, a
//                    chunk beyond the geometry, lo > hi, a coverage that leaves its window. The
//                    text names the key, escaped.
absl::StatusOr<Key> ParseKey(const Geometry& geometry, std::string_view text);

// Exactly `digits` ASCII digits; nothing else (no sign, no space) parses.
std::optional<std::uint32_t> ParseFixedDigits(std::string_view text, std::size_t digits);

}  // namespace permafrost::engine
