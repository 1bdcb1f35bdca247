// The one table of everything that can be configured. Reading TOML, flags, defaults, checks,
// printing and the reference page are driven by it.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/config/config.h"

namespace permafrost::engine {

enum class LeafType {
  kText,
  kChoice,    // one of a few words
  kCount,     // a whole number
  kBytes,     // a whole number, or a string with a unit: "64MiB"
  kDuration,  // a string with a unit: "250ms"; kept in milliseconds
};

// Both allowed; in the unit of the leaf.
struct Bounds {
  std::uint64_t min = 0;
  std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
};

// What is wrong with a text and the remedy, as "must be ...; do ..."; "" if nothing is.
using TextCheck = std::string (*)(std::string_view text);

// The field that a leaf fills.
using TextField = std::string& (*)(Config&);
using NumberField = std::uint64_t& (*)(Config&);

// Stands for a default in Leaf::default_text.
inline constexpr std::string_view kNoDefault = "<required>";     // has none
inline constexpr std::string_view kProcessors = "<processors>";  // as many as the machine has

struct Leaf {
  std::string_view path;  // dotted; the flag is "--" and this
  LeafType type = LeafType::kText;
  std::string_view default_text;  // as ParseText reads it
  Bounds bounds = {};
  std::vector<std::string_view> choices = {};
  TextCheck check = nullptr;
  std::string_view rule = {};  // of a text, in words
  std::variant<TextField, NumberField> field;
  std::string_view help = {};

  bool is_required() const { return default_text == kNoDefault; }
};

// In the order in which they are printed: tables are contiguous.
std::span<const Leaf> Leaves();

// Null if there is none.
const Leaf* FindLeaf(std::string_view path);

// "storage", "service.methods", ...: everything above a leaf, each once, in the order of Leaves().
std::vector<std::string_view> TableNames();

// What the leaf must be, in words: "a whole number from 1 to 1024".
std::string RuleText(const Leaf& leaf);

// A key of the system that this engine replaces, and why it is not here.
struct LeftOut {
  std::string_view path;  // a key, or a table with all that is below it
  std::string_view why;
};
std::span<const LeftOut> LeftOutKeys();

// Null if the path is none of them and below none of them.
const LeftOut* FindLeftOut(std::string_view path);

}  // namespace permafrost::engine
