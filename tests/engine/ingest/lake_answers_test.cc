// Lakes of 30,000 ledgers through a store of production sizes, against the answers that came with
// them.
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "engine/daemon/real_world.h"
#include "engine/ingest/ingest.h"
#include "engine/ledger/lake_source.h"
#include "engine/query/ledger_reader.h"
#include "tests/engine/ledger/made_lake.h"
#include "tests/engine/ledger/real_ledgers.h"
#include "tests/engine/ledger/sha256.h"
#include "tests/status_matchers.h"
#include "tests/vfs/temp_dir.h"
#include "vfs/base/hex.h"

namespace permafrost::engine {
namespace {

using Json = nlohmann::json;

std::vector<Json> ReadLines(const std::string& path) {
  std::vector<Json> rows;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) rows.push_back(Json::parse(line));
  return rows;
}

std::unique_ptr<RealWorld> WorldOf(const std::string& path) {
  auto fs = vfs::PosixFileSystem::Open(path);
  EXPECT_OK(fs.status());
  return std::make_unique<RealWorld>(*std::move(fs), 5);
}

void ExpectRow(const LedgerReader& reader, const LedgerDecoder& decoder, const Json& row) {
  const LedgerSeq sequence{row.at("seq").get<std::uint32_t>()};
  ASSERT_OK_AND_ASSIGN(const FoundLedger found, reader.Ledger(sequence));
  EXPECT_EQ(found.home, Home::kCold);
  EXPECT_EQ(found.bytes.size(), row.at("length"));
  EXPECT_EQ(Sha256Hex(found.bytes), row.at("sha256"));
  ASSERT_OK_AND_ASSIGN(const LedgerView ledger, decoder.Decode(found.bytes));
  EXPECT_EQ(HexOf(ledger.hash), row.at("hash"));
  EXPECT_EQ(ledger.close_time, row.at("closeTime"));
  EXPECT_EQ(ledger.events.size(), row.at("events"));
}

// By its hash and, of a fee bump, its inner hash.
void ExpectTransactions(const LedgerReader& reader, const Json& row) {
  for (const Json& transaction : row.at("txs")) {
    for (const Json& hash : transaction) {
      if (!hash.is_string()) continue;
      ASSERT_OK_AND_ASSIGN(const auto found,
                           reader.Transaction(*vfs::ParseHex<32>(hash.get<std::string>())));
      ASSERT_TRUE(found.has_value()) << hash;
      EXPECT_EQ(found->ledger.value(), row.at("seq"));
      EXPECT_EQ(HexOf(found->transaction.hash), transaction[0]);
    }
  }
}

class LakeAnswers : public ::testing::TestWithParam<std::string> {};

TEST_P(LakeAnswers, ThreeChunksAnswerAsTheLakeSays) {
  const std::string lake = MadeLake(GetParam());
  const std::vector<Json> rows = ReadLines(lake + ".index.jsonl");
  ASSERT_GE(rows.size(), 30'000U);
  const TempDir scratch;
  const auto lake_world = WorldOf(lake);
  const auto world = WorldOf(scratch.path());
  ASSERT_OK_AND_ASSIGN(const auto source, LakeSource::Open(lake_world->Env().fs, lake, {}));
  StoreOptions options;
  options.holder = "4242";
  ASSERT_OK_AND_ASSIGN(const auto store,
                       LedgerStore::Open(world->Env(), options, source->decoder()));

  ASSERT_OK_AND_ASSIGN(const IngestReport report, Ingest(*store, *source, {}));

  EXPECT_EQ(report.lifecycle.chunks_frozen, 3U);
  EXPECT_EQ(report.last->value(), rows.back().at("seq"));
  {
    const LedgerReader reader(store->OpenView(), store->decoder());
    constexpr std::size_t kChunked = 30'000;
    for (std::size_t i = 0; i < kChunked; i += 100)
      ExpectRow(reader, store->decoder(), rows[i + i / 100 % 100]);
    for (std::size_t i = 0; i < kChunked; i += 300) ExpectTransactions(reader, rows[i + 7]);
  }
  EXPECT_OK(store->Close());
}

INSTANTIATE_TEST_SUITE_P(Lakes,
                         LakeAnswers,
                         ::testing::Values("lake-30000", "lake-64"),
                         [](const auto& lake) {
                           return lake.param == "lake-64" ? "BatchesOf64" : "SingleLedgers";
                         });

}  // namespace
}  // namespace permafrost::engine
