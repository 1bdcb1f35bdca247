// Cold files on a simulated disk, and what becomes of a reader when any byte of one is another.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <absl/status/status.h>

#include "engine/cold/cold_format.h"
#include "sim/disk/sim_file_system.h"

namespace permafrost::engine::testing {

// Chunk 3 of the store 11..11.
ColdFileId SomeColdFile();

class ColdDisk {
 public:
  // Until the next Restore.
  vfs::FileSystem& fs() { return *fs_; }

  // A new file, written by `writer`; a status that is not OK fails the test.
  void Write(std::string_view path, const std::function<absl::Status(vfs::File&)>& writer);
  std::string Bytes(std::string_view path) const;
  // Puts these bytes in the place of a file.
  void Replace(std::string_view path, std::string_view bytes);

  // Everything as it was.
  sim::DiskState Saved() const { return fs_->state(); }
  void Restore(const sim::DiskState& saved) { fs_ = std::make_unique<sim::SimFileSystem>(saved); }

 private:
  std::unique_ptr<sim::SimFileSystem> fs_ = std::make_unique<sim::SimFileSystem>();
};

// Flips every byte of the file, one at a time, and cuts it at every length: `read`, which reads all
// that is in it, must fail with kDataLoss and name the file. The file is as before afterwards.
void ExpectEveryByteMatters(ColdDisk& disk,
                            std::string_view path,
                            const std::function<absl::Status()>& read);

}  // namespace permafrost::engine::testing
