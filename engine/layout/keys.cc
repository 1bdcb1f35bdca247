// Printing and strict parsing of catalog keys.
#include "engine/layout/keys.h"

#include <fmt/format.h>

#include "vfs/base/check.h"
#include "vfs/base/escape.h"
#include "vfs/base/status.h"

namespace permafrost::engine {
namespace {

constexpr std::size_t kIdDigits = 8;

std::string_view PinName(Pin pin) {
  switch (pin) {
    case Pin::kStoreId: return "store_id";
    case Pin::kFormat: return "format";
    case Pin::kGeometry: return "geometry";
    case Pin::kNetwork: return "network";
    case Pin::kEarliestLedger: return "earliest_ledger";
  }
  VFS_CHECK(false, "pin {}", static_cast<int>(pin));
}

// Walks a key left to right; every step consumes exactly what it names or fails for good.
class Cursor {
 public:
  explicit Cursor(std::string_view rest) : rest_(rest) {}

  bool Take(std::string_view literal) {
    if (!rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }
  std::optional<std::uint32_t> TakeId() {
    const std::optional<std::uint32_t> id = ParseFixedDigits(rest_.substr(0, kIdDigits), kIdDigits);
    if (id.has_value()) rest_.remove_prefix(kIdDigits);
    return id;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

std::optional<ChunkId> TakeChunk(const Geometry& geometry, Cursor& cursor) {
  const std::optional<std::uint32_t> id = cursor.TakeId();
  if (!id.has_value()) return std::nullopt;
  const ChunkId chunk{static_cast<std::int32_t>(*id)};
  return geometry.IsValid(chunk) ? std::optional(chunk) : std::nullopt;
}

std::optional<Key> ParseChunkArtifact(const Geometry& geometry, Cursor cursor) {
  const std::optional<ChunkId> chunk = TakeChunk(geometry, cursor);
  if (!chunk.has_value() || !cursor.Take(":")) return std::nullopt;
  const std::optional<ArtifactKind> kind = ParseArtifactKind(cursor.rest());
  if (!kind.has_value()) return std::nullopt;
  return ChunkArtifact{.chunk = *chunk, .kind = *kind};
}

std::optional<Key> ParseCoverage(const Geometry& geometry, Cursor cursor) {
  const std::optional<std::uint32_t> window = cursor.TakeId();
  if (!window.has_value() || !cursor.Take(":")) return std::nullopt;
  const std::optional<ChunkId> first = TakeChunk(geometry, cursor);
  if (!first.has_value() || !cursor.Take(":")) return std::nullopt;
  const std::optional<ChunkId> last = TakeChunk(geometry, cursor);
  if (!last.has_value() || !cursor.rest().empty()) return std::nullopt;
  const Coverage coverage{.window = WindowId{*window}, .chunks = {*first, *last}};
  const bool in_window =
      geometry.WindowOf(*first) == coverage.window && geometry.WindowOf(*last) == coverage.window;
  if (!in_window || coverage.chunks.is_empty()) return std::nullopt;
  return coverage;
}

std::optional<Key> ParseHot(const Geometry& geometry, Cursor cursor) {
  if (!cursor.Take("chunk:")) return std::nullopt;
  const std::optional<ChunkId> chunk = TakeChunk(geometry, cursor);
  if (!chunk.has_value() || !cursor.rest().empty()) return std::nullopt;
  return HotChunkKey{.chunk = *chunk};
}

std::optional<Key> ParsePin(Cursor cursor) {
  for (const Pin pin : kAllPins) {
    if (cursor.rest() == PinName(pin)) return pin;
  }
  return std::nullopt;
}

}  // namespace

std::string_view ToString(ArtifactKind kind) {
  switch (kind) {
    case ArtifactKind::kLedgers: return "ledgers";
    case ArtifactKind::kEvents: return "events";
    case ArtifactKind::kTxHash: return "txhash";
  }
  VFS_CHECK(false, "artifact kind {}", static_cast<int>(kind));
}

std::optional<ArtifactKind> ParseArtifactKind(std::string_view text) {
  for (const ArtifactKind kind : kAllArtifactKinds) {
    if (text == ToString(kind)) return kind;
  }
  return std::nullopt;
}

std::string KeyText(const ChunkArtifact& key) {
  return fmt::format("{}{:08d}:{}", kChunkPrefix, key.chunk.value(), ToString(key.kind));
}

std::string KeyText(const Coverage& key) {
  return fmt::format("{}{:08d}:{:08d}:{:08d}", kIndexPrefix, key.window.value(),
                     key.chunks.first.value(), key.chunks.last.value());
}

std::string KeyText(const HotChunkKey& key) {
  return fmt::format("{}chunk:{:08d}", kHotPrefix, key.chunk.value());
}

std::string KeyText(Pin key) { return fmt::format("{}{}", kConfigPrefix, PinName(key)); }

std::string KeyText(const Key& key) {
  return std::visit([](const auto& typed) { return KeyText(typed); }, key);
}

std::string WindowKeyPrefix(WindowId window) {
  return fmt::format("{}{:08d}:", kIndexPrefix, window.value());
}

absl::StatusOr<Key> ParseKey(const Geometry& geometry, std::string_view text) {
  Cursor cursor(text);
  std::optional<Key> key;
  if (cursor.Take(kChunkPrefix)) {
    key = ParseChunkArtifact(geometry, cursor);
  } else if (cursor.Take(kIndexPrefix)) {
    key = ParseCoverage(geometry, cursor);
  } else if (cursor.Take(kHotPrefix)) {
    key = ParseHot(geometry, cursor);
  } else if (cursor.Take(kConfigPrefix)) {
    key = ParsePin(cursor);
  }
  if (!key.has_value()) {
    return vfs::DataLoss("parse catalog key {}: not a key of geometry {}",
                         vfs::EscapedForError(text), geometry.Text());
  }
  VFS_CHECK(KeyText(*key) == text, "key {} prints as {}", text, KeyText(*key));
  return *key;
}

std::optional<std::uint32_t> ParseFixedDigits(std::string_view text, std::size_t digits) {
  if (text.size() != digits) return std::nullopt;
  std::uint32_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint32_t>(c - '0');
  }
  return value;
}

}  // namespace permafrost::engine
