// The ten real ledgers of tests/data/stellar in a store, in the tiers that the chunk size makes of
// them.
#pragma once

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "engine/ingest/ingest.h"
#include "engine/ledger/stream_source.h"
#include "tests/engine/ledger/real_ledgers.h"
#include "tests/engine/ledger/text_stream.h"
#include "tests/engine/ledger_model.h"
#include "tests/status_matchers.h"

namespace permafrost::engine::testing {

inline constexpr LedgerSeq kPubnetFirst{63'092'982};
inline constexpr LedgerSeq kPubnetLast{63'092'991};

struct Tiers {
  std::string name;
  std::uint32_t ledgers_per_chunk = 0;  // one of their chunks begins with the first of them
  std::uint32_t cold = 0;               // so many of the ten
};
inline const Tiers kTiers[] = {{"Hot", 20, 0}, {"Split", 4, 8}, {"Cold", 5, 10}};

class PubnetStore : public ::testing::TestWithParam<Tiers> {
 protected:
  PubnetStore() {
    StoreOptions options = LedgerStoreOptions();
    options.geometry = *Geometry::Create({.ledgers_per_chunk = GetParam().ledgers_per_chunk,
                                          .chunks_per_window = 2,
                                          .chunks_per_bucket = 1'000'000});
    options.earliest_ledger = kPubnetFirst;
    std::string stream;
    for (const std::string& ledger : PubnetLedgers()) {
      AppendBigEndian(stream, static_cast<std::uint32_t>(ledger.size()) | 0x8000'0000U);
      stream += ledger;
    }
    EXPECT_OK(world_.Open(options));
    StreamSource source(std::make_unique<TextStream>(std::move(stream), 1 << 16), "pubnet");
    EXPECT_OK(Ingest(world_.store(), source, {}));
    EXPECT_OK(world_.Reopen(options));
  }

  LedgerWorld world_;
};

inline std::string NameOfTiers(const ::testing::TestParamInfo<Tiers>& tiers) {
  return tiers.param.name;
}

// Seq, transaction, operation and event, big-endian.
inline void AppendPlace(std::string& out, const EventPayload& event) {
  for (const std::uint32_t number : {event.ledger.value(), event.position.transaction,
                                     event.position.operation, event.position.event})
    AppendBigEndian(out, number);
}

}  // namespace permafrost::engine::testing
