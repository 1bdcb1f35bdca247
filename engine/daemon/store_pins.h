// The pins of a store that may not exist, read without a lock.
#pragma once

#include <optional>

#include <absl/status/statusor.h>

#include "engine/catalog/pins.h"
#include "engine/layout/layout.h"
#include "engine/store/store.h"
#include "vfs/env.h"

namespace permafrost::engine {

// Nothing: no first start was completed here.
//
// Errors: kDataLoss  the catalog cannot be read
absl::StatusOr<std::optional<Pins>> FindPins(const vfs::Env& env, const Roots& roots);

// What a store with these pins is opened with.
StoreOptions OptionsOfStore(const Pins& pins, const Roots& roots, const std::string& holder);

}  // namespace permafrost::engine
