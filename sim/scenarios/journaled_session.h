// A program that keeps a store of ledgers and the journal into which its clients push them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/journal/journal.h"
#include "sim/scenarios/engine_session.h"

namespace permafrost::sim {

inline constexpr std::uint64_t kJournaledSegmentBytes = 16384;

// The record of LSN n is a function of n: most are the next ledger, some the last one once more,
// some no ledger at all. So what the store must hold is a function of an LSN too.
//
// Domains: those of EngineSession, and "log", the last LSN.
//
// Threads: one thread at a time.
class JournaledSession final : public EngineSession {
 public:
  using EngineSession::EngineSession;
  ~JournaledSession() override = default;

 protected:
  absl::Status Open() override;
  absl::Status CloseOthers() override { return journal_->Close(); }
  void DropOthers() override { journal_.reset(); }
  bool NeedsReopen() const override {
    return EngineSession::NeedsReopen() || !journal_->Health().ok();
  }
  absl::Status ExecuteOnce(const std::vector<std::string>& words) override;

 private:
  class Announced;

  absl::Status Push(std::uint64_t count);
  absl::Status Drain();
  absl::Status Truncate();

  // Every record that is there is the one of its LSN, and what is not there any more, or is below
  // the cursor, is in the store.
  absl::Status CheckJournal();
  // The last ledger among the records up to this LSN; the one before the model's first: none.
  engine::LedgerSeq LastThrough(engine::journal::Lsn lsn) const;
  // Type and body.
  std::pair<std::uint8_t, std::string> ContentOf(engine::journal::Lsn lsn) const;

  std::unique_ptr<engine::journal::Journal> journal_;
};

}  // namespace permafrost::sim
