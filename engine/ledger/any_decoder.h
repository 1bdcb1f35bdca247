// The decoder of stored ledgers of any format: a store does not say which source filled it.
#pragma once

#include "engine/ledger/ledger_decoder.h"

namespace permafrost::engine {

// Looks at the first bytes: a frame begins with its magic, a Stellar ledger with its version.
const LedgerDecoder& AnyDecoder();

}  // namespace permafrost::engine
