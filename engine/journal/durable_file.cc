// 64 bytes, written over each other.
#include "engine/journal/durable_file.h"

#include <cstring>
#include <span>

#include "engine/journal/journal_format.h"
#include "vfs/base/bytes.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/status_macros.h"

namespace permafrost::engine::journal {

std::string EncodeDurable(const DurableMark& mark) {
  std::string out(kDurableMagic);
  out.append(reinterpret_cast<const char*>(mark.boot_id.data()), mark.boot_id.size());
  vfs::AppendLittleEndian(out, mark.epoch);
  vfs::AppendLittleEndian(out, mark.lsn);
  vfs::AppendLittleEndian(out, mark.offset);
  out.append(kDurableCrcAt - out.size(), '\0');
  vfs::AppendLittleEndian(out, vfs::Crc32c(out));
  return out;
}

absl::StatusOr<std::optional<DurableMark>> ReadDurable(vfs::FileSystem* fs,
                                                       const std::string& directory,
                                                       const BootId& boot_id) {
  const std::optional<DurableMark> none;
  if (boot_id == BootId{}) return none;
  const auto file = fs->Open(vfs::JoinPath(directory, kDurableName), vfs::OpenMode::kRead);
  if (file.status().code() == absl::StatusCode::kNotFound) return none;
  VFS_RETURN_IF_ERROR(file.status());
  std::string bytes(kDurableBytes, '\0');
  VFS_ASSIGN_OR_RETURN(const std::size_t read, (*file)->Read(0, std::span<char>(bytes)));
  const std::string_view text = std::string_view(bytes).substr(0, read);
  if (text.size() < kDurableBytes || !text.starts_with(kDurableMagic) ||
      vfs::LoadLittleEndian<std::uint32_t>(text, kDurableCrcAt) !=
          vfs::Crc32c(text.substr(0, kDurableCrcAt)))
    return none;
  DurableMark mark;
  std::memcpy(mark.boot_id.data(), text.data() + kDurableBootAt, mark.boot_id.size());
  if (mark.boot_id != boot_id) return none;
  mark.epoch = vfs::LoadLittleEndian<std::uint64_t>(text, kDurableEpochAt);
  mark.lsn = vfs::LoadLittleEndian<std::uint64_t>(text, kDurableLsnAt);
  mark.offset = vfs::LoadLittleEndian<std::uint64_t>(text, kDurableOffsetAt);
  return std::optional(mark);
}

}  // namespace permafrost::engine::journal
