// Length first, then content, then checksum.
#include "engine/catalog/read_file.h"

#include <algorithm>
#include <memory>
#include <span>

#include "vfs/base/crc32c.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {
namespace {

constexpr std::size_t kVerifyBytes = std::size_t{1} << 20;

// Fills the buffer from an offset.
absl::Status ReadExactly(const FrozenFile& frozen,
                         const vfs::File& file,
                         std::uint64_t offset,
                         std::span<char> buffer) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    VFS_ASSIGN_OR_RETURN(const std::size_t count, file.Read(offset + done, buffer.subspan(done)));
    if (count == 0) {
      return vfs::DataLoss("read {} at {}: ends there, the catalog recorded {} bytes", frozen.path,
                           offset + done, frozen.digest.bytes);
    }
    done += count;
  }
  return absl::OkStatus();
}

absl::Status CheckChecksum(const FrozenFile& frozen, std::uint32_t crc32c) {
  if (crc32c == frozen.digest.crc32c) return absl::OkStatus();
  return vfs::DataLoss(
      "read {} at 0: {} bytes have checksum 0x{:08x}, the catalog recorded 0x{:08x}", frozen.path,
      frozen.digest.bytes, crc32c, frozen.digest.crc32c);
}

}  // namespace

absl::StatusOr<std::unique_ptr<vfs::File>> OpenFrozen(const FrozenFile& frozen) {
  const auto& [fs, path, digest] = frozen;
  absl::StatusOr<std::unique_ptr<vfs::File>> file = fs->Open(path, vfs::OpenMode::kRead);
  if (file.status().code() == absl::StatusCode::kNotFound) {
    return vfs::DataLoss("read {} at 0: missing, the catalog has it frozen with {} bytes", path,
                         digest.bytes);
  }
  VFS_RETURN_IF_ERROR(file.status());
  VFS_ASSIGN_OR_RETURN(const std::uint64_t bytes, (*file)->Size());
  if (bytes != digest.bytes) {
    return vfs::DataLoss("read {} at {}: the file has {} bytes, the catalog recorded {}", path,
                         std::min(bytes, digest.bytes), bytes, digest.bytes);
  }
  return file;
}

absl::StatusOr<std::string> ReadVerified(const FrozenFile& frozen) {
  VFS_ASSIGN_OR_RETURN(const std::unique_ptr<vfs::File> file, OpenFrozen(frozen));
  std::string content(frozen.digest.bytes, '\0');
  VFS_RETURN_IF_ERROR(ReadExactly(frozen, *file, 0, std::span<char>(content)));
  VFS_RETURN_IF_ERROR(CheckChecksum(frozen, vfs::Crc32c(content)));
  return content;
}

absl::Status VerifyFrozen(const FrozenFile& frozen) {
  VFS_ASSIGN_OR_RETURN(const std::unique_ptr<vfs::File> file, OpenFrozen(frozen));
  const std::uint64_t bytes = frozen.digest.bytes;
  std::string block(std::min<std::uint64_t>(bytes, kVerifyBytes), '\0');
  std::uint32_t crc32c = 0;
  for (std::uint64_t at = 0; at < bytes; at += block.size()) {
    block.resize(std::min<std::uint64_t>(bytes - at, kVerifyBytes));
    VFS_RETURN_IF_ERROR(ReadExactly(frozen, *file, at, std::span<char>(block)));
    crc32c = vfs::Crc32cExtend(crc32c, block);
  }
  return CheckChecksum(frozen, crc32c);
}

}  // namespace permafrost::engine
