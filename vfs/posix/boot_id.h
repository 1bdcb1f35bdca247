// Which boot of the machine this is: what was only in memory then is worth nothing in another one.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <absl/status/statusor.h>

namespace permafrost::vfs {

using BootId = std::array<std::uint8_t, 16>;

// The kernel's random id of this boot; equal for every process until the machine restarts.
//
// Errors: kDataLoss  it is not of the form below; else what open(2) and read(2) give
absl::StatusOr<BootId> ReadBootId();

// "01234567-89ab-cdef-0123-456789abcdef", with or without the end of the line.
//
// Errors: kDataLoss  what was found
absl::StatusOr<BootId> ParseBootId(std::string_view text);

}  // namespace permafrost::vfs
