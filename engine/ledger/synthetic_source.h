// Ledgers that are made, not read: the same ones for the same seed, any of them at once.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <absl/status/statusor.h>

#include "engine/ledger/frame.h"
#include "engine/ledger/ledger_source.h"

namespace permafrost::engine {

// What ledgers are like. Numbers are drawn between first and last, both included.
struct SyntheticShape {
  std::uint32_t transactions_min = 0;
  std::uint32_t transactions_max = 3;
  std::uint32_t events_max = 2;        // of a transaction
  std::uint32_t event_data_bytes = 8;  // behind contract and topics
  std::uint32_t bytes_min = 0;         // filled up with bytes that compress to a quarter
  std::uint32_t undecoded_every = 0;   // ledgers whose sequence it divides; 0: none
};

// 200 B to 1.4 KiB, for simulations; and as ledgers of the public network are, early and late.
inline constexpr SyntheticShape kSmallShape = {};
inline constexpr SyntheticShape k60KiBShape = {.transactions_min = 10,
                                               .transactions_max = 22,
                                               .events_max = 5,
                                               .event_data_bytes = 60,
                                               .bytes_min = 60U << 10};
inline constexpr SyntheticShape k1MBShape = {.transactions_min = 191,
                                             .transactions_max = 327,
                                             .events_max = 5,
                                             .event_data_bytes = 60,
                                             .bytes_min = 990'000};

// The hash of a ledger; of ledger 1 too, which is the previous hash of the first.
Hash SyntheticHash(std::uint64_t seed, LedgerSeq sequence);

// The frame of one ledger. A tenth of its transactions are fee bumps, a quarter failed; contracts
// and topics are drawn from a few, the same for every seed.
std::string SyntheticLedger(std::uint64_t seed,
                            LedgerSeq sequence,
                            const SyntheticShape& shape = kSmallShape);

// Ledgers kFirstLedger to kFirstLedger + count - 1. A bulk source.
//
// Threads: any thread; it is immutable.
class SyntheticSource final : public LedgerSource {
 public:
  SyntheticSource(std::uint64_t seed,
                  std::uint32_t count,
                  const SyntheticShape& shape = kSmallShape)
      : seed_(seed), count_(count), shape_(shape) {}

  const LedgerDecoder& decoder() const override { return decoder_; }
  std::string name() const override;
  bool is_bulk() const override { return true; }
  absl::StatusOr<Range> Available() override;
  absl::StatusOr<std::unique_ptr<LedgerStream>> Open(std::optional<LedgerSeq> first) override;

 private:
  FrameDecoder decoder_;
  std::uint64_t seed_;
  std::uint32_t count_;
  SyntheticShape shape_;
};

}  // namespace permafrost::engine
