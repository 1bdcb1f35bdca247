// Delta debugging: the smallest part of a list that still fails, by trying pieces and what is left
// without them.
//
// Source: Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE
// Transactions on Software Engineering 28(2), 2002, algorithm ddmin.
#pragma once

#include <cstddef>
#include <vector>

#include <absl/functional/function_ref.h>

namespace permafrost::sim {

// Places in a list, ascending.
using Places = std::vector<std::size_t>;

// Returns a part of {0 .. count - 1} that fails. Ended by itself, it is 1-minimal: without any one
// of its places it no longer fails. The whole is taken to fail and is never tried; nothing is tried
// twice; the last part for which `still_fails` said yes is the one returned.
//
// Cost: O(count^2) tries at worst, O(log count) for one culprit.
Places MinimizePlaces(std::size_t count,
                      absl::FunctionRef<bool(const Places&)> still_fails,
                      absl::FunctionRef<bool()> is_over);

}  // namespace permafrost::sim
