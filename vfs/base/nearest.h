// "Did you mean": the known name that a mistyped word is closest to.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace permafrost::vfs {

// The known name within a third of the word's length (at least 2) in edits; "" if there is none.
// The first of equals.
std::string_view NearestName(std::string_view word, std::span<const std::string_view> known);

// "; did you mean 'sync_dir'?", or "".
std::string DidYouMean(std::string_view word, std::span<const std::string_view> known);

}  // namespace permafrost::vfs
