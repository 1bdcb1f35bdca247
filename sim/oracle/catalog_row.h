// Catalog rows as the oracle reads them: its own strict parser, which shares no line with the
// engine's.
//
// Source: engine/FORMATS.md "Catalog keys" and "Catalog values"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace permafrost::sim {

struct ChunkRow {
  std::uint32_t chunk = 0;
  std::string kind;   // ledgers, events or txhash
  std::string state;  // freezing, frozen or pruning
  std::string value;
};
struct IndexRow {
  std::uint32_t window = 0;
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  std::string state;  // as of a chunk
  std::string value;
};
struct HotRow {
  std::uint32_t chunk = 0;
  std::string state;  // transient or ready
};
struct ConfigRow {
  std::string name;
  std::string value;
};
using CatalogRow = std::variant<ChunkRow, IndexRow, HotRow, ConfigRow>;

// The two figures of the geometry that keys depend on.
struct CatalogShape {
  std::uint32_t chunks_per_window = 1;
  std::uint32_t chunks_per_bucket = 1;
};

// Only the canonical spelling parses: an unknown key, another version than v1, a word too many, a
// configuration value of another form or a geometry of another shape does not.
std::optional<CatalogRow> ParseCatalogRow(std::string_view key,
                                          std::string_view value,
                                          const CatalogShape& shape);

}  // namespace permafrost::sim
