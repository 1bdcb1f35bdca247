// Ledgers in the engine's own small frame, which the synthetic source makes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "engine/ledger/ledger_decoder.h"

namespace permafrost::engine {

// The bytes of an event as a frame holds them.
std::string EncodeFrameEvent(std::optional<Hash> contract,
                             std::span<const std::string> topics,
                             std::string_view data);

// `ledger`: header, transactions, and of its events the positions and bytes; `rest` is what nobody
// looks into. `version`: one that the decoder does not know makes a ledger that stays undecoded.
//
// Shape:  engine/FORMATS.md "Ledger frame"
std::string EncodeFrame(const LedgerView& ledger, std::string_view rest, std::uint32_t version = 1);

class FrameDecoder final : public LedgerDecoder {
 public:
  absl::StatusOr<LedgerView> Decode(std::string_view bytes) const override;
  std::string_view name() const override { return "frame"; }
};

}  // namespace permafrost::engine
