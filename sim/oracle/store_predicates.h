// The store's numbered invariants, judged from the raw disk and the raw catalog: nothing here is
// the engine's code.
//
// Numbers are those of engine/INVARIANTS.md. The product's own audit shares no line with this; a
// test compares the two on damaged stores.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "sim/oracle/crash_matrix.h"
#include "sim/oracle/expectation.h"
#include "vfs/env.h"
#include "vfs/file_system.h"
#include "vfs/rocksdb/rocks_options.h"

namespace permafrost::sim {

enum class Moment {
  kAlways,   // what holds at every instant
  kSettled,  // and what holds after one start and one lifecycle run
};

// What the oracle knows of the store under test besides its disk.
struct StoreFacts {
  std::uint32_t chunks_per_window = 1;
  std::uint32_t chunks_per_bucket = 1;
  vfs::RocksOptions rocks;
  // The bytes that a frozen file must have; nullptr-like empty function: only sizes and checksums
  // are compared.
  std::function<std::string(std::string_view kind, std::uint32_t chunk, std::size_t file)>
      chunk_file;
  std::function<std::string(std::uint32_t first, std::uint32_t last)> index_file;
};

// Opens the catalog at rest (the adapter's log rule and a production open), walks the tree, checks
// every predicate that can be read off them, and opens every ready hot database. Meant for a clone:
// opening writes.
//
// `floor`: the oldest retained chunk, used for kSettled only. `image`: gets what was found, as it
// lay before it was opened; null: nobody asks.
std::vector<Violation> CheckStore(const vfs::Env& env,
                                  const StoreFacts& facts,
                                  Moment moment,
                                  std::int64_t floor,
                                  StoreImage* image = nullptr);

// Every regular file below `path` (sorted).
absl::StatusOr<std::vector<std::string>> FilesBelow(const vfs::FileSystem& fs,
                                                    const std::string& path);

// The catalog's rows, empty when there is no catalog yet.
absl::StatusOr<std::map<std::string, std::string>> CatalogRowsAtRest(
    const vfs::Env& env, const vfs::RocksOptions& rocks);

// The whole content of a file.
absl::StatusOr<std::string> ReadWholeFile(const vfs::FileSystem& fs, const std::string& path);

}  // namespace permafrost::sim
