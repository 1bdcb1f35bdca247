// Hot databases: one RocksDB per chunk, bracketed by its catalog key; made, opened, demoted,
// destroyed.
#pragma once

#include <memory>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/catalog/context.h"
#include "vfs/rocksdb/rocks_db.h"

namespace permafrost::engine {

// None of these claims the chunk's key or asks who reads it: HotStore does.

// Makes the empty database of a chunk and opens it.
//
//   H1 hot.wipe         whatever a transient key left is removed, never opened
//   H2 hot.mark         transient
//   H3 hot.create       directory and database
//   H4 hot.sync.dir     H5 hot.sync.parent
//   H6 hot.ready        ready
//
// Durable: yes, when it returns OK
// Errors:  kFailedPrecondition  the chunk is ready already
absl::StatusOr<std::unique_ptr<vfs::RocksDb>> CreateHotChunk(const StoreContext& context,
                                                             ChunkId chunk,
                                                             const vfs::RocksOptions& rocks);

// Opens the database of a chunk that was found ready, now or in a snapshot that still lives; never
// creates one. A ready key without a database is loud.
//
// Errors: kDataLoss  there is no database
absl::StatusOr<std::unique_ptr<vfs::RocksDb>> OpenHotChunk(const StoreContext& context,
                                                           ChunkId chunk,
                                                           const vfs::RocksOptions& rocks);

// delete.unlink, delete.sync.parent, delete.key of a transient chunk. The caller has closed it.
// Ready is left alone.
//
// Durable: yes, when it returns OK
absl::Status DestroyHotChunk(const StoreContext& context, ChunkId chunk);

}  // namespace permafrost::engine
