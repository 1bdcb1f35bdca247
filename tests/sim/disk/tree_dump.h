// A disk as one line of text, and the set of lines that a power cut may leave.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "sim/disk/crash_images.h"
#include "sim/disk/disk_state.h"
#include "vfs/file_system.h"

namespace permafrost::sim {

// "a=AB. d/ d/b={x100} d/c~a": paths in order; directories end with '/'; a sector of one byte is
// that character ('.' for zeros, '?' for what does not print); other sectors are runs in braces; a
// second name of a file shows the first one.
std::string DumpTree(const InodeTree& tree);

// The dumps of all images with zeros as fill, every combination of units tried.
std::set<std::string> CutDumps(const DiskState& state, std::string_view personality);

// As CutDumps, with the images whose choice has this text, from every stage.
std::set<std::string> CutDumpsWith(const DiskState& state,
                                   std::string_view personality,
                                   std::string_view choice_part);

// `count` sectors of one character.
std::string Sectors(char fill, std::size_t count);

// Makes a file with this content, settled together with its name.
void MakeSettled(vfs::FileSystem& fs, std::string_view path, std::string_view content);

// The file opened for reading and writing.
std::unique_ptr<vfs::File> OpenFile(vfs::FileSystem& fs, std::string_view path);

}  // namespace permafrost::sim
