// Files of the machine that an operator names on a command line; a link is followed.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace permafrost::vfs {

// All of it. `what` is what it should be, for the refusal: "open repro x.repro: ...".
//
// Errors: kInvalidArgument  longer than `bytes_max`; else what open(2) and read(2) give
absl::StatusOr<std::string> ReadHostFile(
    std::string_view what,
    const std::string& path,
    std::size_t bytes_max = std::numeric_limits<std::size_t>::max());

}  // namespace permafrost::vfs
