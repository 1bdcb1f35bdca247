// Hostile bytes made printable for one line of error text.
#pragma once

#include <string>
#include <string_view>

namespace permafrost::vfs {

// In single quotes, with escapes, cut after 80 characters.
std::string EscapedForError(std::string_view bytes);

}  // namespace permafrost::vfs
