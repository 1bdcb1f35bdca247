// Where the ledgers that come through the journal go.
#pragma once

#include <cstdint>

#include <absl/status/status.h>

namespace permafrost::records {
class Ledger;
}  // namespace permafrost::records

namespace permafrost::engine {

// Takes ledgers into the hot tier before the record store's cursor passes them.
class LedgerSink {
 public:
  LedgerSink() = default;
  virtual ~LedgerSink() = default;
  LedgerSink(const LedgerSink&) = delete;
  LedgerSink& operator=(const LedgerSink&) = delete;

  // Takes one ledger, in LSN order. After an error or a crash the same ledgers come again: those at
  // or below the last one held are answered with OK and change nothing.
  //
  // Durable: yes, when it returns OK
  // Errors:  any; stops the batch that the ledger is in
  // Threads: one at a time
  virtual absl::Status Put(std::uint64_t lsn, const records::Ledger& ledger) = 0;
};

}  // namespace permafrost::engine
