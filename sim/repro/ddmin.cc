// Pieces first, then complements, then finer pieces.
#include "sim/repro/ddmin.h"

#include <algorithm>
#include <numeric>
#include <set>

namespace permafrost::sim {
namespace {

class Minimizer {
 public:
  Minimizer(std::size_t count,
            absl::FunctionRef<bool(const Places&)> still_fails,
            absl::FunctionRef<bool()> is_over)
      : still_fails_(still_fails), is_over_(is_over), current_(count) {
    std::iota(current_.begin(), current_.end(), std::size_t{0});
  }

  Places Run() {
    if (current_.empty() || Take({})) return current_;
    std::size_t pieces = 2;
    while (current_.size() > 1 && !is_over_()) {
      if (TakePiece(pieces)) {
        pieces = 2;
      } else if (TakeRest(pieces)) {
        pieces = std::max<std::size_t>(pieces - 1, 2);
      } else if (pieces < current_.size()) {
        pieces = std::min(current_.size(), pieces * 2);
      } else {
        break;
      }
    }
    return current_;
  }

 private:
  // Goes on with `places` if they fail.
  bool Take(Places places) {
    if (is_over_() || passed_.contains(places)) return false;
    if (!still_fails_(places)) {
      passed_.insert(std::move(places));
      return false;
    }
    current_ = std::move(places);
    return true;
  }

  // The bounds of piece `i` of `pieces` nearly equal ones.
  std::size_t Bound(std::size_t i, std::size_t pieces) const {
    return current_.size() * i / pieces;
  }

  bool TakePiece(std::size_t pieces) {
    for (std::size_t i = 0; i < pieces; ++i) {
      const auto begin = current_.begin() + static_cast<std::ptrdiff_t>(Bound(i, pieces));
      const auto end = current_.begin() + static_cast<std::ptrdiff_t>(Bound(i + 1, pieces));
      if (Take(Places(begin, end))) return true;
    }
    return false;
  }

  bool TakeRest(std::size_t pieces) {
    for (std::size_t i = 0; i < pieces; ++i) {
      Places rest = current_;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(Bound(i, pieces)),
                 rest.begin() + static_cast<std::ptrdiff_t>(Bound(i + 1, pieces)));
      if (Take(std::move(rest))) return true;
    }
    return false;
  }

  const absl::FunctionRef<bool(const Places&)> still_fails_;
  const absl::FunctionRef<bool()> is_over_;
  Places current_;
  std::set<Places> passed_;
};

}  // namespace

Places MinimizePlaces(std::size_t count,
                      absl::FunctionRef<bool(const Places&)> still_fails,
                      absl::FunctionRef<bool()> is_over) {
  return Minimizer(count, still_fails, is_over).Run();
}

}  // namespace permafrost::sim
