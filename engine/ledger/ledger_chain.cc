// Sequence, then hash.
#include "engine/ledger/ledger_chain.h"

#include "vfs/base/hex.h"
#include "vfs/base/status.h"

namespace permafrost::engine {

absl::Status CheckFollows(const LedgerView& ledger,
                          LedgerSeq next,
                          const std::optional<Hash>& before,
                          std::string_view origin) {
  if (ledger.sequence != next) {
    return vfs::InvalidArgument("ledger of {}: it is ledger {}, {} is the next one", origin,
                                ledger.sequence.value(), next.value());
  }
  if (before.has_value() && ledger.previous_hash != *before) {
    return vfs::InvalidArgument(
        "ledger {} of {}: it follows a ledger of hash {}, the last one has {}; it is of another "
        "network or of a fork",
        next.value(), origin, vfs::HexOf(ledger.previous_hash), vfs::HexOf(*before));
  }
  return absl::OkStatus();
}

}  // namespace permafrost::engine
