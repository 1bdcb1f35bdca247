// TOML as a flat list of keys with their places; it knows nothing of what they mean.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace permafrost::engine {

// From 1; 0: nowhere in particular. Columns count characters.
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

enum class TomlKind { kTable, kString, kInteger, kFloat, kBoolean, kDateTime, kArray };

// "an integer".
std::string_view ToString(TomlKind kind);

struct TomlEntry {
  // Dotted. A component that is no bare key is in single quotes, so that it equals no name of ours.
  std::string path;
  Place place;  // of the key
  TomlKind kind = TomlKind::kTable;
  std::string text;          // of a string
  std::int64_t integer = 0;  // of an integer
};

struct TomlError {
  Place place;
  std::string finding;  // and the remedy; one line
};

// Tables and values, in the order of the text; what an array holds is not entered. All of it, or
// the first error of syntax, encoding or a key given twice.
std::variant<std::vector<TomlEntry>, TomlError> ReadToml(std::string_view text);

// Whether `quoted` is one TOML string, quotes included.
bool IsTomlString(std::string_view quoted);

// The longest line, in bytes: nesting costs stack, and a line bounds how deep one key can go.
inline constexpr std::size_t kTomlLineBytesMax = 4096;

}  // namespace permafrost::engine
