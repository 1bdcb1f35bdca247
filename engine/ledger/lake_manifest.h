// What a data lake says of itself: .config.json.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/ledger/lake_layout.h"
#include "vfs/file_system.h"

namespace permafrost::engine {

inline constexpr char kLakeManifest[] = ".config.json";

struct LakeManifest {
  std::string network_passphrase = {};
  std::string compression = {};
  LakeLayout layout = {};
};

// What is expected of a lake; what is empty or 0 is taken from the lake.
struct LakeOptions {
  std::string network_passphrase = {};
  std::uint32_t ledgers_per_batch = 0;
  std::uint32_t batches_per_partition = 0;
};

// Nothing if the lake has none. `lake` is its name, for errors.
//
// Errors: kDataLoss  not JSON, or a field that is missing or senseless
absl::StatusOr<std::optional<LakeManifest>> ReadLakeManifest(vfs::FileSystem& fs,
                                                             std::string_view lake);

// How the lake is laid out.
//
// Errors: kFailedPrecondition  it is another lake than the options say: names each difference
//         kInvalidArgument     it says nothing and the options do not either
absl::StatusOr<LakeLayout> AgreeOnLayout(const std::optional<LakeManifest>& manifest,
                                         const LakeOptions& options,
                                         std::string_view lake);

}  // namespace permafrost::engine
