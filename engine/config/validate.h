// Rules between keys, and the directories that a configuration names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/config/load.h"

namespace permafrost::engine {

// One directory of the store.
struct NamedDirectory {
  std::string_view key;  // the leaf that names it
  std::string path;      // below the data directory, as the file system names it
};

// Every root that is configured, and the quarantine; none that BelowDataDir refuses.
std::vector<NamedDirectory> DirectoriesOf(const Config& config);

// What does not fit together, as text alone can tell: directories, sizes, sources.
std::vector<Finding> CheckTogether(const LoadedConfig& loaded);

// The findings that two keys name one directory, and that one lies inside another.
Finding SharedDirectory(const LoadedConfig& loaded,
                        const NamedDirectory& one,
                        const NamedDirectory& other);
Finding NestedDirectory(const LoadedConfig& loaded,
                        const NamedDirectory& inner,
                        const NamedDirectory& outer);

}  // namespace permafrost::engine
