// The index of a hot chunk against a look at every ledger.
#include "engine/hot/hot_index.h"

#include <limits>
#include <map>
#include <set>

#include <gmock/gmock.h>

#include "engine/ledger/frame.h"
#include "engine/ledger/synthetic_source.h"
#include "tests/status_matchers.h"

namespace permafrost::engine {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr LedgerSeq kFirst{10};

Hash Filled(std::uint8_t byte) {
  Hash hash;
  hash.fill(byte);
  return hash;
}

EventTerm TermOf(std::uint8_t byte) {
  EventTerm term;
  term.fill(byte);
  return term;
}

TEST(HotIndex, IsEmptyAtFirst) {
  const HotIndex index(kFirst);

  EXPECT_EQ(index.last(), std::nullopt);
  EXPECT_EQ(index.last_hash(), std::nullopt);
  EXPECT_THAT(index.Candidates(Filled(1)), IsEmpty());
  EXPECT_THAT(index.EventsOf(TermOf(1), {.first = 0, .end = 100}), IsEmpty());
}

TEST(HotIndex, NumbersEventsThroughTheChunk) {
  HotIndex index(kFirst);
  ASSERT_OK(index.Add({.sequence = kFirst,
                       .hash = Filled(9),
                       .event_count = 3,
                       .hashes = {Filled(1)},
                       .postings = {{.term = TermOf(1), .events = {0, 2}}}}));
  ASSERT_OK(index.Add({.sequence = LedgerSeq{11}, .hash = Filled(8)}));
  ASSERT_OK(index.Add({.sequence = LedgerSeq{12},
                       .hash = Filled(7),
                       .event_count = 2,
                       .hashes = {Filled(1), Filled(2)},
                       .postings = {{.term = TermOf(1), .events = {1}}}}));

  EXPECT_EQ(index.last(), LedgerSeq{12});
  EXPECT_EQ(index.last_hash(), Filled(7));
  EXPECT_THAT(index.Candidates(Filled(1)), ElementsAre(kFirst, LedgerSeq{12}));
  EXPECT_THAT(index.Candidates(Filled(2)), ElementsAre(LedgerSeq{12}));
  EXPECT_THAT(index.EventsOf(TermOf(1), {.first = 0, .end = 5}), ElementsAre(0, 2, 4));
  EXPECT_THAT(index.EventsOf(TermOf(1), {.first = 1, .end = 4}), ElementsAre(2));
  EXPECT_EQ(index.EventsOf(kFirst).end, 3U);
  EXPECT_EQ(index.EventsOf(LedgerSeq{11}).first, index.EventsOf(LedgerSeq{11}).end);
  EXPECT_EQ(index.EventsOf(LedgerSeq{12}).first, 3U);
  EXPECT_EQ(index.LedgerOf(2), kFirst);
  EXPECT_EQ(index.LedgerOf(3), LedgerSeq{12});
}

TEST(HotIndex, OnlyTheNextLedgerIsTaken) {
  HotIndex index(kFirst);
  ASSERT_OK(index.Add({.sequence = kFirst}));

  for (const std::uint32_t other : {9U, 10U, 12U}) {
    EXPECT_ERROR(index.Add({.sequence = LedgerSeq{other}}), absl::StatusCode::kFailedPrecondition,
                 "index ledger " + std::to_string(other) + ": the next one is 11");
  }
  EXPECT_EQ(index.last(), kFirst);
}

TEST(HotIndex, MoreEventsThanCanBeNumberedAreRefused) {
  HotIndex index(kFirst);
  ASSERT_OK(index.Add(
      {.sequence = kFirst, .event_count = std::numeric_limits<std::uint32_t>::max() - 1}));

  EXPECT_ERROR(index.Add({.sequence = LedgerSeq{11}, .event_count = 2}),
               absl::StatusCode::kOutOfRange,
               "index ledger 11: 2 events beside 4294967294 are more than a chunk can number");
  EXPECT_EQ(index.last(), kFirst);
  EXPECT_OK(index.Add({.sequence = LedgerSeq{11}, .event_count = 1}));
}

// Eight bytes are compared; the reader looks at the whole hash.
TEST(HotIndex, HashesThatBeginAlikeAreAllCandidates) {
  HotIndex index(kFirst);
  Hash other = Filled(1);
  other[8] = 2;
  Hash unlike = Filled(1);
  unlike[7] = 2;
  ASSERT_OK(index.Add({.sequence = kFirst, .hashes = {Filled(1), other}}));
  ASSERT_OK(index.Add({.sequence = LedgerSeq{11}, .hashes = {other}}));

  EXPECT_THAT(index.Candidates(Filled(1)), ElementsAre(kFirst, LedgerSeq{11}));
  EXPECT_THAT(index.Candidates(unlike), IsEmpty());
}

TEST(HotIndex, AnswersWhatALookAtEveryLedgerFinds) {
  constexpr std::uint32_t kLedgers = 60;
  HotIndex index(kFirst);
  std::map<Hash, LedgerSeq> ledger_of;
  std::map<EventTerm, std::vector<std::uint32_t>> events_of;
  std::vector<LedgerSeq> ledgers;  // of each event
  for (std::uint32_t i = 0; i < kLedgers; ++i) {
    const LedgerSeq sequence{kFirst.value() + i};
    const std::string bytes = SyntheticLedger(5, sequence);
    ASSERT_OK_AND_ASSIGN(const LedgerView ledger, FrameDecoder().Decode(bytes));
    for (const TransactionView& transaction : ledger.transactions) {
      ledger_of[transaction.hash] = sequence;
      if (transaction.inner_hash.has_value()) ledger_of[*transaction.inner_hash] = sequence;
    }
    for (const EventView& event : ledger.events) {
      ForEachTerm(ledger, event, [&](const EventTerm& term) {
        events_of[term].push_back(static_cast<std::uint32_t>(ledgers.size()));
      });
      ledgers.push_back(sequence);
    }
    ASSERT_OK(index.Add(IndexRowOf(ledger)));
  }

  ASSERT_GT(ledger_of.size(), 60U);
  for (const auto& [hash, sequence] : ledger_of)
    EXPECT_THAT(index.Candidates(hash), Contains(sequence));
  ASSERT_GT(events_of.size(), 20U);
  const auto all = static_cast<std::uint32_t>(ledgers.size());
  for (const auto& [term, events] : events_of) {
    EXPECT_EQ(index.EventsOf(term, {.first = 0, .end = all}), events);
    std::vector<std::uint32_t> middle;
    for (const std::uint32_t event : events)
      if (event >= all / 3 && event < all / 2) middle.push_back(event);
    EXPECT_EQ(index.EventsOf(term, {.first = all / 3, .end = all / 2}), middle);
  }
  for (std::uint32_t event = 0; event < all; ++event) {
    EXPECT_EQ(index.LedgerOf(event), ledgers[event]);
    const EventRange range = index.EventsOf(ledgers[event]);
    EXPECT_TRUE(range.first <= event && event < range.end);
  }
}

}  // namespace
}  // namespace permafrost::engine
