// What a disk does to a file that nobody wrote to: a byte is another, its end is gone, it is gone.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include <absl/status/status.h>

#include "vfs/base/status_macros.h"
#include "vfs/file_system.h"

namespace permafrost::engine::testing {

enum class FileDamage { kHeader, kMiddle, kTrailer, kCut, kMissing };
inline constexpr std::array kFileDamages = {FileDamage::kHeader, FileDamage::kMiddle,
                                            FileDamage::kTrailer, FileDamage::kCut,
                                            FileDamage::kMissing};

// Durable: yes, when it returns OK
inline absl::Status Inflict(vfs::FileSystem& fs, const std::string& path, FileDamage damage) {
  if (damage == FileDamage::kMissing) {
    VFS_RETURN_IF_ERROR(fs.Unlink(path));
    return fs.SyncDir(vfs::ParentOf(path));
  }
  VFS_ASSIGN_OR_RETURN(const auto file, fs.Open(path, vfs::OpenMode::kReadWrite));
  VFS_ASSIGN_OR_RETURN(const std::uint64_t bytes, file->Size());
  if (damage == FileDamage::kCut) {
    VFS_RETURN_IF_ERROR(file->Truncate(bytes / 2));
    return file->Sync();
  }
  const std::uint64_t at = damage == FileDamage::kHeader   ? 0
                           : damage == FileDamage::kMiddle ? bytes / 2
                                                           : bytes - 1;
  std::string byte(1, '\0');
  VFS_RETURN_IF_ERROR(file->Read(at, std::span<char>(byte)).status());
  byte[0] = static_cast<char>(byte[0] ^ 4);
  VFS_RETURN_IF_ERROR(file->Write(at, byte));
  return file->Sync();
}

}  // namespace permafrost::engine::testing
