// Units, bounds and quotes.
#include "engine/config/value_text.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "engine/config/toml_reader.h"
#include "vfs/base/check.h"
#include "vfs/base/escape.h"
#include "vfs/base/nearest.h"
#include "vfs/base/parse_number.h"
#include "vfs/base/status.h"

namespace permafrost::engine {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t size;
};

// The largest first, so that a value prints with the largest that divides it.
constexpr std::array<Unit, 4> kDurationUnits = {
    {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 4> kBytesUnits = {{{"TiB", std::uint64_t{1} << 40},
                                              {"GiB", std::uint64_t{1} << 30},
                                              {"MiB", std::uint64_t{1} << 20},
                                              {"KiB", std::uint64_t{1} << 10}}};

std::span<const Unit> UnitsOf(LeafType type) {
  if (type == LeafType::kDuration) return kDurationUnits;
  if (type == LeafType::kBytes) return kBytesUnits;
  return {};
}

std::optional<std::uint64_t> UnitSize(const Leaf& leaf, std::string_view name) {
  for (const Unit& unit : UnitsOf(leaf.type)) {
    if (unit.name == name) return unit.size;
  }
  const bool needs_unit = leaf.type == LeafType::kDuration;
  return name.empty() && !needs_unit ? std::optional<std::uint64_t>(1) : std::nullopt;
}

std::string_view UnitRemedy(const Leaf& leaf) {
  return leaf.type == LeafType::kDuration ? "write a unit: ms, s, m or h"
                                          : "write bytes, or a unit: KiB, MiB, GiB or TiB";
}

absl::Status Refuse(const Leaf& leaf, std::string_view shown, std::string_view answer) {
  return vfs::InvalidArgument("{} is {}: {}", leaf.path, shown, answer);
}

absl::Status BreaksRule(const Leaf& leaf, std::string_view shown, std::string_view remedy) {
  return Refuse(leaf, shown, fmt::format("must be {}; {}", RuleText(leaf), remedy));
}

absl::Status TooSmall(const Leaf& leaf, std::string_view shown) {
  return BreaksRule(leaf, shown, fmt::format("raise it to {}", NumberText(leaf, leaf.bounds.min)));
}

absl::StatusOr<Value> InBounds(const Leaf& leaf, std::uint64_t number, std::string_view shown) {
  if (number < leaf.bounds.min) return TooSmall(leaf, shown);
  if (number > leaf.bounds.max) {
    return BreaksRule(leaf, shown,
                      fmt::format("lower it to {}", NumberText(leaf, leaf.bounds.max)));
  }
  return Value(number);
}

// Digits with a unit, or without one where that is allowed; no sign, no fraction, no blank.
absl::StatusOr<Value> ParseNumberText(const Leaf& leaf, std::string_view text) {
  const std::string shown = vfs::EscapedForError(text);
  const bool is_negative = text.starts_with('-');
  const std::string_view magnitude = is_negative ? text.substr(1) : text;
  const std::size_t end = std::min(magnitude.find_first_not_of("0123456789"), magnitude.size());
  const std::optional<std::uint64_t> unit_size = UnitSize(leaf, magnitude.substr(end));
  if (end == 0 || !unit_size.has_value()) {
    if (leaf.type == LeafType::kCount) return BreaksRule(leaf, shown, "write digits only");
    return BreaksRule(leaf, shown, UnitRemedy(leaf));
  }
  if (is_negative) return TooSmall(leaf, shown);
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t number =
      vfs::ParseNumber<std::uint64_t>(magnitude.substr(0, end)).value_or(kMost);
  return InBounds(leaf, number > kMost / *unit_size ? kMost : number * *unit_size, shown);
}

bool HasControlCharacter(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

absl::StatusOr<Value> ParseWords(const Leaf& leaf, std::string_view text) {
  const std::string shown = vfs::EscapedForError(text);
  if (HasControlCharacter(text)) {
    return Refuse(leaf, shown, "must not hold control characters; take them out");
  }
  if (!IsTomlString(TomlString(text)))
    return Refuse(leaf, shown, "must be UTF-8; write it in UTF-8");
  if (leaf.type == LeafType::kChoice) {
    if (std::find(leaf.choices.begin(), leaf.choices.end(), text) == leaf.choices.end())
      return BreaksRule(leaf, shown, "choose one of these" + vfs::DidYouMean(text, leaf.choices));
    return Value(std::string(text));
  }
  const std::string wrong = leaf.check == nullptr ? "" : leaf.check(text);
  if (!wrong.empty()) return Refuse(leaf, shown, wrong);
  return Value(std::string(text));
}

bool IsNumber(const Leaf& leaf) { return std::holds_alternative<NumberField>(leaf.field); }

}  // namespace

absl::StatusOr<Value> ParseText(const Leaf& leaf, std::string_view text) {
  return IsNumber(leaf) ? ParseNumberText(leaf, text) : ParseWords(leaf, text);
}

absl::StatusOr<Value> ParseInteger(const Leaf& leaf, std::int64_t integer) {
  const std::string shown = fmt::format("{}", integer);
  if (!IsNumber(leaf)) return WrongKind(leaf, "the integer " + shown);
  if (leaf.type == LeafType::kDuration) return BreaksRule(leaf, shown, UnitRemedy(leaf));
  if (integer < 0) return TooSmall(leaf, shown);
  return InBounds(leaf, static_cast<std::uint64_t>(integer), shown);
}

absl::Status WrongKind(const Leaf& leaf, std::string_view found) {
  switch (leaf.type) {
    case LeafType::kText:
    case LeafType::kChoice: return BreaksRule(leaf, found, "write a string in quotes");
    case LeafType::kCount: return BreaksRule(leaf, found, "write a number without quotes");
    case LeafType::kBytes:
      return BreaksRule(leaf, found, "write a number, or a string as \"64MiB\"");
    case LeafType::kDuration: return BreaksRule(leaf, found, "write a string as \"5s\"");
  }
  VFS_CHECK(false, "leaf type {}", static_cast<int>(leaf.type));
}

std::string NumberText(const Leaf& leaf, std::uint64_t number) {
  for (const Unit& unit : UnitsOf(leaf.type)) {
    if (number != 0 && number % unit.size == 0)
      return fmt::format("{}{}", number / unit.size, unit.name);
  }
  return leaf.type == LeafType::kDuration ? fmt::format("{}ms", number) : fmt::format("{}", number);
}

std::string TomlString(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\u{:04X}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string TomlText(const Leaf& leaf, const Value& value) {
  if (const auto* const text = std::get_if<std::string>(&value)) return TomlString(*text);
  const std::string number = NumberText(leaf, std::get<std::uint64_t>(value));
  const bool is_bare = number.find_first_not_of("0123456789") == std::string::npos;
  return is_bare ? number : TomlString(number);
}

Value Get(const Leaf& leaf, const Config& config) {
  // The accessors serve reading and writing; here nothing is written.
  auto& fields = const_cast<Config&>(config);
  if (const auto* const text = std::get_if<TextField>(&leaf.field)) return (*text)(fields);
  return std::get<NumberField>(leaf.field)(fields);
}

void Set(const Leaf& leaf, Value value, Config& config) {
  if (const auto* const text = std::get_if<TextField>(&leaf.field)) {
    (*text)(config) = std::get<std::string>(std::move(value));
  } else {
    std::get<NumberField>(leaf.field)(config) = std::get<std::uint64_t>(value);
  }
}

}  // namespace permafrost::engine
