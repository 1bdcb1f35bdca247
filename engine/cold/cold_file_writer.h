// Writes a cold file: units, each with its checksum, then the trailer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/status.h>

#include "engine/cold/cold_format.h"
#include "vfs/file_system.h"

namespace permafrost::engine {

// The checksum that each unit of a file has: of the file's identity, the unit's number and its
// bytes.
class UnitChecksum {
 public:
  UnitChecksum(const ColdFileId& id, ColdFileKind kind);

  std::uint32_t Of(std::uint64_t unit, std::string_view bytes) const;

 private:
  std::uint32_t seed_;
};

// Appends to an empty file in pieces of about 1 MiB. After an error every call repeats it.
//
// Memory:   one piece and one unit
// Durable:  never; syncing and closing are the owner's business
// Threads:  one thread at a time
class ColdFileWriter {
 public:
  // `file` must outlive this.
  ColdFileWriter(vfs::File* file, const ColdFileId& id, ColdFileKind kind);

  absl::Status Append(std::uint64_t unit, std::string_view bytes);

  // Writes the trailer and everything that was kept back. Nothing may follow.
  absl::Status Finish(const ColdNumbers& numbers);

  // Appended so far, checksums included.
  std::uint64_t bytes() const { return bytes_; }

 private:
  absl::Status Flush();

  vfs::File* const file_;
  const ColdFileId id_;
  const ColdFileKind kind_;
  const UnitChecksum checksum_;
  std::string pending_;
  std::uint64_t bytes_ = 0;
  absl::Status failure_;
};

}  // namespace permafrost::engine
