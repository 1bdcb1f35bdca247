// Defaults, then the file, then the flags; then what is missing and what does not fit together.
#include "engine/config/load.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "engine/config/validate.h"
#include "vfs/base/check.h"
#include "vfs/base/escape.h"
#include "vfs/base/nearest.h"
#include "vfs/base/status.h"

namespace permafrost::engine {
namespace {

std::size_t IndexOf(const Leaf& leaf) { return static_cast<std::size_t>(&leaf - Leaves().data()); }

const Leaf& LeafAt(std::string_view path) {
  const Leaf* const leaf = FindLeaf(path);
  VFS_CHECK(leaf != nullptr, "no leaf '{}'", path);
  return *leaf;
}

bool IsTableName(std::string_view path) {
  const std::vector<std::string_view> names = TableNames();
  return std::find(names.begin(), names.end(), path) != names.end();
}

// Findings and comments are lines of printable text; a file may be called anything.
std::string PlainName(const std::string& name) {
  const bool is_plain =
      std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~'; });
  return is_plain ? name : vfs::EscapedForError(name);
}

// What a key or table is called that the schema does not have.
std::string Unknown(const TomlEntry& entry) {
  if (const LeftOut* const left_out = FindLeftOut(entry.path)) {
    return fmt::format("no key '{}': {}; take it out", entry.path, left_out->why);
  }
  std::vector<std::string_view> known = TableNames();
  const bool is_table = entry.kind == TomlKind::kTable;
  if (!is_table) known.clear();
  for (const Leaf& leaf : Leaves()) known.push_back(leaf.path);
  return fmt::format("no {} '{}'{}; see permafrost config print", is_table ? "table" : "key",
                     entry.path, vfs::DidYouMean(entry.path, known));
}

}  // namespace

std::string ToString(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text += fmt::format("permafrost: {}: {}\n", finding.where, finding.text);
  }
  return text;
}

LoadedConfig::LoadedConfig(const ConfigInputs& inputs)
    : file_name_(inputs.file.has_value() ? PlainName(inputs.file->name) : ""),
      origins_(Leaves().size()) {
  for (const Leaf& leaf : Leaves()) {
    if (leaf.is_required()) continue;
    if (leaf.default_text == kProcessors) {
      Set(leaf, std::clamp(inputs.processors, leaf.bounds.min, leaf.bounds.max), config_);
      continue;
    }
    const absl::StatusOr<Value> value = ParseText(leaf, leaf.default_text);
    VFS_CHECK(value.ok(), "default of {}: {}", leaf.path, vfs::Message(value.status()));
    Set(leaf, *value, config_);
  }
}

LoadedConfig LoadedConfig::Load(const ConfigInputs& inputs) {
  LoadedConfig loaded(inputs);
  if (inputs.file.has_value()) {
    const auto read = ReadToml(inputs.file->text);
    if (const auto* const error = std::get_if<TomlError>(&read)) {
      loaded.Find(loaded.WhereInFile(error->place), error->finding);
      return loaded;
    }
    loaded.ReadEntries(std::get<std::vector<TomlEntry>>(read));
  }
  loaded.ReadFlags(inputs.flags);
  if (inputs.required == RequiredKeys::kMustBeSet) loaded.FindMissing();
  for (Finding& finding : CheckTogether(loaded)) loaded.findings_.push_back(std::move(finding));
  return loaded;
}

void LoadedConfig::ReadEntries(const std::vector<TomlEntry>& entries) {
  std::vector<std::string> refused;  // tables, with a dot: what is below them is not looked at
  for (const TomlEntry& entry : entries) {
    const bool is_below_refused =
        std::any_of(refused.begin(), refused.end(),
                    [&](const std::string& table) { return entry.path.starts_with(table); });
    if (is_below_refused) continue;
    const Leaf* const leaf = FindLeaf(entry.path);
    const bool is_table = entry.kind == TomlKind::kTable;
    if (leaf != nullptr && !is_table) {
      ReadLeaf(*leaf, entry);
      continue;
    }
    if (leaf == nullptr && is_table && IsTableName(entry.path)) continue;
    if (is_table) refused.push_back(entry.path + ".");
    if (leaf != nullptr) {
      Find(WhereInFile(entry.place), vfs::Message(WrongKind(*leaf, ToString(entry.kind))));
    } else if (IsTableName(entry.path)) {
      Find(WhereInFile(entry.place),
           fmt::format("{} is {}: must be a table; write [{}] above its keys", entry.path,
                       ToString(entry.kind), entry.path));
    } else {
      Find(WhereInFile(entry.place), Unknown(entry));
    }
  }
}

void LoadedConfig::ReadLeaf(const Leaf& leaf, const TomlEntry& entry) {
  const Origin origin{.kind = Origin::Kind::kFile, .place = entry.place};
  if (entry.kind == TomlKind::kInteger) {
    Take(leaf, ParseInteger(leaf, entry.integer), origin);
  } else if (entry.kind != TomlKind::kString) {
    Take(leaf, WrongKind(leaf, ToString(entry.kind)), origin);
  } else if (leaf.type == LeafType::kCount) {
    Take(leaf, WrongKind(leaf, "the string " + vfs::EscapedForError(entry.text)), origin);
  } else {
    Take(leaf, ParseText(leaf, entry.text), origin);
  }
}

void LoadedConfig::ReadFlags(const std::vector<FlagText>& flags) {
  for (const Leaf& leaf : Leaves()) {
    for (const FlagText& flag : flags) {
      if (flag.path != leaf.path) continue;
      Take(leaf, ParseText(leaf, flag.text), {.kind = Origin::Kind::kFlag});
    }
  }
}

void LoadedConfig::Take(const Leaf& leaf,
                        const absl::StatusOr<Value>& value,
                        const Origin& origin) {
  // Set also when it is wrong: it is not missing.
  origins_[IndexOf(leaf)] = origin;
  if (value.ok()) {
    Set(leaf, *value, config_);
    return;
  }
  Find(WhereOf(leaf, origin), vfs::Message(value.status()));
}

void LoadedConfig::FindMissing() {
  for (const Leaf& leaf : Leaves()) {
    if (!IsMissing(leaf)) continue;
    Find(file_name_.empty() ? "configuration" : file_name_,
         fmt::format("{} is missing: it has no default; write it into the file or give --{}",
                     leaf.path, leaf.path));
  }
}

void LoadedConfig::Find(std::string where, std::string text) {
  findings_.push_back({.where = std::move(where), .text = std::move(text)});
}

std::string LoadedConfig::WhereInFile(Place place) const {
  return fmt::format("{}:{}:{}", file_name_, place.line, place.column);
}

std::string LoadedConfig::WhereOf(const Leaf& leaf, const Origin& origin) const {
  switch (origin.kind) {
    case Origin::Kind::kDefault: return file_name_.empty() ? "configuration" : file_name_;
    case Origin::Kind::kFile: return WhereInFile(origin.place);
    case Origin::Kind::kFlag: return fmt::format("--{}", leaf.path);
  }
  VFS_CHECK(false, "origin {}", static_cast<int>(origin.kind));
}

Origin LoadedConfig::OriginOf(std::string_view path) const {
  return origins_[IndexOf(LeafAt(path))];
}

std::string LoadedConfig::OriginText(std::string_view path) const {
  const Origin origin = OriginOf(path);
  switch (origin.kind) {
    case Origin::Kind::kDefault: return "default";
    case Origin::Kind::kFile: return WhereInFile(origin.place);
    case Origin::Kind::kFlag: return "flag";
  }
  VFS_CHECK(false, "origin {}", static_cast<int>(origin.kind));
}

bool LoadedConfig::IsMissing(const Leaf& leaf) const {
  return leaf.is_required() && OriginOf(leaf.path).kind == Origin::Kind::kDefault;
}

std::size_t LoadedConfig::set_count() const {
  return static_cast<std::size_t>(
      std::count_if(origins_.begin(), origins_.end(),
                    [](const Origin& origin) { return origin.kind != Origin::Kind::kDefault; }));
}

Finding LoadedConfig::FindingAbout(std::vector<std::string_view> paths, std::string text) const {
  const auto rank = [](const Origin& origin) { return std::pair(origin.kind, origin.place); };
  const std::string_view last =
      *std::max_element(paths.begin(), paths.end(), [&](std::string_view a, std::string_view b) {
        return rank(OriginOf(a)) < rank(OriginOf(b));
      });
  return {.where = WhereOf(LeafAt(last), OriginOf(last)), .text = std::move(text)};
}

}  // namespace permafrost::engine
