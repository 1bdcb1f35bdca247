// Glob matching by backtracking over at most one star of each kind: globs are short and written by
// people.
#include "faults/glob.h"

namespace permafrost::faults {

bool GlobMatches(std::string_view glob, std::string_view path) {
  if (glob.empty()) return path.empty();
  if (glob.substr(0, 3) == "**/" && GlobMatches(glob.substr(3), path)) return true;
  const bool deep = glob.substr(0, 2) == "**";
  if (deep || glob.front() == '*') {
    const std::string_view rest = glob.substr(deep ? 2 : 1);
    for (std::size_t eaten = 0;; ++eaten) {
      if (GlobMatches(rest, path.substr(eaten))) return true;
      if (eaten == path.size() || (!deep && path[eaten] == '/')) return false;
    }
  }
  if (path.empty()) return false;
  const bool same = glob.front() == '?' ? path.front() != '/' : glob.front() == path.front();
  return same && GlobMatches(glob.substr(1), path.substr(1));
}

}  // namespace permafrost::faults
