// Repro files on the real disk: read and parsed, written whole or not at all.
#pragma once

#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "sim/repro/repro.h"

namespace permafrost::sim {

// Errors: kInvalidArgument  not a repro, with the line; or as ErrnoToStatus
absl::StatusOr<Repro> ReadRepro(const std::string& path);

// The directory and those above it.
absl::Status MakeDirs(const std::string& path);
// A new file with this content, on the disk; what a failure leaves of it stays.
absl::Status WriteNewFile(const std::string& path, std::string_view text);
// The whole file or none of it, also on a full disk.
absl::Status WriteWhole(const std::string& path, std::string_view text);

}  // namespace permafrost::sim
