// Reads a cold file: its trailer, then any unit of it, and no unit without its checksum.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "engine/cold/cold_file_writer.h"
#include "engine/cold/cold_format.h"
#include "vfs/base/status.h"
#include "vfs/file_system.h"

namespace permafrost::engine {

// Up to buffer.size() bytes at an offset; fewer only at the end.
using ReadBytesAt =
    std::function<absl::StatusOr<std::size_t>(std::uint64_t offset, std::span<char> buffer)>;

// Threads:  any thread, but for Open and DropTail
// Errors:   of each call kDataLoss for anything that the file should not be: names file, unit,
//           offset and finding; errors of the file system as they are
class ColdFileReader {
 public:
  // Reads the end of the file, at most 256 KiB (of a hash run the trailer), and verifies the
  // trailer.
  static absl::StatusOr<ColdFileReader> Open(vfs::FileSystem& fs,
                                             std::string_view path,
                                             const ColdFileId& id,
                                             ColdFileKind kind);
  // The same of bytes that are somewhere else; `path` is what errors call them.
  static absl::StatusOr<ColdFileReader> Open(ReadBytesAt read,
                                             std::uint64_t file_bytes,
                                             std::string_view path,
                                             const ColdFileId& id,
                                             ColdFileKind kind);

  const ColdNumbers& numbers() const { return numbers_; }
  // Where the trailer begins.
  std::uint64_t trailer_at() const { return file_bytes_ - kColdTrailerBytes; }

  // A unit of the file, without its checksum. Requires that it ends before the trailer.
  //
  // Shape: `bytes` includes the checksum
  absl::StatusOr<std::string> Unit(std::uint64_t unit,
                                   std::uint64_t offset,
                                   std::size_t bytes) const;

  // Exactly this many bytes, not verified: of units that are read together.
  absl::Status Bytes(std::uint64_t offset, std::span<char> buffer) const;
  // What `bytes`, read from `offset`, hold of this unit.
  absl::StatusOr<std::string_view> Verified(std::uint64_t unit,
                                            std::uint64_t offset,
                                            std::string_view bytes) const;

  // The end of the file is not needed again.
  void DropTail() { tail_ = {}; }

  // kDataLoss: "read PATH: UNIT at byte OFFSET: FINDING".
  absl::Status Damaged(std::uint64_t unit, std::uint64_t offset, std::string_view finding) const;
  // kDataLoss: "read PATH: trailer at byte OFFSET: FINDING".
  absl::Status DamagedTrailer(std::string_view finding) const;

 private:
  ColdFileReader(ReadBytesAt read,
                 std::uint64_t file_bytes,
                 std::string_view path,
                 const ColdFileId& id,
                 ColdFileKind kind);

  absl::Status ReadTail();
  absl::Status ParseTrailer(std::string_view trailer);

  ReadBytesAt read_;
  std::uint64_t file_bytes_;
  std::string path_;
  ColdFileId id_;
  ColdFileKind kind_;
  UnitChecksum checksum_;
  ColdNumbers numbers_ = {};
  std::string tail_;  // the last bytes of the file
};

}  // namespace permafrost::engine
