// Writes the index of a window: from the hash of a transaction to the ledger that holds it.
#pragma once

#include <cstdint>

#include <absl/status/statusor.h>

#include "engine/cold/sorted_entries.h"
#include "engine/cold/window_index_format.h"
#include "vfs/file_system.h"

namespace permafrost::engine {

struct WindowIndexInput {
  IndexIdentity identity;
  std::uint64_t entries = 0;  // that the stream will deliver
};

struct WindowIndexSummary {
  std::uint64_t keys = 0;      // 16-byte keys in pages
  std::uint64_t overflow = 0;  // entries beside them, of a key that stands in a page already
  std::uint64_t repeated = 0;  // entries that were delivered twice and are kept once
  std::uint64_t file_bytes = 0;
};

// Appends a whole index to an empty file, in one pass. The same entries give the same bytes. A hash
// that stands in several ledgers is found in all of them.
//
// Shapes:  engine/FORMATS.md "Window index"
// Memory:  about 250 KiB, and 16 bytes for each 470,000 keys (64 KB for 2 * 10^9)
// Durable: never; syncing is the caller's business
// Errors:  kInvalidArgument  coverage of none or of more than 2^24 ledgers; an entry outside it;
//                            entries out of order; more repeated keys than an index can hold
//          kDataLoss         the stream delivered more or fewer entries than declared
//          and those of the stream and the file
absl::StatusOr<WindowIndexSummary> BuildWindowIndex(const WindowIndexInput& input,
                                                    SortedEntries& entries,
                                                    vfs::File& file);

}  // namespace permafrost::engine
