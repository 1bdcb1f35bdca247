// /proc and its groups of digits.
#include "vfs/posix/boot_id.h"

#include "vfs/base/escape.h"
#include "vfs/base/hex.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/host_file.h"

namespace permafrost::vfs {
namespace {

constexpr char kPath[] = "/proc/sys/kernel/random/boot_id";

bool IsDash(std::size_t at) { return at == 8 || at == 13 || at == 18 || at == 23; }

}  // namespace

absl::StatusOr<BootId> ParseBootId(std::string_view text) {
  std::string_view left = text;
  if (left.ends_with('\n')) left.remove_suffix(1);
  const auto wrong = [text] {
    return DataLoss("read boot id {}: {}, 32 hexadecimal digits in five groups expected", kPath,
                    EscapedForError(text));
  };
  std::string digits;
  for (std::size_t at = 0; at < left.size(); ++at) {
    if (!IsDash(at)) {
      digits += left[at];
    } else if (left[at] != '-') {
      return wrong();
    }
  }
  const auto id = ParseHex<std::tuple_size_v<BootId>>(digits);
  if (!id.has_value()) return wrong();
  return *id;
}

absl::StatusOr<BootId> ReadBootId() {
  VFS_ASSIGN_OR_RETURN(const std::string text, ReadHostFile("boot id", kPath));
  return ParseBootId(text);
}

}  // namespace permafrost::vfs
