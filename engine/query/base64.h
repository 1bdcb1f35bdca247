// Bytes as base64, by Abseil; both alphabets.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace permafrost::engine {

// With padding.
std::string Base64Of(std::string_view bytes);
std::optional<std::string> ParseBase64(std::string_view text);
// For file names and addresses: '-' and '_', without padding.
std::string WebBase64Of(std::string_view bytes);
std::optional<std::string> ParseWebBase64(std::string_view text);

}  // namespace permafrost::engine
