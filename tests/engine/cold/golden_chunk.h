// The chunk whose cold files stand in corpus/formats/v1/cold: what it holds, and how it is written.
#pragma once

#include <string_view>

#include <absl/status/status.h>

#include "vfs/file_system.h"

namespace permafrost::engine::testing {

inline constexpr std::string_view kGoldenLedgers = "00000003.pack";
inline constexpr std::string_view kGoldenEvents = "00000003-events.pack";
inline constexpr std::string_view kGoldenBitmaps = "00000003-index.pack";
inline constexpr std::string_view kGoldenDirectory = "00000003-index.hash";
inline constexpr std::string_view kGoldenHashes = "00000003.bin";

// Eight ledgers from 26, made from their sequence as a seed; compressed with the dictionary
// "transfer mint burn".
inline constexpr std::uint32_t kGoldenFirst = 26;
inline constexpr std::uint32_t kGoldenCount = 8;
inline constexpr std::uint32_t kGoldenEventsMax = 170;
inline constexpr std::string_view kGoldenDictionary = "transfer mint burn";

// The bytes of a ledger, as far as this chunk is concerned.
std::string GoldenLedger(std::uint32_t sequence);

// All five files, in the root of a file system without them.
absl::Status WriteGoldenChunk(vfs::FileSystem& fs);

}  // namespace permafrost::engine::testing
