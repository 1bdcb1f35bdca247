// From the bytes of a ledger to what the engine knows of it.
#pragma once

#include <string_view>

#include <absl/status/statusor.h>

#include "engine/ledger/ledger_view.h"

namespace permafrost::engine {

// Threads: any thread; a decoder is immutable.
class LedgerDecoder {
 public:
  LedgerDecoder() = default;
  virtual ~LedgerDecoder() = default;
  LedgerDecoder(const LedgerDecoder&) = delete;
  LedgerDecoder& operator=(const LedgerDecoder&) = delete;

  // Decodes one whole ledger; nothing may be left over. The view borrows from `bytes`. A value that
  // this decoder does not know yet (an unknown arm or enum member) is no error: the view says so.
  //
  // Errors: kInvalidArgument  not a ledger: names the type, the offset and the finding
  virtual absl::StatusOr<LedgerView> Decode(std::string_view bytes) const = 0;

  // "stellar", "frame".
  virtual std::string_view name() const = 0;
};

}  // namespace permafrost::engine
