// Checksums, the trailer, and few large writes.
#include "engine/cold/cold_file_writer.h"

#include "vfs/base/bytes.h"
#include "vfs/base/check.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 20;

void AppendIdentity(std::string& out, const ColdFileId& id) {
  out.append(reinterpret_cast<const char*>(id.store_id.data()), id.store_id.size());
  vfs::AppendLittleEndian(out, static_cast<std::uint32_t>(id.chunk.value()));
}

}  // namespace

UnitChecksum::UnitChecksum(const ColdFileId& id, ColdFileKind kind) {
  std::string bytes;
  vfs::AppendLittleEndian(bytes, static_cast<std::uint32_t>(kind));
  AppendIdentity(bytes, id);
  seed_ = vfs::Crc32c(bytes);
}

std::uint32_t UnitChecksum::Of(std::uint64_t unit, std::string_view bytes) const {
  const std::string_view number(reinterpret_cast<const char*>(&unit), sizeof(unit));
  return vfs::Crc32cExtend(vfs::Crc32cExtend(seed_, number), bytes);
}

ColdFileWriter::ColdFileWriter(vfs::File* file, const ColdFileId& id, ColdFileKind kind)
    : file_(file), id_(id), kind_(kind), checksum_(id, kind) {
  VFS_CHECK(id.chunk.value() >= 0, "a cold file of chunk {}", id.chunk.value());
}

absl::Status ColdFileWriter::Append(std::uint64_t unit, std::string_view bytes) {
  pending_.append(bytes);
  vfs::AppendLittleEndian(pending_, checksum_.Of(unit, bytes));
  bytes_ += bytes.size() + kColdCrcBytes;
  if (pending_.size() < kPieceBytes) return failure_;
  return Flush();
}

absl::Status ColdFileWriter::Finish(const ColdNumbers& numbers) {
  std::string trailer(kColdMagic);
  vfs::AppendLittleEndian(trailer, kColdVersion);
  vfs::AppendLittleEndian(trailer, static_cast<std::uint32_t>(kind_));
  AppendIdentity(trailer, id_);
  for (const std::uint32_t number : numbers) vfs::AppendLittleEndian(trailer, number);
  vfs::AppendLittleEndian(trailer, vfs::Crc32c(trailer));
  VFS_CHECK(trailer.size() == kColdTrailerBytes, "a trailer of {} bytes", trailer.size());
  pending_ += trailer;
  bytes_ += trailer.size();
  return Flush();
}

absl::Status ColdFileWriter::Flush() {
  if (failure_.ok()) failure_ = file_->Append(pending_);
  pending_.clear();
  return failure_;
}

}  // namespace permafrost::engine
