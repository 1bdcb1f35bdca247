// The answer files beyond the ten ledgers of pubnet-p26: every chain of consecutive ledgers in them
// and every golden stream, through a store of its own, hot, cold and split between the tiers.
#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "engine/ingest/ingest.h"
#include "engine/ledger/event_payload.h"
#include "engine/ledger/stream_source.h"
#include "tests/engine/ingest/expected_answers.h"
#include "tests/engine/ledger/real_ledgers.h"
#include "tests/engine/ledger/sha256.h"
#include "tests/engine/ledger/text_stream.h"
#include "tests/engine/ledger_model.h"
#include "tests/status_matchers.h"
#include "tests/vectors.h"

namespace permafrost::engine {
namespace {

using Json = nlohmann::json;
using testing::AllEvents;
using testing::Answers;
using testing::DataPath;
using testing::ExpectRow;
using testing::LedgerWorld;

enum class Tier { kHot, kCold, kSplit };

// Ledgers that follow one another, and their rows if there are any.
struct Chain {
  std::uint32_t first = 0;
  std::vector<std::string_view> ledgers;
  std::vector<Json> rows;
};

// The size of chunks of which one begins with the chain's first ledger, and which put the chain
// into this tier; nothing if there is none.
std::optional<std::uint32_t> ChunkSizeOf(const Chain& chain, Tier tier) {
  const auto count = static_cast<std::uint32_t>(chain.ledgers.size());
  const auto begins_a_chunk = [&](std::uint32_t size) { return (chain.first - 2) % size == 0; };
  if (tier == Tier::kCold) return 1;
  if (tier == Tier::kSplit) {
    for (std::uint32_t size = count - 1; size > 1; --size)
      if (begins_a_chunk(size) && count % size != 0) return size;
    return std::nullopt;
  }
  for (std::uint32_t size = count + 1; size <= kWindowLedgersMax; ++size)
    if (begins_a_chunk(size)) return size;
  return std::nullopt;
}

// A store of the chain, opened again after it was made.
absl::Status Fill(LedgerWorld& world, const Chain& chain, std::uint32_t ledgers_per_chunk) {
  StoreOptions options = testing::LedgerStoreOptions();
  VFS_ASSIGN_OR_RETURN(options.geometry, Geometry::Create({.ledgers_per_chunk = ledgers_per_chunk,
                                                           .chunks_per_window = 1,
                                                           .chunks_per_bucket = 1'000'000}));
  options.earliest_ledger = LedgerSeq{chain.first};
  std::string stream;
  for (const std::string_view ledger : chain.ledgers) {
    AppendBigEndian(stream, static_cast<std::uint32_t>(ledger.size()) | 0x8000'0000U);
    stream += ledger;
  }
  VFS_RETURN_IF_ERROR(world.Open(options));
  StreamSource source(std::make_unique<TextStream>(std::move(stream), 1 << 16), "chain");
  VFS_RETURN_IF_ERROR(Ingest(world.store(), source, {}).status());
  return world.Reopen(options);
}

// How many of the chain are cold, as their tier says.
void ExpectHomes(LedgerWorld& world, const Chain& chain, std::uint32_t ledgers_per_chunk) {
  std::size_t cold = 0;
  for (std::size_t i = 0; i < chain.ledgers.size(); ++i) {
    const LedgerSeq at{chain.first + static_cast<std::uint32_t>(i)};
    ASSERT_OK_AND_ASSIGN(const FoundLedger found, world.Reader().Ledger(at));
    EXPECT_TRUE(found.bytes == chain.ledgers[i]) << at.value();
    cold += found.home == Home::kCold ? 1 : 0;
  }
  EXPECT_EQ(cold, chain.ledgers.size() / ledgers_per_chunk * ledgers_per_chunk);
}

// Over the hash of a ledger and what its transactions and events, found by queries, are.
std::string DigestsOf(const LedgerReader& reader, const LedgerView& ledger) {
  LedgerView found = ledger;
  for (TransactionView& transaction : found.transactions) {
    const auto by_hash = reader.Transaction(transaction.hash);
    if (!by_hash.ok() || !by_hash->has_value() || (*by_hash)->ledger != ledger.sequence)
      return "transaction " + HexOf(transaction.hash);
    if (transaction.inner_hash.has_value()) {
      const auto by_inner = reader.Transaction(*transaction.inner_hash);
      if (!by_inner.ok() || !by_inner->has_value() ||
          (*by_inner)->apply_index != (*by_hash)->apply_index)
        return "inner transaction " + HexOf(*transaction.inner_hash);
    }
    transaction = (*by_hash)->transaction;
  }
  const auto payloads =
      AllEvents(reader, {.from = ledger.sequence, .to = ledger.sequence, .limit = 5});
  if (!payloads.ok()) return payloads.status().ToString();
  std::string events;
  for (const std::string& payload : *payloads) {
    const auto event = ParseEventPayload(payload);
    if (!event.ok()) return event.status().ToString();
    for (const std::uint32_t number : {event->ledger.value(), event->position.transaction,
                                       event->position.operation, event->position.event})
      AppendBigEndian(events, number);
    events.append(event->transaction.begin(), event->transaction.end());
    AppendBigEndian(events, static_cast<std::uint32_t>(event->xdr.size()));
    events += event->xdr;
  }
  return BytesOfHex(HexOf(found.hash) + TransactionDigest(found) + Sha256Hex(events));
}

const std::pair<const char*, Tier> kAllTiers[] = {
    {"hot", Tier::kHot}, {"cold", Tier::kCold}, {"split", Tier::kSplit}};

class OtherAnswers : public ::testing::TestWithParam<std::vector<std::string>> {};

// Runs of consecutive ledgers of the answer files, which belong to one network.
std::vector<Chain> ChainsOf(const std::vector<Json>& answers, std::vector<std::string>& bytes) {
  for (const Json& file : answers)
    bytes.push_back(ReadUncompressed(DataPath(file.at("file").get<std::string>())));
  std::vector<Chain> chains;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    for (const Json& row : answers[i].at("ledgers")) {
      const auto sequence = row.at("seq").get<std::uint32_t>();
      const bool goes_on = !chains.empty() &&
                           chains.back().first + chains.back().ledgers.size() == sequence &&
                           chains.back().rows.back().at("hash") == row.at("previousHash");
      if (!goes_on) chains.push_back({.first = sequence, .ledgers = {}, .rows = {}});
      chains.back().ledgers.push_back(
          std::string_view(bytes[i]).substr(row.at("offset"), row.at("length")));
      Json detailed = row;
      detailed["contracts"] = answers[i].at("contracts");
      chains.back().rows.push_back(std::move(detailed));
    }
  }
  return chains;
}

TEST_P(OtherAnswers, EveryRowIsEqualInEveryTier) {
  std::vector<Json> answers;
  for (const std::string& name : GetParam()) answers.push_back(Answers(name));
  std::vector<std::string> bytes;
  std::size_t stores = 0;

  for (const Chain& chain : ChainsOf(answers, bytes)) {
    for (const auto& [name, tier] : kAllTiers) {
      const auto size = ChunkSizeOf(chain, tier);
      if (!size.has_value()) continue;
      SCOPED_TRACE(fmt::format("{} from {}, {} a chunk", name, chain.first, *size));
      LedgerWorld world;
      ASSERT_OK(Fill(world, chain, *size));
      ++stores;
      ASSERT_NO_FATAL_FAILURE(ExpectHomes(world, chain, *size));
      for (const Json& row : chain.rows) ExpectRow(world, row, row.at("contracts"));
    }
  }

  EXPECT_GE(stores, 2 * GetParam().size() / 3);
}

INSTANTIATE_TEST_SUITE_P(
    Files,
    OtherAnswers,
    ::testing::Values(std::vector<std::string>{"FCD285FF--53312000.json"},
                      std::vector<std::string>{"FFF1035B--982180.json"},
                      std::vector<std::string>{"FFFFFC1A--997.json", "FFFFFC19--998.json",
                                               "FFFFFC18--999.json"},
                      std::vector<std::string>{"ledger-51000294.json"},
                      std::vector<std::string>{"load-test-ledgers-v22.json"},
                      std::vector<std::string>{"load-test-ledgers-v23-standalone.json"},
                      std::vector<std::string>{"rebuilt-v0-p13-dev.json"}),
    [](const auto& files) {
      std::string name = files.param.front().substr(0, files.param.front().find(".json"));
      std::erase_if(name, [](char c) { return c == '-'; });
      return name;
    });

TEST(GoldenStreams, HaveTheirDigestsInEveryTier) {
  const Json answers = Answers("current-dev.json");
  const std::string bytes = ReadUncompressed(DataPath(answers.at("file").get<std::string>()));
  std::map<std::string, std::size_t> stores;
  std::size_t ledgers = 0;

  for (const Json& row : answers.at("sources")) {
    ASSERT_EQ(row.at("chained"), true);
    Chain chain{.first = row.at("firstSeq").get<std::uint32_t>(), .ledgers = {}, .rows = {}};
    chain.ledgers = SplitFramed(std::string_view(bytes).substr(row.at("offset"), row.at("length")));
    ledgers += chain.ledgers.size();
    for (const auto& [name, tier] : kAllTiers) {
      const auto size = ChunkSizeOf(chain, tier);
      if (!size.has_value()) continue;
      SCOPED_TRACE(fmt::format("{} of {}, {} a chunk", name, row.at("id").dump(), *size));
      LedgerWorld world;
      ASSERT_OK(Fill(world, chain, *size));
      ++stores[name];
      ASSERT_NO_FATAL_FAILURE(ExpectHomes(world, chain, *size));
      const LedgerReader reader = world.Reader();
      std::string digests;
      for (const std::string_view ledger : chain.ledgers)
        digests += DigestsOf(reader, *world.store().decoder().Decode(ledger));
      EXPECT_EQ(Sha256Hex(digests), row.at("digest"));
    }
  }

  EXPECT_EQ(ledgers, answers.at("ledgerCount"));
  EXPECT_EQ(stores["hot"], answers.at("sources").size());
  EXPECT_EQ(stores["cold"], answers.at("sources").size());
  EXPECT_GT(stores["split"], answers.at("sources").size() / 3);
}

}  // namespace
}  // namespace permafrost::engine
