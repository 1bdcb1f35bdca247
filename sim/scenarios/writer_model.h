// What the writers of rocksdb/concurrent write, as a function of how many batches each has written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::sim {

inline constexpr vfs::Family kMetaFamily{1};

// How many batches each writer has written, by writer.
using WriterCounts = std::vector<std::uint64_t>;

// Batch `number` (from 1) of a writer, in two column families. It carries the counts that the
// writer knew to be written when it began: whoever finds the batch must find those too.
vfs::RocksBatch BatchOf(std::size_t writer, std::uint64_t number, const WriterCounts& seen);
// Whether it is written with a sync.
bool IsSynced(std::size_t writer, std::uint64_t number);

// All rows of a database, by family.
struct Content {
  std::vector<vfs::RocksDb::Row> rows;
  std::vector<vfs::RocksDb::Row> meta;
};
absl::StatusOr<Content> ReadContent(const vfs::RocksDb& db, const vfs::RocksSnapshot* snapshot);

// The counts that a content stands for.
// Errors: kDataLoss  it is no result of whole batches, or it holds a batch and lacks one before it;
//                    which, in one line
absl::StatusOr<WriterCounts> CountsOf(const Content& content, std::size_t writers);

// "0:5 1:3".
std::string ToString(const WriterCounts& counts);

}  // namespace permafrost::sim
