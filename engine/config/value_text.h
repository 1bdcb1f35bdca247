// One value as text: what a flag and a TOML value say, and how it is written back.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/config/schema.h"

namespace permafrost::engine {

// A text, or a number in the unit of its leaf.
using Value = std::variant<std::string, std::uint64_t>;

// What a flag gives: "64MiB", "5s", "12", "text".
//
// Errors: kInvalidArgument  "PATH is 'TEXT': must be RULE; REMEDY"
absl::StatusOr<Value> ParseText(const Leaf& leaf, std::string_view text);

// What a TOML integer gives. Errors: as ParseText; a duration needs a unit
absl::StatusOr<Value> ParseInteger(const Leaf& leaf, std::int64_t integer);

// The refusal of a value of another kind: `found` is "an array", "the integer 3".
absl::Status WrongKind(const Leaf& leaf, std::string_view found);

// A number as its leaf writes it, with the largest unit that divides it: "5s", "64MiB", "12".
std::string NumberText(const Leaf& leaf, std::uint64_t number);

// As TOML: quoted where it is a string. Parsing it gives the same value.
std::string TomlText(const Leaf& leaf, const Value& value);

// A TOML basic string, in quotes.
std::string TomlString(std::string_view text);

Value Get(const Leaf& leaf, const Config& config);
void Set(const Leaf& leaf, Value value, Config& config);

}  // namespace permafrost::engine
