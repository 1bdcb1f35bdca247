// Makes the golden cold files: cold_golden_maker DIRECTORY, an existing one without them. It was
// run once for each version of the formats; the files in corpus/formats are never made again.
#include <cstdio>

#include "tests/engine/cold/golden_chunk.h"
#include "vfs/base/status.h"
#include "vfs/posix/posix_file_system.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: cold_golden_maker DIRECTORY\n", stderr);
    return 2;
  }
  const auto fs = permafrost::vfs::PosixFileSystem::Open(argv[1]);
  const absl::Status made =
      fs.ok() ? permafrost::engine::testing::WriteGoldenChunk(**fs) : fs.status();
  if (made.ok()) return 0;
  std::fputs((permafrost::vfs::Message(made) + "\n").c_str(), stderr);
  return 1;
}
