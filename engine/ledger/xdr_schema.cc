// Line by line, word by word; a word ends at a blank outside of brackets.
#include "engine/ledger/xdr_schema.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "vfs/base/parse_number.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr std::uint32_t kNoLimit = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kFixedBytesMax = 1024;

std::vector<std::string_view> WordsOf(std::string_view line) {
  std::vector<std::string_view> words;
  int depth = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    const bool is_end = i == line.size() || (line[i] == ' ' && depth == 0);
    if (is_end) {
      if (i > start) words.push_back(line.substr(start, i - start));
      start = i + 1;
      continue;
    }
    if (line[i] == '[' || line[i] == '(') ++depth;
    if (line[i] == ']' || line[i] == ')') --depth;
  }
  return words;
}

// The number of "64" or, where it may be left out, of "".
std::optional<std::uint32_t> LimitOf(std::string_view digits) {
  if (digits.empty()) return kNoLimit;
  return vfs::ParseNumber<std::uint32_t>(digits);
}

absl::StatusOr<XdrType> ParseType(std::string_view text) {
  using Kind = XdrType::Kind;
  XdrType type;
  type.spelling = text;
  if (text == "v") return type;
  if (text == "b" || text == "i" || text == "h") {
    type.kind = text == "b" ? Kind::kBool : Kind::kFixed;
    type.count = text == "h" ? 8 : 4;
    return type;
  }
  if (text.starts_with('o')) {
    const auto bytes = vfs::ParseNumber<std::uint32_t>(text.substr(1));
    if (!bytes.has_value() || *bytes == 0 || *bytes % 4 != 0 || *bytes > kFixedBytesMax)
      return vfs::InvalidArgument("'{}' is no opaque of 4, 8, ... bytes", text);
    type.kind = Kind::kFixed;
    type.count = *bytes;
    return type;
  }
  if (text.starts_with('O') && LimitOf(text.substr(1)).has_value()) {
    type.kind = Kind::kOpaque;
    type.count = *LimitOf(text.substr(1));
    return type;
  }
  if (text.starts_with('?')) {
    VFS_ASSIGN_OR_RETURN(XdrType element, ParseType(text.substr(1)));
    type.kind = Kind::kOptional;
    type.element.push_back(std::move(element));
    return type;
  }
  if (text.size() > 2 && (text.front() == '[' || text.front() == '(')) {
    const bool is_list = text.front() == '[';
    const std::size_t blank = text.find(' ');
    if (text.back() != (is_list ? ']' : ')') || blank == std::string_view::npos)
      return vfs::InvalidArgument("'{}' is no list", text);
    const auto count = LimitOf(text.substr(1, blank - 1));
    if (!count.has_value() || *count == 0 || (!is_list && *count > kFixedBytesMax))
      return vfs::InvalidArgument("'{}' is a list without a sane count", text);
    VFS_ASSIGN_OR_RETURN(XdrType element,
                         ParseType(text.substr(blank + 1, text.size() - blank - 2)));
    if (element.kind == Kind::kVoid) return vfs::InvalidArgument("'{}' is a list of nothing", text);
    type.kind = is_list ? Kind::kList : Kind::kTuple;
    type.count = *count;
    type.element.push_back(std::move(element));
    return type;
  }
  if (text.empty() || text.front() < 'A' || text.front() > 'Z')
    return vfs::InvalidArgument("'{}' is no type", text);
  type.kind = Kind::kNamed;
  return type;
}

std::optional<std::int32_t> ParseMember(std::string_view digits) {
  std::int32_t value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// "value=name:T", "value=v" or, of an enum, "value".
absl::StatusOr<XdrArm> ParseArm(std::string_view word, bool is_enum) {
  const std::size_t equals = is_enum ? word.size() : word.find('=');
  const auto value = ParseMember(word.substr(0, equals));
  if (!value.has_value() || equals == std::string_view::npos)
    return vfs::InvalidArgument("'{}' is no {}", word, is_enum ? "member" : "arm");
  if (is_enum || word.substr(equals + 1) == "v") return XdrArm{*value, {}};
  const std::size_t colon = word.find(':');
  if (colon == std::string_view::npos) return vfs::InvalidArgument("'{}' is no arm", word);
  VFS_ASSIGN_OR_RETURN(XdrType type, ParseType(word.substr(colon + 1)));
  return XdrArm{*value, std::move(type)};
}

absl::StatusOr<XdrDefinition> ParseDefinition(const std::vector<std::string_view>& words) {
  using Kind = XdrDefinition::Kind;
  XdrDefinition definition;
  const std::string_view kind = words[1];
  if (kind == "s") {
    for (std::size_t i = 2; i < words.size(); ++i) {
      const std::size_t colon = words[i].find(':');
      if (colon == std::string_view::npos)
        return vfs::InvalidArgument("'{}' is no field", words[i]);
      VFS_ASSIGN_OR_RETURN(XdrType type, ParseType(words[i].substr(colon + 1)));
      definition.fields.push_back({words[i].substr(0, colon), std::move(type)});
    }
    return definition;
  }
  if (kind != "u" && kind != "e") return vfs::InvalidArgument("'{}' is no s, u or e", kind);
  definition.kind = kind == "u" ? Kind::kUnion : Kind::kEnum;
  // Behind a union's kind stands the type of its discriminant, which its arms already say.
  for (std::size_t i = kind == "u" ? 3 : 2; i < words.size(); ++i) {
    VFS_ASSIGN_OR_RETURN(XdrArm arm, ParseArm(words[i], kind == "e"));
    definition.arms.push_back(std::move(arm));
  }
  std::sort(definition.arms.begin(), definition.arms.end(),
            [](const XdrArm& a, const XdrArm& b) { return a.value < b.value; });
  return definition;
}

}  // namespace

absl::StatusOr<XdrSchema> ParseXdrSchema(std::string_view text) {
  XdrSchema schema;
  for (std::size_t line_number = 1; !text.empty(); ++line_number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::vector<std::string_view> words = WordsOf(line);
    if (words.empty()) continue;
    if (words.size() < 3)
      return vfs::InvalidArgument("schema line {}: '{}' defines nothing", line_number, line);
    auto definition = ParseDefinition(words);
    if (!definition.ok())
      return vfs::InvalidArgument("schema line {}: {}", line_number,
                                  vfs::Message(definition.status()));
    if (!schema.emplace(words[0], *std::move(definition)).second)
      return vfs::InvalidArgument("schema line {}: {} is defined twice", line_number, words[0]);
  }
  return schema;
}

}  // namespace permafrost::engine
