// SHA-256, which the answers about real ledgers are digests of.
#pragma once

#include <string>
#include <string_view>

namespace permafrost {

// 64 lower-case hex digits.
std::string Sha256Hex(std::string_view bytes);

}  // namespace permafrost
