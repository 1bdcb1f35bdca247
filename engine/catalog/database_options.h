// How the engine opens the databases that it keeps.
#pragma once

#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::engine {

// The engine makes the directory and owns its barriers.
inline vfs::RocksDbOptions DatabaseOptions(const vfs::RocksOptions& rocks, vfs::OpenRule rule) {
  vfs::RocksDbOptions options;
  options.rocks = rocks;
  options.rule = rule;
  options.dir_owner = vfs::DirOwner::kCaller;
  return options;
}

}  // namespace permafrost::engine
