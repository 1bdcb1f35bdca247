// Rows compared with reads.
#include "tests/engine/ingest/expected_answers.h"

#include <cstdlib>

#include <gmock/gmock.h>

#include "tests/engine/ledger/real_ledgers.h"
#include "tests/engine/ledger/sha256.h"
#include "tests/status_matchers.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/hex.h"

namespace permafrost::engine::testing {

using Json = nlohmann::json;

std::string DataPath(const std::string& name) {
  const char* const data = std::getenv("PERMAFROST_DATA");
  EXPECT_NE(data, nullptr) << "set PERMAFROST_DATA to the folder that has stellar/";
  return std::string(data == nullptr ? "" : data) + "/stellar/" + name;
}

Json Answers(const std::string& name) {
  return Json::parse(ReadText(DataPath("expected/" + name)));
}

Json PlaceOf(const EventPayload& event) {
  return {event.ledger.value(), event.position.transaction, event.position.operation,
          event.position.event};
}

void ExpectTransaction(const LedgerReader& reader,
                       const Json& hash,
                       std::uint32_t ledger,
                       std::size_t apply_index,
                       const Json& row) {
  ASSERT_OK_AND_ASSIGN(const auto found,
                       reader.Transaction(*vfs::ParseHex<32>(hash.get<std::string>())));
  ASSERT_TRUE(found.has_value()) << hash;
  EXPECT_EQ(found->ledger, LedgerSeq{ledger});
  EXPECT_EQ(found->apply_index, apply_index);
  if (row.is_null()) return;
  EXPECT_EQ(HexOf(found->transaction.hash), row[0]);
  EXPECT_EQ(found->transaction.is_successful ? 1 : 0, row[1]);
  const auto& inner = found->transaction.inner_hash;
  EXPECT_EQ(inner.has_value() ? Json(HexOf(*inner)) : Json(0), row[2]);
}

void ExpectEvents(const LedgerReader& reader,
                  const Json& rows,
                  const Json& contracts,
                  LedgerSeq ledger) {
  ASSERT_OK_AND_ASSIGN(const auto payloads,
                       AllEvents(reader, {.from = ledger, .to = ledger, .limit = 7}));
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

void ExpectRow(LedgerWorld& world, const Json& row, const Json& contracts) {
  const auto at = row.at("seq").get<std::uint32_t>();
  const LedgerReader reader = world.Reader();
  ASSERT_OK_AND_ASSIGN(const FoundLedger found, reader.Ledger(LedgerSeq{at}));
  ASSERT_OK_AND_ASSIGN(const LedgerView ledger, world.store().decoder().Decode(found.bytes));
  EXPECT_EQ(DifferenceTo(row, ledger), "");
  for (std::size_t i = 0; i < row.at("txs").size(); ++i) {
    const Json& transaction = row.at("txs")[i];
    ExpectTransaction(reader, transaction[0], at, i + 1, transaction);
    if (transaction[2] != 0) ExpectTransaction(reader, transaction[2], at, i + 1, transaction);
  }
  ExpectEvents(reader, row.at("events"), contracts, LedgerSeq{at});
}

}  // namespace permafrost::engine::testing
