// The ledgers of the catalog scenarios: what every artifact must hold, as a function of ids alone.
//
// Threads: any thread; what comes by reference lives as long as the thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace permafrost::sim {

// Small on purpose: every boundary lies a few operations away.
inline constexpr std::uint32_t kModelLedgersPerChunk = 3;
inline constexpr std::uint32_t kModelChunksPerWindow = 3;
inline constexpr std::uint32_t kModelChunksPerBucket = 2;
inline constexpr std::uint32_t kModelFirstLedger = 2;

// Row of one ledger in a hot database, and its share of a frozen file. `kind`: "ledgers", "events",
// "txhash".
const std::string& LedgerRow(std::string_view kind, std::uint32_t sequence);
std::uint32_t FirstLedgerOf(std::uint32_t chunk);

// The bytes of a frozen file: blocks of [length, CRC32C, payload], several to a file.
const std::string& FrozenFileBytes(std::string_view kind, std::uint32_t chunk, std::size_t file);
// The bytes of an index over [first, last], as built from the right hash runs.
const std::string& IndexFileBytes(std::uint32_t first, std::uint32_t last);
// The lines of an index, lengthened to several blocks.
std::string PaddedIndex(std::string payload);
// One line of an index: the chunk and the digest of its hash run.
std::string IndexLine(std::uint32_t chunk, std::string_view hash_run);

// Cuts `payload` into checksummed blocks.
std::string EncodeBlocks(std::string_view payload);
// Errors: kDataLoss  a block's checksum or length is wrong; names the byte
absl::StatusOr<std::string> DecodeBlocks(std::string_view bytes);

}  // namespace permafrost::sim
