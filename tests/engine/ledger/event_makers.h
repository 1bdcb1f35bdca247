// Ledgers with events, made from a seed, whose contracts and topics repeat as real ones do. The
// golden cold files hold what it makes: another seed makes others, the same seed never does.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/ledger/ledger_view.h"

namespace permafrost::engine::testing {

// Owns the bytes that its view borrows from.
class MadeLedger {
 public:
  // `events_max`: it has from 0 to so many.
  MadeLedger(std::uint64_t seed, LedgerSeq sequence, std::uint32_t events_max);
  MadeLedger(const MadeLedger&) = delete;
  MadeLedger& operator=(const MadeLedger&) = delete;

  const LedgerView& view() const { return view_; }

 private:
  std::vector<std::string> events_;
  LedgerView view_;
};

}  // namespace permafrost::engine::testing
