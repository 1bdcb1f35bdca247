// Made ledgers: the same for a seed, chained, and of the kinds that queries need.
#include "engine/ledger/synthetic_source.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/ledger/real_ledgers.h"
#include "tests/status_matchers.h"
#include "vfs/base/blake3.h"

namespace permafrost::engine {
namespace {

TEST(SyntheticSource, LedgersAreInSequenceAndChained) {
  SyntheticSource source(7, 100);
  ASSERT_OK_AND_ASSIGN(const auto stream, source.Open(std::nullopt));
  Hash previous = SyntheticHash(7, LedgerSeq{1});

  for (std::uint32_t sequence = 2; sequence <= 101; ++sequence) {
    ASSERT_OK_AND_ASSIGN(const auto sourced, stream->Next());
    ASSERT_TRUE(sourced.has_value());
    ASSERT_OK_AND_ASSIGN(const LedgerView ledger, source.decoder().Decode(sourced->bytes));
    EXPECT_EQ(sourced->sequence, LedgerSeq{sequence});
    EXPECT_EQ(ledger.sequence, LedgerSeq{sequence});
    EXPECT_EQ(ledger.previous_hash, previous);
    previous = ledger.hash;
  }
  ASSERT_OK_AND_ASSIGN(const auto end, stream->Next());
  EXPECT_FALSE(end.has_value());
}

TEST(SyntheticSource, ALedgerIsTheSameWhereverAStreamBegins) {
  SyntheticSource source(7, 100);
  EXPECT_EQ(source.name(), "synthetic:7,100");
  ASSERT_OK_AND_ASSIGN(const auto range, source.Available());
  EXPECT_EQ(range.first, LedgerSeq{2});
  EXPECT_EQ(range.last, LedgerSeq{101});

  ASSERT_OK_AND_ASSIGN(const auto stream, source.Open(LedgerSeq{50}));
  ASSERT_OK_AND_ASSIGN(const auto sourced, stream->Next());

  ASSERT_TRUE(sourced.has_value());
  EXPECT_EQ(sourced->bytes, SyntheticLedger(7, LedgerSeq{50}));
  EXPECT_NE(sourced->bytes, SyntheticLedger(8, LedgerSeq{50}));
  EXPECT_EQ(sourced->origin, "synthetic:7,100");
  EXPECT_ERROR(source.Open(LedgerSeq{1}), absl::StatusCode::kOutOfRange,
               "synthetic:7,100 begins with ledger 2, not 1");
}

// Equal in every build and on every machine: simulations and repro files rest on it.
TEST(SyntheticSource, TheBytesOfASeedNeverChange) {
  std::string all;
  for (std::uint32_t sequence = 2; sequence < 52; ++sequence)
    all += SyntheticLedger(1, LedgerSeq{sequence});

  EXPECT_EQ(vfs::Blake3Of(all).Hex(),
            "7b4a4c262b5b892b7e8c32b6a85e8d0b3fd277e3306a2a06cb45a34267c1b4fa");
}

TEST(SyntheticSource, EveryKindOfTransactionAndEventComesUp) {
  std::map<std::string, int> seen;
  std::set<std::string> contracts;
  std::size_t largest = 0;
  FrameDecoder decoder;
  for (std::uint32_t sequence = 2; sequence < 1'002; ++sequence) {
    const std::string bytes = SyntheticLedger(5, LedgerSeq{sequence});
    largest = std::max(largest, bytes.size());
    ASSERT_OK_AND_ASSIGN(const LedgerView ledger, decoder.Decode(bytes));
    ++seen[ledger.transactions.empty() ? "empty ledger" : "ledger"];
    for (const TransactionView& transaction : ledger.transactions) {
      ++seen[transaction.inner_hash.has_value() ? "fee bump" : "no fee bump"];
      ++seen[transaction.is_successful ? "successful" : "failed"];
    }
    for (const EventView& event : ledger.events) {
      contracts.emplace(event.contract);
      ++seen[event.contract.empty() ? "no contract" : "contract"];
      ++seen["topics " + std::to_string(event.topic_count)];
      if (event.position.transaction == 0) ++seen["before all"];
      if (event.position.transaction == kAfterAllTransactions) ++seen["after all"];
      if (event.position.operation == kAfterOperations) ++seen["after transaction"];
    }
  }

  for (const char* const kind : {"empty ledger", "ledger", "fee bump", "no fee bump", "successful",
                                 "failed", "no contract", "contract", "topics 1", "topics 4",
                                 "topics 5", "before all", "after all", "after transaction"})
    EXPECT_GT(seen[kind], 10) << kind;
  EXPECT_EQ(contracts.size(), 9U);  // and none
  EXPECT_LT(largest, 1'800U);
}

TEST(SyntheticSource, LedgersAreAsLargeAsAsked) {
  const std::string early = SyntheticLedger(1, LedgerSeq{9}, k60KiBShape);
  const std::string late = SyntheticLedger(1, LedgerSeq{9}, k1MBShape);

  EXPECT_EQ(early.size(), 60U << 10);
  EXPECT_EQ(late.size(), 990'000U);
  ASSERT_OK_AND_ASSIGN(const LedgerView ledger, FrameDecoder().Decode(late));
  EXPECT_GT(ledger.transactions.size(), 190U);
  EXPECT_GT(ledger.events.size(), 450U);
  EXPECT_GT(early.size() / ZstdOf(early).size(), 2U);
}

TEST(SyntheticSource, LedgersStayUndecodedWhereAsked) {
  SyntheticShape shape;
  shape.undecoded_every = 10;

  for (std::uint32_t sequence = 2; sequence < 30; ++sequence) {
    const std::string bytes = SyntheticLedger(1, LedgerSeq{sequence}, shape);
    ASSERT_OK_AND_ASSIGN(const LedgerView ledger, FrameDecoder().Decode(bytes));
    EXPECT_EQ(ledger.undecoded.has_value(), sequence % 10 == 0) << sequence;
  }
}

}  // namespace
}  // namespace permafrost::engine
