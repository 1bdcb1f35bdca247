// Escapes as \xNN.
#include "vfs/base/escape.h"

#include <fmt/format.h>

namespace permafrost::vfs {

std::string EscapedForError(std::string_view bytes) {
  constexpr std::size_t kShownMax = 80;
  std::string out = "'";
  for (const char c : bytes) {
    if (out.size() > kShownMax) return out + "'...";
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || c == '\'' || c == '\\') {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + "'";
}

}  // namespace permafrost::vfs
