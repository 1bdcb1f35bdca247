// Reading a frozen file: whole, and only as the catalog recorded it.
#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "engine/catalog/values.h"
#include "vfs/file_system.h"

namespace permafrost::engine {

// Errors: kDataLoss  the file is missing, has another length, or its bytes have another checksum;
//                    names file and offset
absl::StatusOr<std::string> ReadVerified(vfs::FileSystem& fs,
                                         std::string_view path,
                                         const FileDigest& digest);

}  // namespace permafrost::engine
