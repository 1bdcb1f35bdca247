// Abseil's strings are not the library's here.
#include "engine/query/base64.h"

#include <utility>

#include <absl/strings/escaping.h>

namespace permafrost::engine {
namespace {

absl::string_view Of(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

std::string Base64Of(std::string_view bytes) { return absl::Base64Escape(Of(bytes)); }

std::optional<std::string> ParseBase64(std::string_view text) {
  std::string bytes;
  return absl::Base64Unescape(Of(text), &bytes) ? std::optional(std::move(bytes)) : std::nullopt;
}

std::string WebBase64Of(std::string_view bytes) { return absl::WebSafeBase64Escape(Of(bytes)); }

std::optional<std::string> ParseWebBase64(std::string_view text) {
  std::string bytes;
  return absl::WebSafeBase64Unescape(Of(text), &bytes) ? std::optional(std::move(bytes))
                                                       : std::nullopt;
}

}  // namespace permafrost::engine
