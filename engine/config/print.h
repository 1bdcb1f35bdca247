// A configuration written back: every key with its effective value and where that came from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/config/load.h"

namespace permafrost::engine {

struct PrintedKey {
  std::string_view path;
  Value value;  // a duration as text, with its unit
  std::string origin;
  bool is_missing = false;  // required and not set
};

// In the order of the schema.
std::vector<PrintedKey> PrintedKeys(const LoadedConfig& loaded);

// TOML: loading it gives the same configuration. Each value has its origin behind it as a comment;
// a required key that nobody set stands in a comment.
std::string ConfigText(const LoadedConfig& loaded);

}  // namespace permafrost::engine
