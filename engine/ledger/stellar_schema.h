// The wire layout of every type that a ledger of the Stellar network contains.
#pragma once

#include <string_view>

#include "vfs/base/blake3.h"

namespace permafrost::engine {

// The text of engine/ledger/lcm-schema.txt.
std::string_view StellarSchema();

// What tells two tables apart: the hash of the text. For files whose content depends on it.
const vfs::Blake3& SchemaHash();

}  // namespace permafrost::engine
