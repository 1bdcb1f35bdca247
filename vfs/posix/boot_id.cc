// /proc and its hexadecimal digits.
#include "vfs/posix/boot_id.h"

#include "vfs/base/escape.h"
#include "vfs/base/status.h"
#include "vfs/base/status_macros.h"
#include "vfs/posix/host_file.h"

namespace permafrost::vfs {
namespace {

constexpr char kPath[] = "/proc/sys/kernel/random/boot_id";
constexpr std::size_t kTextBytes = 36;

// -1: no digit.
int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool IsDash(std::size_t at) { return at == 8 || at == 13 || at == 18 || at == 23; }

}  // namespace

absl::StatusOr<BootId> ParseBootId(std::string_view text) {
  std::string_view left = text;
  if (left.ends_with('\n')) left.remove_suffix(1);
  const auto wrong = [text] {
    return DataLoss("read boot id {}: {}, 32 hexadecimal digits in five groups expected", kPath,
                    EscapedForError(text));
  };
  if (left.size() != kTextBytes) return wrong();
  BootId id{};
  std::size_t digits = 0;
  for (std::size_t at = 0; at < kTextBytes; ++at) {
    if (IsDash(at) && left[at] == '-') continue;
    const int digit = DigitOf(left[at]);
    if (IsDash(at) || digit < 0) return wrong();
    id[digits / 2] = static_cast<std::uint8_t>(id[digits / 2] * 16 + digit);
    ++digits;
  }
  return id;
}

absl::StatusOr<BootId> ReadBootId() {
  VFS_ASSIGN_OR_RETURN(const std::string text, ReadHostFile("boot id", kPath));
  return ParseBootId(text);
}

}  // namespace permafrost::vfs
