// Every row that other decoders wrote about the ten real ledgers and every query, put to a store.
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "engine/ledger/event_payload.h"
#include "engine/query/base64.h"
#include "tests/engine/ingest/pubnet_store.h"
#include "tests/engine/ledger/sha256.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/hex.h"

namespace permafrost::engine {
namespace {

using Json = nlohmann::json;
using testing::AllEvents;
using testing::AppendPlace;
using testing::kPubnetFirst;
using testing::kPubnetLast;
using testing::kTiers;

Json Answers(const std::string& name) {
  const char* const data = std::getenv("PERMAFROST_DATA");
  EXPECT_NE(data, nullptr) << "set PERMAFROST_DATA to the folder that has stellar/";
  return Json::parse(
      ReadText(std::string(data == nullptr ? "" : data) + "/stellar/expected/" + name));
}

Json PlaceOf(const EventPayload& event) {
  return {event.ledger.value(), event.position.transaction, event.position.operation,
          event.position.event};
}

class RealAnswers : public testing::PubnetStore {
 protected:
  void ExpectTransaction(const Json& hash,
                         std::uint32_t ledger,
                         std::size_t apply_index,
                         const Json& row) {
    ASSERT_OK_AND_ASSIGN(const auto found,
                         world_.Reader().Transaction(*vfs::ParseHex<32>(hash.get<std::string>())));
    ASSERT_TRUE(found.has_value()) << hash;
    EXPECT_EQ(found->ledger, LedgerSeq{ledger});
    EXPECT_EQ(found->apply_index, apply_index);
    if (row.is_null()) return;
    EXPECT_EQ(HexOf(found->transaction.hash), row[0]);
    EXPECT_EQ(found->transaction.is_successful ? 1 : 0, row[1]);
    const auto& inner = found->transaction.inner_hash;
    EXPECT_EQ(inner.has_value() ? Json(HexOf(*inner)) : Json(0), row[2]);
  }

  void ExpectEvents(const Json& rows, const Json& contracts, LedgerSeq ledger) {
    ASSERT_OK_AND_ASSIGN(const auto payloads,
                         AllEvents(world_.Reader(), {.from = ledger, .to = ledger, .limit = 7}));
    ASSERT_EQ(payloads.size(), rows.size());
    for (std::size_t i = 0; i < payloads.size(); ++i) {
      ASSERT_OK_AND_ASSIGN(const EventPayload event, ParseEventPayload(payloads[i]));
      const Json& row = rows[i];
      EXPECT_EQ(PlaceOf(event), Json({ledger.value(), row[0], row[1], row[2]}));
      EXPECT_EQ(HexOf(event.contract), contracts.at(row[5].get<std::size_t>()));
      EXPECT_EQ(event.topics.size(), row[6]);
      EXPECT_EQ(event.xdr.size(), row[7]);
      EXPECT_EQ(Sha256Hex(event.xdr).substr(0, 16), row[8]);
    }
  }
};

TEST_P(RealAnswers, EveryRowIsEqual) {
  for (std::uint32_t at = kPubnetFirst.value(); at <= kPubnetLast.value(); ++at) {
    const Json answers = Answers(fmt::format("ledger-{}.json", at));
    const Json& row = answers.at("ledgers").at(0);
    ASSERT_EQ(row.at("seq"), at);
    ASSERT_OK_AND_ASSIGN(const FoundLedger found, world_.Reader().Ledger(LedgerSeq{at}));
    EXPECT_EQ(Sha256Hex(found.bytes), answers.at("rawSha256"));
    ASSERT_OK_AND_ASSIGN(const LedgerView ledger, world_.store().decoder().Decode(found.bytes));
    EXPECT_EQ(DifferenceTo(row, ledger), "");
    for (std::size_t i = 0; i < row.at("txs").size(); ++i) {
      const Json& transaction = row.at("txs")[i];
      ExpectTransaction(transaction[0], at, i + 1, transaction);
      if (transaction[2] != 0) ExpectTransaction(transaction[2], at, i + 1, transaction);
    }
    ExpectEvents(row.at("events"), answers.at("contracts"), LedgerSeq{at});
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
    ExpectTransaction(row[0], row[1].get<std::uint32_t>(), row[2].get<std::size_t>(), {});
  for (const Json& hash : answers.at("txAbsent")) {
    ASSERT_OK_AND_ASSIGN(const auto found,
                         world_.Reader().Transaction(*vfs::ParseHex<32>(hash.get<std::string>())));
    EXPECT_EQ(found, std::nullopt) << hash;
  }
}

INSTANTIATE_TEST_SUITE_P(Tiers, RealAnswers, ::testing::ValuesIn(kTiers), testing::NameOfTiers);

}  // namespace
}  // namespace permafrost::engine
