// What an error asks for: the class of a failure, and the reaction that belongs to it.
#pragma once

#include <string_view>

#include <absl/status/status.h>

namespace permafrost::engine {

class Store;

// Source: design page engine.md, "Faults have classes".
enum class FaultClass {
  kNone,
  // The same step may succeed later, on new files: retry with backoff. An I/O error of an artifact
  // is one, because nothing is synced twice: the step writes it anew.
  kTransient,
  // Space is short: stop writing, go on reading and reclaiming, resume when there is space.
  kNoSpace,
  // Nobody knows what is durable: nothing more is acknowledged until the store was opened again.
  kPoisoned,
  // Only an operator helps: damage, an identity that differs, a wrong configuration.
  kPermanent,
};
// "none", "transient", "no space", "poisoned", "permanent".
std::string_view ToString(FaultClass fault);

// The class by the error alone; kPoisoned is never among the answers.
FaultClass ClassOf(const absl::Status& status);
// The class of an error that a step of this store returned.
FaultClass ClassOf(const absl::Status& status, const Store& store);

}  // namespace permafrost::engine
