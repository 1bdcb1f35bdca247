// The real ledgers through a store, hot, cold and both, against what other decoders found in them.
#include <string>

#include <gmock/gmock.h>

#include "engine/ledger/event_payload.h"
#include "tests/engine/ingest/pubnet_store.h"
#include "tests/engine/ledger/sha256.h"
#include "tests/vectors.h"

namespace permafrost::engine {
namespace {

using testing::AllEvents;
using testing::AppendPlace;
using testing::kPubnetFirst;
using testing::kPubnetLast;
using testing::kTiers;
using testing::LedgerModel;

using RealLedgers = testing::PubnetStore;

TEST_P(RealLedgers, AreReadAsTheyWereIngested) {
  EXPECT_EQ(LedgerModel(PubnetLedgers()).Wrong(world_.Reader()), "");
}

TEST_P(RealLedgers, AreWhereTheyShouldBe) {
  std::uint32_t cold = 0;
  for (std::uint32_t at = kPubnetFirst.value(); at <= kPubnetLast.value(); ++at) {
    ASSERT_OK_AND_ASSIGN(const FoundLedger found, world_.Reader().Ledger(LedgerSeq{at}));
    if (found.home == Home::kCold) ++cold;
  }
  EXPECT_EQ(cold, GetParam().cold);
}

TEST_P(RealLedgers, HaveTheDigestsOfOtherDecoders) {
  const LedgerReader reader = world_.Reader();
  for (const auto& row : ReadVectors("stellar/pubnet-p26.json")) {
    const LedgerSeq sequence{row.at("seq").get<std::uint32_t>()};
    ASSERT_OK_AND_ASSIGN(const FoundLedger found, reader.Ledger(sequence));
    ASSERT_OK_AND_ASSIGN(const LedgerView ledger, world_.store().decoder().Decode(found.bytes));
    EXPECT_EQ(DifferenceTo(row, ledger), "");

    // Events as the queries give them, not as the ledger does.
    ASSERT_OK_AND_ASSIGN(const auto payloads,
                         AllEvents(reader, {.from = sequence, .to = sequence, .limit = 100}));
    std::string events;
    for (const std::string& payload : payloads) {
      ASSERT_OK_AND_ASSIGN(const EventPayload event, ParseEventPayload(payload));
      AppendPlace(events, event);
      events.append(event.transaction.begin(), event.transaction.end());
      AppendBigEndian(events, static_cast<std::uint32_t>(event.xdr.size()));
      events += event.xdr;
    }
    EXPECT_EQ(Sha256Hex(events), row.at("eventDigest"));
  }
}

INSTANTIATE_TEST_SUITE_P(Tiers, RealLedgers, ::testing::ValuesIn(kTiers), testing::NameOfTiers);

}  // namespace
}  // namespace permafrost::engine
