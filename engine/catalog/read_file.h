// Reading a frozen file: only as the catalog recorded it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "engine/catalog/values.h"
#include "vfs/file_system.h"

namespace permafrost::engine {

// A file that the catalog says is frozen.
struct FrozenFile {
  vfs::FileSystem* fs = nullptr;
  std::string path;
  FileDigest digest;
};

// For readers whose format has a checksum over each part that they use.
//
// Errors: kDataLoss  the file is missing or has another length
absl::StatusOr<std::unique_ptr<vfs::File>> OpenFrozen(const FrozenFile& file);

// The whole content.
//
// Errors: kDataLoss  as OpenFrozen, or its bytes have another checksum; names file and offset
absl::StatusOr<std::string> ReadVerified(const FrozenFile& file);

// Whether it is as recorded. Memory: 1 MiB. Errors: as ReadVerified
absl::Status VerifyFrozen(const FrozenFile& file);

}  // namespace permafrost::engine
