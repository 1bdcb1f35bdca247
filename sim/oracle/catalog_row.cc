// Splits keys at colons and values at blanks, and refuses everything that is not spelled as it must
// be.
#include "sim/oracle/catalog_row.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include <fmt/format.h>

namespace permafrost::sim {
namespace {

constexpr std::string_view kDecimal = "0123456789";
constexpr std::string_view kLowerHex = "0123456789abcdef";

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

bool IsAllOf(std::string_view text, std::string_view alphabet, std::size_t size) {
  return text.size() == size && text.find_first_not_of(alphabet) == std::string_view::npos;
}

// Without leading zeros, and within 64 bits.
std::optional<std::uint64_t> Decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || fmt::format("{}", value) != text) return std::nullopt;
  return value;
}

std::optional<std::uint32_t> EightDigits(std::string_view text) {
  if (!IsAllOf(text, kDecimal, 8)) return std::nullopt;
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// "name=bytes:crc32c", the checksum in eight digits.
bool IsDigest(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::size_t colon = text.rfind(':');
  return equals != std::string_view::npos && equals > 0 && colon != std::string_view::npos &&
         colon > equals && Decimal(text.substr(equals + 1, colon - equals - 1)).has_value() &&
         IsAllOf(text.substr(colon + 1), kLowerHex, 8);
}

// The state of "v1 <state>", or of "v1 frozen <digest>..." with this many digests, which a tainted
// one keeps under "freezing"; "" if the value is neither.
std::string ArtifactState(std::string_view value, std::size_t files) {
  const std::vector<std::string> words = Split(value, ' ');
  if (words.size() < 2 || words[0] != "v1") return "";
  const bool is_frozen = words[1] == "frozen";
  if (!is_frozen && words[1] != "freezing" && words[1] != "pruning") return "";
  const bool has_files = is_frozen || (words[1] == "freezing" && words.size() > 2);
  if (words.size() != 2 + (has_files ? files : 0)) return "";
  return std::all_of(words.begin() + 2, words.end(), IsDigest) ? words[1] : "";
}

std::optional<CatalogRow> ParseChunk(const std::vector<std::string>& parts,
                                     std::string_view value) {
  if (parts.size() != 3) return std::nullopt;
  const auto chunk = EightDigits(parts[1]);
  const std::string& kind = parts[2];
  if (!chunk || (kind != "ledgers" && kind != "events" && kind != "txhash")) return std::nullopt;
  const std::string state = ArtifactState(value, kind == "events" ? 3 : 1);
  if (state.empty()) return std::nullopt;
  return ChunkRow{*chunk, kind, state, std::string(value)};
}

std::optional<CatalogRow> ParseIndex(const std::vector<std::string>& parts,
                                     std::string_view value,
                                     const CatalogShape& shape) {
  if (parts.size() != 4) return std::nullopt;
  const auto window = EightDigits(parts[1]);
  const auto first = EightDigits(parts[2]);
  const auto last = EightDigits(parts[3]);
  if (!window || !first || !last || *first > *last) return std::nullopt;
  if (*first / shape.chunks_per_window != *window || *last / shape.chunks_per_window != *window)
    return std::nullopt;
  const std::string state = ArtifactState(value, 1);
  if (state.empty()) return std::nullopt;
  return IndexRow{*window, *first, *last, state, std::string(value)};
}

std::optional<CatalogRow> ParseHot(const std::vector<std::string>& parts, std::string_view value) {
  if (parts.size() != 3 || parts[1] != "chunk") return std::nullopt;
  const auto chunk = EightDigits(parts[2]);
  if (!chunk || (value != "v1 transient" && value != "v1 ready")) return std::nullopt;
  return HotRow{*chunk, std::string(value.substr(3))};
}

bool IsGeometry(std::string_view value, const CatalogShape& shape) {
  const std::vector<std::string> figures = Split(value, '/');
  return figures.size() == 3 && Decimal(figures[0]).value_or(0) > 0 &&
         Decimal(figures[1]) == shape.chunks_per_window &&
         Decimal(figures[2]) == shape.chunks_per_bucket;
}

std::optional<CatalogRow> ParseConfig(const std::vector<std::string>& parts,
                                      std::string_view value,
                                      const CatalogShape& shape) {
  if (parts.size() != 2) return std::nullopt;
  const std::string& name = parts[1];
  const bool is_good = (name == "store_id" && IsAllOf(value, kLowerHex, 32)) ||
                       (name == "format" && value == "1") ||
                       (name == "geometry" && IsGeometry(value, shape)) ||
                       (name == "network" && (value.empty() || IsAllOf(value, kLowerHex, 64))) ||
                       (name == "earliest_ledger" && Decimal(value).has_value());
  if (!is_good) return std::nullopt;
  return ConfigRow{name, std::string(value)};
}

}  // namespace

std::optional<CatalogRow> ParseCatalogRow(std::string_view key,
                                          std::string_view value,
                                          const CatalogShape& shape) {
  const std::vector<std::string> parts = Split(key, ':');
  if (parts[0] == "chunk") return ParseChunk(parts, value);
  if (parts[0] == "index") return ParseIndex(parts, value, shape);
  if (parts[0] == "hot") return ParseHot(parts, value);
  if (parts[0] == "config") return ParseConfig(parts, value, shape);
  return std::nullopt;
}

}  // namespace permafrost::sim
