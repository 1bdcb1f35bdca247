// Every row that other decoders wrote about the ten real ledgers and every query, put to a store.
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "engine/ledger/event_payload.h"
#include "engine/query/base64.h"
#include "tests/engine/ingest/expected_answers.h"
#include "tests/engine/ingest/pubnet_store.h"
#include "tests/engine/ledger/sha256.h"
#include "vfs/base/hex.h"

namespace permafrost::engine {
namespace {

using Json = nlohmann::json;
using testing::AllEvents;
using testing::Answers;
using testing::AppendPlace;
using testing::ExpectRow;
using testing::ExpectTransaction;
using testing::kPubnetFirst;
using testing::kPubnetLast;
using testing::kTiers;
using testing::PlaceOf;

using RealAnswers = testing::PubnetStore;

TEST_P(RealAnswers, EveryRowIsEqual) {
  for (std::uint32_t at = kPubnetFirst.value(); at <= kPubnetLast.value(); ++at) {
    const Json answers = Answers(fmt::format("ledger-{}.json", at));
    const Json& row = answers.at("ledgers").at(0);
    ASSERT_EQ(row.at("seq"), at);
    ASSERT_OK_AND_ASSIGN(const FoundLedger found, world_.Reader().Ledger(LedgerSeq{at}));
    EXPECT_EQ(Sha256Hex(found.bytes), answers.at("rawSha256"));
    ExpectRow(world_, row, answers.at("contracts"));
  }
}

TEST_P(RealAnswers, EveryQueryFindsWhatOthersFound) {
  const Json answers = Answers("queries-pubnet-p26.json");
  ASSERT_EQ(answers.at("filters").size(), 53U);
  for (const Json& wanted : answers.at("filters")) {
    EventFilter filter;
    if (wanted.contains("contract") && !wanted.at("contract").is_null())
      filter.contract = vfs::ParseHex<32>(wanted.at("contract").get<std::string>());
    for (const Json& topic : wanted.at("topics"))
      filter.topics.push_back(topic.is_null() ? std::nullopt
                                              : ParseBase64(topic.get<std::string>()));
    const EventQuery query{
        .from = kPubnetFirst, .to = kPubnetLast, .filters = {filter}, .limit = 50};

    ASSERT_OK_AND_ASSIGN(const auto payloads, AllEvents(world_.Reader(), query));

    std::string places;
    std::vector<Json> found;
    for (const std::string& payload : payloads) {
      ASSERT_OK_AND_ASSIGN(const EventPayload event, ParseEventPayload(payload));
      AppendPlace(places, event);
      found.push_back(PlaceOf(event));
    }
    EXPECT_EQ(found.size(), wanted.at("count"));
    EXPECT_EQ(Sha256Hex(places), wanted.at("digest"));
    ASSERT_LE(wanted.at("first").size(), found.size());
    for (std::size_t i = 0; i < wanted.at("first").size(); ++i)
      EXPECT_EQ(found[i], wanted.at("first")[i]);
    if (wanted.contains("last")) {
      EXPECT_EQ(found.back(), wanted.at("last"));
    }
  }
}

TEST_P(RealAnswers, TransactionsAreFoundOrNot) {
  const Json answers = Answers("queries-pubnet-p26.json");
  for (const Json& row : answers.at("txPresent"))
    ExpectTransaction(world_.Reader(), row[0], row[1].get<std::uint32_t>(),
                      row[2].get<std::size_t>(), {});
  for (const Json& hash : answers.at("txAbsent")) {
    ASSERT_OK_AND_ASSIGN(const auto found,
                         world_.Reader().Transaction(*vfs::ParseHex<32>(hash.get<std::string>())));
    EXPECT_EQ(found, std::nullopt) << hash;
  }
}

INSTANTIATE_TEST_SUITE_P(Tiers, RealAnswers, ::testing::ValuesIn(kTiers), testing::NameOfTiers);

}  // namespace
}  // namespace permafrost::engine
