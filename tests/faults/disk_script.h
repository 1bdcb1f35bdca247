// A script of every call there is, its results as comparable lines: what two disks must agree on.
#pragma once

#include <string>
#include <vector>

#include "vfs/file_system.h"

namespace permafrost::faults {

// Runs the script on an empty file system; one line for each call: name, path, code, errno, text,
// whether the error was injected, and what was answered where that is the same on every disk. Its
// steps are "script.files" and "script.names".
//
// It keeps to D4: it never goes on with a handle or a directory whose sync failed.
std::vector<std::string> RunDiskScript(vfs::FileSystem& fs);

}  // namespace permafrost::faults
