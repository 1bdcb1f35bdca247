// The directory of --out: proven writable before the work, filled with repros after it.
#pragma once

#include <string>
#include <string_view>

#include <absl/status/status.h>

#include "sim/cli/command.h"

namespace permafrost::sim {

// Whether a file can be made in the directory, or the directory itself where it does not exist yet.
// Leaves nothing behind.
//
// Errors: kInvalidArgument  with the path, what is wrong with it, and the remedy
absl::Status CheckOut(const std::string& directory);

// Makes the repro of each violation smaller, for at most `flags.minimize_seconds` each and three
// times that in all; its fingerprint follows. One that cannot be made smaller stays as it is and
// says why.
void MinimizeFindings(const CommonFlags& flags, Certificate& certificate);

// Writes the repro of each violation to DIR/<invariant>-<fingerprint>.repro and prints its failure
// block. A repro that cannot be written leaves no part of itself behind, is marked in its block,
// and the others are still tried.
//
// Errors: the first failure
absl::Status WriteFindings(const CommonFlags& flags, const Certificate& certificate);

// "clean", "interrupted" (nothing found by then) or "NOT CLEAN", for the summary line.
std::string_view VerdictOf(const Certificate& certificate);

}  // namespace permafrost::sim
