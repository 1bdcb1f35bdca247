// Ledgers of the Stellar network: LedgerCloseMeta values of versions 0 to 2, as XDR.
#pragma once

#include <cstddef>
#include <string_view>

#include <absl/status/statusor.h>

#include "engine/ledger/ledger_decoder.h"
#include "engine/ledger/xdr_program.h"

namespace permafrost::engine {

// Events are in cursor order: stage "before all", then of each transaction its operations' events
// and those of stage "after tx", then stage "after all". The Soroban events of transaction meta
// version 3 count as operation 0; diagnostic events are left out.
//
// Source: engine/ledger/lcm-schema.txt; a new protocol is a new table, not new code
class StellarDecoder final : public LedgerDecoder {
 public:
  StellarDecoder();

  // What is unknown before the sequence was read is an error; behind it the view is undecoded.
  absl::StatusOr<LedgerView> Decode(std::string_view bytes) const override;
  std::string_view name() const override { return "stellar"; }

  // How many of the bytes are the first ledger. Nothing but the table says where it ends.
  //
  // Errors: kInvalidArgument     not a ledger
  //         kFailedPrecondition  it has a type that the table does not know
  absl::StatusOr<std::size_t> LengthOfFirst(std::string_view bytes) const;

  // The sequence in the header; what is behind it is not looked at.
  //
  // Errors: kInvalidArgument  not a ledger
  absl::StatusOr<LedgerSeq> SequenceOf(std::string_view bytes) const;

 private:
  XdrProgram program_;
};

}  // namespace permafrost::engine
