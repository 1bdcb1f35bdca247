// Whether a ledger is the next one of a chain.
#pragma once

#include <optional>
#include <string_view>

#include <absl/status/status.h>

#include "engine/ledger/ledger_view.h"

namespace permafrost::engine {

// `before`: the hash of the ledger before `next`, if it is known; `origin`: where the ledger comes
// from.
//
// Errors: kInvalidArgument  another sequence, or another previous hash: names both and `origin`
absl::Status CheckFollows(const LedgerView& ledger,
                          LedgerSeq next,
                          const std::optional<Hash>& before,
                          std::string_view origin);

}  // namespace permafrost::engine
