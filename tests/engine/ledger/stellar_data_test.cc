// Every row of every answer file of $PERMAFROST_DATA/stellar/expected.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "engine/ledger/stellar_decoder.h"
#include "tests/engine/ledger/real_ledgers.h"
#include "tests/engine/ledger/sha256.h"
#include "tests/status_matchers.h"
#include "tests/vectors.h"
#include "tests/vfs/temp_dir.h"

namespace permafrost::engine {
namespace {

using Json = nlohmann::json;

std::string Root() {
  const char* const data = std::getenv("PERMAFROST_DATA");
  EXPECT_NE(data, nullptr) << "set PERMAFROST_DATA to the folder that has stellar/";
  return std::string(data == nullptr ? "" : data) + "/stellar/";
}

Json Answers(const std::string& name) { return Json::parse(ReadText(Root() + "expected/" + name)); }

const StellarDecoder& Decoder() {
  static const StellarDecoder kDecoder;
  return kDecoder;
}

void CheckDetails(const Json& row, const Json& contracts, const LedgerView& ledger) {
  ASSERT_EQ(row.at("txs").size(), ledger.transactions.size());
  for (std::size_t i = 0; i < ledger.transactions.size(); ++i) {
    const TransactionView& found = ledger.transactions[i];
    const Json& wanted = row.at("txs")[i];
    ASSERT_EQ(wanted[0], HexOf(found.hash));
    ASSERT_EQ(wanted[1], found.is_successful ? 1 : 0);
    ASSERT_EQ(found.inner_hash.has_value() ? Json(HexOf(*found.inner_hash)) : Json(0), wanted[2]);
  }
  ASSERT_EQ(row.at("events").size(), ledger.events.size());
  for (std::size_t i = 0; i < ledger.events.size(); ++i) {
    const EventView& found = ledger.events[i];
    const Json& wanted = row.at("events")[i];
    ASSERT_EQ(wanted[0], found.position.transaction);
    ASSERT_EQ(wanted[1], found.position.operation);
    ASSERT_EQ(wanted[2], found.position.event);
    ASSERT_EQ(wanted[3], found.apply_index);
    ASSERT_EQ(contracts.at(wanted[5].get<std::size_t>()), HexOf(found.contract));
    ASSERT_EQ(wanted[6], found.topic_count);
    ASSERT_EQ(wanted[7], found.xdr.size());
    ASSERT_EQ(wanted[8], Sha256Hex(found.xdr).substr(0, 16));
  }
}

class StellarAnswers : public testing::TestWithParam<std::string> {};

TEST_P(StellarAnswers, EveryRowIsEqual) {
  const Json answers = Answers(GetParam());
  const std::string bytes = ReadUncompressed(Root() + answers.at("file").get<std::string>());
  ASSERT_EQ(bytes.size(), answers.at("rawLength"));

  for (const Json& row : answers.at("ledgers")) {
    const auto value = std::string_view(bytes).substr(row.at("offset"), row.at("length"));
    ASSERT_OK_AND_ASSIGN(const LedgerView ledger, Decoder().Decode(value));
    EXPECT_EQ(DifferenceTo(row, ledger), "") << row.at("seq");
    ASSERT_NO_FATAL_FAILURE(CheckDetails(row, answers.at("contracts"), ledger));
    const auto rest = std::string_view(bytes).substr(row.at("offset"));
    ASSERT_OK_AND_ASSIGN(const std::size_t length, Decoder().LengthOfFirst(rest));
    EXPECT_EQ(length, row.at("length"));
  }
}

INSTANTIATE_TEST_SUITE_P(Files,
                         StellarAnswers,
                         testing::Values("FCD285FF--53312000.json",
                                         "FFF1035B--982180.json",
                                         "FFFFFC18--999.json",
                                         "FFFFFC19--998.json",
                                         "FFFFFC1A--997.json",
                                         "ledger-51000294.json",
                                         "ledger-63092982.json",
                                         "ledger-63092983.json",
                                         "ledger-63092984.json",
                                         "ledger-63092985.json",
                                         "ledger-63092986.json",
                                         "ledger-63092987.json",
                                         "ledger-63092988.json",
                                         "ledger-63092989.json",
                                         "ledger-63092990.json",
                                         "ledger-63092991.json",
                                         "load-test-ledgers-v22.json",
                                         "load-test-ledgers-v23-standalone.json",
                                         "rebuilt-v0-p13-dev.json"),
                         [](const auto& param) {
                           std::string name = param.param.substr(0, param.param.find(".json"));
                           std::erase_if(name, [](char c) { return c == '-'; });
                           return name;
                         });

TEST(StellarData, NoFileIsLeftOut) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(Root() + "expected")) {
    EXPECT_TRUE(entry.is_regular_file());
    ++files;
  }

  EXPECT_EQ(files, 19U + 2U);  // those above, the golden streams and the queries
}

TEST(StellarData, GoldenStreamsHaveTheirDigests) {
  const Json answers = Answers("current-dev.json");
  const std::string bytes = ReadUncompressed(Root() + answers.at("file").get<std::string>());
  ASSERT_EQ(bytes.size(), answers.at("rawLength"));
  std::size_t ledgers = 0;

  for (const Json& row : answers.at("sources")) {
    std::string digests;
    std::optional<LedgerView> last;
    const auto stream = std::string_view(bytes).substr(row.at("offset"), row.at("length"));
    for (const std::string_view value : SplitFramed(stream)) {
      ASSERT_OK_AND_ASSIGN(LedgerView ledger, Decoder().Decode(value));
      ASSERT_FALSE(ledger.undecoded.has_value()) << ledger.undecoded->reason;
      digests += BytesOfHex(HexOf(ledger.hash) + TransactionDigest(ledger) + EventDigest(ledger));
      if (last.has_value() && row.at("chained") == true) {
        EXPECT_EQ(HexOf(ledger.previous_hash), HexOf(last->hash));
      }
      last = std::move(ledger);
      ++ledgers;
    }
    EXPECT_EQ(Sha256Hex(digests), row.at("digest")) << row.at("id");
    ASSERT_TRUE(last.has_value());
    EXPECT_EQ(last->sequence.value(), row.at("lastSeq"));
  }

  EXPECT_EQ(ledgers, answers.at("ledgerCount"));
}

std::string FromBase64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    bits = bits << 6 | static_cast<std::uint32_t>(kDigits.find(c));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(bits >> count));
  }
  return bytes;
}

bool Matches(const Json& filter, const LedgerView& ledger, const EventView& event) {
  if (filter.contains("contract") && !filter.at("contract").is_null() &&
      filter.at("contract") != HexOf(event.contract))
    return false;
  const auto topics = ledger.TopicsOf(event);
  const Json& wanted = filter.at("topics");
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i].is_null()) continue;
    if (i >= topics.size() || topics[i] != FromBase64(wanted[i].get<std::string>())) return false;
  }
  return true;
}

TEST(StellarData, QueriesFindWhatOthersFound) {
  const Json answers = Answers("queries-pubnet-p26.json");
  std::vector<LedgerView> ledgers;
  std::map<std::string, std::pair<std::uint32_t, std::size_t>> transactions;
  for (const std::string& bytes : PubnetLedgers()) {
    ASSERT_OK_AND_ASSIGN(ledgers.emplace_back(), Decoder().Decode(bytes));
    const LedgerView& ledger = ledgers.back();
    for (std::size_t i = 0; i < ledger.transactions.size(); ++i) {
      const TransactionView& transaction = ledger.transactions[i];
      const auto place = std::pair(ledger.sequence.value(), i + 1);
      transactions[HexOf(transaction.hash)] = place;
      if (transaction.inner_hash.has_value()) transactions[HexOf(*transaction.inner_hash)] = place;
    }
  }

  for (const Json& filter : answers.at("filters")) {
    std::string found;
    for (const LedgerView& ledger : ledgers) {
      for (const EventView& event : ledger.events) {
        if (!Matches(filter, ledger, event)) continue;
        AppendBigEndian(found, ledger.sequence.value());
        AppendBigEndian(found, event.position.transaction);
        AppendBigEndian(found, event.position.operation);
        AppendBigEndian(found, event.position.event);
      }
    }
    EXPECT_EQ(found.size() / 16, filter.at("count")) << filter.dump().substr(0, 200);
    EXPECT_EQ(Sha256Hex(found), filter.at("digest"));
  }
  EXPECT_EQ(transactions.size(), answers.at("distinctHashes"));
  for (const Json& row : answers.at("txPresent"))
    EXPECT_EQ(Json(transactions.at(row[0])), Json({row[1], row[2]}));
  for (const Json& hash : answers.at("txAbsent")) EXPECT_FALSE(transactions.contains(hash));
}

}  // namespace
}  // namespace permafrost::engine
