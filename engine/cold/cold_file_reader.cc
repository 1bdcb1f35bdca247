// The checks that every cold file has in common.
#include "engine/cold/cold_file_reader.h"

#include <algorithm>
#include <cstring>

#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/escape.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

// What is read of the end of a file when it is opened: its trailer, and the index before it.
std::uint64_t TailBytes(ColdFileKind kind) {
  return kind == ColdFileKind::kHashRun ? kColdTrailerBytes : std::uint64_t{256} << 10;
}

std::string NameOf(std::uint64_t unit, ColdFileKind kind) {
  if (unit == kIndexUnit) return "index";
  if (unit == kAppDataUnit) return "app data";
  const bool has_blocks = kind == ColdFileKind::kTermDirectory || kind == ColdFileKind::kHashRun;
  return fmt::format("{} {}", has_blocks ? "block" : "record", unit);
}

}  // namespace

ColdFileReader::ColdFileReader(ReadBytesAt read,
                               std::uint64_t file_bytes,
                               std::string_view path,
                               const ColdFileId& id,
                               ColdFileKind kind)
    : read_(std::move(read)),
      file_bytes_(file_bytes),
      path_(path),
      id_(id),
      kind_(kind),
      checksum_(id, kind) {}

absl::StatusOr<ColdFileReader> ColdFileReader::Open(vfs::FileSystem& fs,
                                                    std::string_view path,
                                                    const ColdFileId& id,
                                                    ColdFileKind kind) {
  VFS_ASSIGN_OR_RETURN(std::shared_ptr<vfs::File> file, fs.Open(path, vfs::OpenMode::kRead));
  VFS_ASSIGN_OR_RETURN(const std::uint64_t bytes, file->Size());
  return Open(
      [file](std::uint64_t offset, std::span<char> buffer) { return file->Read(offset, buffer); },
      bytes, path, id, kind);
}

absl::StatusOr<ColdFileReader> ColdFileReader::Open(ReadBytesAt read,
                                                    std::uint64_t file_bytes,
                                                    std::string_view path,
                                                    const ColdFileId& id,
                                                    ColdFileKind kind) {
  ColdFileReader reader(std::move(read), file_bytes, path, id, kind);
  VFS_RETURN_IF_ERROR(reader.ReadTail());
  return reader;
}

absl::Status ColdFileReader::ReadTail() {
  if (file_bytes_ < kColdTrailerBytes) {
    return vfs::DataLoss("read {}: trailer at byte 0: the file has {} bytes, expected at least {}",
                         path_, file_bytes_, kColdTrailerBytes);
  }
  std::string tail(std::min(file_bytes_, TailBytes(kind_)), '\0');
  VFS_RETURN_IF_ERROR(Bytes(file_bytes_ - tail.size(), std::span<char>(tail)));
  tail_ = std::move(tail);
  return ParseTrailer(std::string_view(tail_).substr(tail_.size() - kColdTrailerBytes));
}

absl::Status ColdFileReader::ParseTrailer(std::string_view trailer) {
  if (trailer.substr(0, kColdMagic.size()) != kColdMagic) {
    return DamagedTrailer(fmt::format("it begins with {}, expected {}",
                                      vfs::EscapedForError(trailer.substr(0, kColdMagic.size())),
                                      vfs::EscapedForError(kColdMagic)));
  }
  const auto number = [trailer](std::size_t at) {
    return vfs::LoadLittleEndian<std::uint32_t>(trailer, at);
  };
  const std::uint32_t computed = vfs::Crc32c(trailer.substr(0, kColdTrailerCrcAt));
  if (number(kColdTrailerCrcAt) != computed) {
    return DamagedTrailer(
        fmt::format("checksum 0x{:08x}, expected 0x{:08x}", number(kColdTrailerCrcAt), computed));
  }
  if (number(kColdVersionAt) != kColdVersion) {
    return DamagedTrailer(fmt::format("version {}, expected {}; a newer release wrote it",
                                      number(kColdVersionAt), kColdVersion));
  }
  if (number(kColdKindAt) != static_cast<std::uint32_t>(kind_)) {
    return DamagedTrailer(fmt::format("a file of kind {}, expected {}", number(kColdKindAt),
                                      static_cast<std::uint32_t>(kind_)));
  }
  if (std::memcmp(trailer.data() + kColdStoreIdAt, id_.store_id.data(), id_.store_id.size()) != 0)
    return DamagedTrailer("a file of another store");
  if (number(kColdChunkAt) != static_cast<std::uint32_t>(id_.chunk.value())) {
    return DamagedTrailer(
        fmt::format("a file of chunk {}, expected {}", number(kColdChunkAt), id_.chunk.value()));
  }
  for (std::size_t i = 0; i < numbers_.size(); ++i)
    numbers_[i] = number(kColdNumbersAt + i * sizeof(std::uint32_t));
  return absl::OkStatus();
}

absl::Status ColdFileReader::Bytes(std::uint64_t offset, std::span<char> buffer) const {
  const std::uint64_t tail_at = file_bytes_ - tail_.size();
  if (!tail_.empty() && offset >= tail_at && file_bytes_ - offset >= buffer.size()) {
    std::memcpy(buffer.data(), tail_.data() + (offset - tail_at), buffer.size());
    return absl::OkStatus();
  }
  VFS_ASSIGN_OR_RETURN(const std::size_t count, read_(offset, buffer));
  if (count == buffer.size()) return absl::OkStatus();
  return vfs::DataLoss("read {}: {} bytes at byte {}: the file ends after {}; it had {} bytes",
                       path_, buffer.size(), offset, count, file_bytes_);
}

absl::StatusOr<std::string_view> ColdFileReader::Verified(std::uint64_t unit,
                                                          std::uint64_t offset,
                                                          std::string_view bytes) const {
  if (bytes.size() < kColdCrcBytes)
    return Damaged(unit, offset, fmt::format("{} bytes have no checksum", bytes.size()));
  const std::string_view checked = bytes.substr(0, bytes.size() - kColdCrcBytes);
  const auto stored = vfs::LoadLittleEndian<std::uint32_t>(bytes, checked.size());
  const std::uint32_t computed = checksum_.Of(unit, checked);
  if (stored == computed) return checked;
  return Damaged(unit, offset,
                 fmt::format("checksum 0x{:08x}, expected 0x{:08x}", stored, computed));
}

absl::StatusOr<std::string> ColdFileReader::Unit(std::uint64_t unit,
                                                 std::uint64_t offset,
                                                 std::size_t bytes) const {
  VFS_CHECK(offset <= trailer_at() && trailer_at() - offset >= bytes,
            "{} bytes at {} of a file whose trailer is at {}", bytes, offset, trailer_at());
  std::string read(bytes, '\0');
  VFS_RETURN_IF_ERROR(Bytes(offset, std::span<char>(read)));
  VFS_RETURN_IF_ERROR(Verified(unit, offset, read).status());
  read.resize(bytes - kColdCrcBytes);
  return read;
}

absl::Status ColdFileReader::Damaged(std::uint64_t unit,
                                     std::uint64_t offset,
                                     std::string_view finding) const {
  return vfs::DataLoss("read {}: {} at byte {}: {}", path_, NameOf(unit, kind_), offset, finding);
}

absl::Status ColdFileReader::DamagedTrailer(std::string_view finding) const {
  return vfs::DataLoss("read {}: trailer at byte {}: {}", path_, trailer_at(), finding);
}

}  // namespace permafrost::engine
