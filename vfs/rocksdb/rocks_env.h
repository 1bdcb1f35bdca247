// rocksdb::Env, SystemClock and Logger over vfs::Env: work goes to its executor, time and chance
// come from it.
#pragma once

#include <memory>

#include <rocksdb/env.h>

#include "vfs/env.h"
#include "vfs/rocksdb/rocks_file_system.h"

namespace permafrost::vfs {

// The Env of one open database; `fs` is kept alive by it. `env` and what it points to must outlive
// the database.
std::unique_ptr<rocksdb::Env> MakeRocksEnv(const Env& env, std::shared_ptr<RocksFileSystem> fs);

// Forwards warnings and errors to `log`; never fails, unlike RocksDB's own logger, which aborts
// when a write fails.
std::shared_ptr<rocksdb::Logger> MakeRocksLogger(Log* log);

}  // namespace permafrost::vfs
