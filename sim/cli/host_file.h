// Files and directories of the real disk that commands make.
#pragma once

#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

namespace permafrost::sim {

// The directory and those above it.
absl::Status MakeDirs(const std::string& path);
// Makes a new directory whose path begins with `prefix` and returns that path.
absl::StatusOr<std::string> MakeUniqueDir(std::string_view prefix);
// A new file with this content, on the disk; what a failure leaves of it stays.
absl::Status WriteNewFile(const std::string& path, std::string_view text);
// The same, the whole file or none of it, also on a full disk.
absl::Status WriteWhole(const std::string& path, std::string_view text);

}  // namespace permafrost::sim
