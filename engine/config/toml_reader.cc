// The only file that sees toml++; its exceptions end here.
#include "engine/config/toml_reader.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "vfs/base/check.h"
#include "vfs/base/escape.h"

namespace permafrost::engine {
namespace {

Place PlaceOf(const toml::source_region& region) {
  return {.line = region.begin.line, .column = region.begin.column};
}

TomlKind KindOf(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return TomlKind::kTable;
    case toml::node_type::array: return TomlKind::kArray;
    case toml::node_type::string: return TomlKind::kString;
    case toml::node_type::integer: return TomlKind::kInteger;
    case toml::node_type::floating_point: return TomlKind::kFloat;
    case toml::node_type::boolean: return TomlKind::kBoolean;
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time: return TomlKind::kDateTime;
    case toml::node_type::none: break;
  }
  VFS_CHECK(false, "a TOML node without a type");
}

bool IsBareKey(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

void Flatten(const toml::table& table, const std::string& prefix, std::vector<TomlEntry>& entries) {
  for (const auto& [key, node] : table) {
    const std::string_view name = key.str();
    TomlEntry entry{
        .path = prefix + (IsBareKey(name) ? std::string(name) : vfs::EscapedForError(name)),
        .place = PlaceOf(key.source()),
        .kind = KindOf(node),
        .text = node.value_or(std::string()),
        .integer = node.is_integer() ? node.value_or(std::int64_t{0}) : 0};
    const std::string below = entry.path + ".";
    entries.push_back(std::move(entry));
    if (const toml::table* const inner = node.as_table()) Flatten(*inner, below, entries);
  }
}

std::optional<TomlError> CheckLines(std::string_view text) {
  std::uint32_t line = 1;
  while (!text.empty()) {
    const std::size_t length = std::min(text.find('\n'), text.size());
    if (length > kTomlLineBytesMax) {
      return TomlError{.place = {.line = line, .column = 1},
                       .finding = fmt::format("line of {} bytes (limit {}); break it", length,
                                              kTomlLineBytesMax)};
    }
    text.remove_prefix(std::min(length + 1, text.size()));
    ++line;
  }
  return std::nullopt;
}

// The parser's words in our form. They may quote the file, control characters included.
std::string Reworded(std::string_view description) {
  std::string text(description);
  std::replace_if(
      text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }, '?');
  if (text.starts_with('E')) text.front() = 'e';  // "Error while ...", "Encountered ..."
  return fmt::format("not TOML: {}; correct it", text);
}

}  // namespace

std::string_view ToString(TomlKind kind) {
  switch (kind) {
    case TomlKind::kTable: return "a table";
    case TomlKind::kString: return "a string";
    case TomlKind::kInteger: return "an integer";
    case TomlKind::kFloat: return "a float";
    case TomlKind::kBoolean: return "a boolean";
    case TomlKind::kDateTime: return "a date or time";
    case TomlKind::kArray: return "an array";
  }
  VFS_CHECK(false, "TOML kind {}", static_cast<int>(kind));
}

std::variant<std::vector<TomlEntry>, TomlError> ReadToml(std::string_view text) {
  if (std::optional<TomlError> error = CheckLines(text)) return *std::move(error);
  std::vector<TomlEntry> entries;
  try {
    Flatten(toml::parse(text), "", entries);
  } catch (const toml::parse_error& error) {
    return TomlError{.place = PlaceOf(error.source()), .finding = Reworded(error.description())};
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const TomlEntry& a, const TomlEntry& b) { return a.place < b.place; });
  return entries;
}

bool IsTomlString(std::string_view quoted) {
  const auto read = ReadToml(fmt::format("x = {}", quoted));
  const auto* const entries = std::get_if<std::vector<TomlEntry>>(&read);
  return entries != nullptr && entries->size() == 1 && entries->front().kind == TomlKind::kString;
}

}  // namespace permafrost::engine
