// Tables, keys, values, comments.
#include "engine/config/print.h"

#include <utility>

#include <fmt/format.h>

namespace permafrost::engine {
namespace {

// "storage.hot" -> "storage".
std::string_view TableOf(std::string_view path) { return path.substr(0, path.rfind('.')); }
std::string_view KeyOf(std::string_view path) { return path.substr(path.rfind('.') + 1); }

}  // namespace

std::vector<PrintedKey> PrintedKeys(const LoadedConfig& loaded) {
  std::vector<PrintedKey> keys;
  for (const Leaf& leaf : Leaves()) {
    Value value = Get(leaf, loaded.config());
    if (leaf.type == LeafType::kDuration) value = NumberText(leaf, std::get<std::uint64_t>(value));
    keys.push_back({.path = leaf.path,
                    .value = std::move(value),
                    .origin = loaded.OriginText(leaf.path),
                    .is_missing = loaded.IsMissing(leaf)});
  }
  return keys;
}

std::string ConfigText(const LoadedConfig& loaded) {
  std::string out;
  std::string_view table;
  for (const PrintedKey& key : PrintedKeys(loaded)) {
    if (TableOf(key.path) != table) {
      table = TableOf(key.path);
      out += fmt::format("{}[{}]\n", out.empty() ? "" : "\n", table);
    }
    if (key.is_missing) {
      out += fmt::format("# {} is required and not set\n", KeyOf(key.path));
      continue;
    }
    out += fmt::format("{} = {}  # {}\n", KeyOf(key.path), TomlText(*FindLeaf(key.path), key.value),
                       key.origin);
  }
  return out;
}

}  // namespace permafrost::engine
