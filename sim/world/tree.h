// All that a file system holds, as a value: a real directory as a simulated disk, and two disks
// against each other.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "sim/disk/disk_state.h"
#include "vfs/file_system.h"

namespace permafrost::sim {

// Path -> content, nothing for a directory; a directory stands before what is in it. A file with
// two names is two files.
using Tree = std::map<std::string, std::optional<std::string>>;

// While nobody changes it. Errors: as List, Open and Read.
absl::StatusOr<Tree> ReadTree(const vfs::FileSystem& fs);

// Makes all of it in an empty file system. Durable: never.
absl::Status WriteTree(const Tree& tree, vfs::FileSystem& fs);

// Removes everything, if it is there.
absl::Status RemoveAll(vfs::FileSystem& fs);

// A settled disk with this content.
DiskState DiskOf(const Tree& tree);

// The first path at which they differ, and how, in one line; empty if they are equal. `left` and
// `right` name the sides.
std::string Difference(const Tree& a, std::string_view left, const Tree& b, std::string_view right);

}  // namespace permafrost::sim
