// The configuration as loaded: what file and flags say over the defaults, where each value came
// from, and everything that is wrong with it. Nothing here looks at a disk.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/config/config.h"
#include "engine/config/schema.h"
#include "engine/config/toml_reader.h"
#include "engine/config/value_text.h"

namespace permafrost::engine {

struct Origin {
  enum class Kind { kDefault, kFile, kFlag };
  Kind kind = Kind::kDefault;
  Place place = {};  // of the key in the file
};

struct Finding {
  std::string where;  // "FILE:LINE:COLUMN", "FILE" or "--flag"
  std::string text;   // object, finding, remedy
};

// "permafrost: WHERE: TEXT" lines.
std::string ToString(const std::vector<Finding>& findings);

struct ConfigFile {
  std::string name;  // as findings show it
  std::string text;
};

struct FlagText {
  std::string path;  // of a leaf: the flag without its dashes
  std::string text;
};

enum class RequiredKeys {
  kMustBeSet,
  kMayBeMissing,  // for looking at a draft
};

struct ConfigInputs {
  std::optional<ConfigFile> file = std::nullopt;
  std::vector<FlagText> flags = {};  // each leaf at most once
  std::uint64_t processors = 1;      // of the machine
  RequiredKeys required = RequiredKeys::kMustBeSet;
};

// Threads: immutable.
class LoadedConfig {
 public:
  // Flag over file over default. All findings in one order: the file's from its first line to its
  // last, flags, missing keys, rules between keys. A file that is no TOML yields that finding only.
  // Values with findings stay at their defaults.
  static LoadedConfig Load(const ConfigInputs& inputs);

  const Config& config() const { return config_; }
  const std::vector<Finding>& findings() const { return findings_; }
  bool is_valid() const { return findings_.empty(); }

  // "default", "FILE:LINE:COLUMN" or "flag". Requires the path of a leaf.
  std::string OriginText(std::string_view path) const;
  bool IsMissing(const Leaf& leaf) const;
  // How many keys the file and the flags set.
  std::size_t set_count() const;

  // A finding about these keys: it stands at the last of them that was set.
  Finding FindingAbout(std::vector<std::string_view> paths, std::string text) const;

 private:
  explicit LoadedConfig(const ConfigInputs& inputs);

  void ReadEntries(const std::vector<TomlEntry>& entries);
  void ReadLeaf(const Leaf& leaf, const TomlEntry& entry);
  void ReadFlags(const std::vector<FlagText>& flags);
  void FindMissing();
  void Take(const Leaf& leaf, const absl::StatusOr<Value>& value, const Origin& origin);
  void Find(std::string where, std::string text);
  Origin OriginOf(std::string_view path) const;
  std::string WhereInFile(Place place) const;
  std::string WhereOf(const Leaf& leaf, const Origin& origin) const;

  Config config_;
  std::string file_name_;        // "": no file
  std::vector<Origin> origins_;  // beside Leaves()
  std::vector<Finding> findings_;
};

}  // namespace permafrost::engine
