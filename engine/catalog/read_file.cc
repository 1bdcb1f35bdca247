// Length first, then content, then checksum.
#include "engine/catalog/read_file.h"

#include <algorithm>
#include <memory>
#include <span>

#include "vfs/base/crc32c.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine {

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
  const auto& [fs, path, digest] = frozen;
  const std::uint64_t bytes = digest.bytes;
  std::string content(bytes, '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    VFS_ASSIGN_OR_RETURN(const std::size_t count,
                         file->Read(done, std::span<char>(content).subspan(done)));
    if (count == 0) {
      return vfs::DataLoss("read {} at {}: ends there, the catalog recorded {} bytes", path, done,
                           bytes);
    }
    done += count;
  }
  const std::uint32_t crc32c = vfs::Crc32c(content);
  if (crc32c == digest.crc32c) return content;
  return vfs::DataLoss(
      "read {} at 0: {} bytes have checksum 0x{:08x}, the catalog recorded 0x{:08x}", path, bytes,
      crc32c, digest.crc32c);
}

}  // namespace permafrost::engine
