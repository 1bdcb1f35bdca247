// Makes the golden index: window_index_golden_maker DIRECTORY NAME. It was run once for each
// version of the format; the files in corpus/formats are never made again.
#include <cstdio>

#include "engine/cold/window_index_builder.h"
#include "tests/engine/cold/golden_index.h"
#include "tests/engine/cold/window_index_world.h"
#include "vfs/base/check.h"
#include "vfs/base/status.h"
#include "vfs/posix/posix_file_system.h"

namespace permafrost::engine::testing {
namespace {

void Make(const char* directory, const char* name) {
  const auto fs = vfs::PosixFileSystem::Open(directory);
  VFS_CHECK(fs.ok(), "{}", vfs::Message(fs.status()));
  const auto file = (*fs)->Create(name);
  VFS_CHECK(file.ok(), "{}", vfs::Message(file.status()));
  const std::vector<IndexEntry> entries = GoldenEntries();
  MemoryEntries stream(entries);
  const auto built =
      BuildWindowIndex({.identity = GoldenIdentity(), .entries = entries.size()}, stream, **file);
  VFS_CHECK(built.ok(), "{}", vfs::Message(built.status()));
}

}  // namespace
}  // namespace permafrost::engine::testing

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: window_index_golden_maker DIRECTORY NAME\n", stderr);
    return 2;
  }
  permafrost::engine::testing::Make(argv[1], argv[2]);
  return 0;
}
