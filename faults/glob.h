// Path globs of fault rules: `*` within a component, `**` across components, `?` for one character
// but '/'.
#pragma once

#include <string_view>

namespace permafrost::faults {

// Whether the whole path matches the glob. Everything but `*` and `?` stands for itself; `**/` also
// matches nothing, so "a/**/b" covers "a/b".
bool GlobMatches(std::string_view glob, std::string_view path);

}  // namespace permafrost::faults
