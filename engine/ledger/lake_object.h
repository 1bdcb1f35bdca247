// One object of a data lake: a batch of ledgers in one zstd frame.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "engine/ledger/lake_layout.h"
#include "engine/ledger/stellar_decoder.h"
#include "vfs/file_system.h"

namespace permafrost::engine {

// Limits of an object: compressed, and what comes out of it.
inline constexpr std::uint64_t kLakeObjectBytesMax = std::uint64_t{1} << 30;

// The content of the only zstd frame that `object` consists of, at most `bytes_max` bytes.
//
// Errors: kOutOfRange  the frame ends too early: it may be half written
//         kDataLoss    not a zstd frame, damaged, larger, or something follows it
absl::StatusOr<std::string> UnpackLakeObject(std::string_view object,
                                             std::uint64_t bytes_max = kLakeObjectBytesMax);

// The ledgers of the batch that `bytes` hold, in sequence. Of the first batch those that exist.
// Spans borrow from `bytes`.
//
// Errors: kDataLoss            other ledgers than those of the batch, or not a batch
//         kFailedPrecondition  a ledger before the last has a type that the decoder does not know,
//                              so that nothing says where it ends
absl::StatusOr<std::vector<std::string_view>> SplitLakeBatch(const StellarDecoder& decoder,
                                                             const LakeBatch& batch,
                                                             std::string_view bytes);

// The bytes of an object as it stands now.
//
// Errors: kNotFound     there is none
//         kUnavailable  it could not be read this time
//         kDataLoss     it is too large
absl::StatusOr<std::string> ReadLakeObject(vfs::FileSystem& fs, std::string_view key);

}  // namespace permafrost::engine
