// Events of a store, cold, hot and both, against a look at every ledger.
#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "engine/ingest/ingest.h"
#include "engine/ledger/event_payload.h"
#include "engine/ledger/synthetic_source.h"
#include "tests/engine/ledger_model.h"
#include "tests/status_matchers.h"
#include "vfs/base/prng.h"

namespace permafrost::engine {
namespace {

using testing::AllEvents;
using ::testing::IsEmpty;
using testing::LedgerModel;
using testing::LedgerWorld;
using ::testing::SizeIs;

constexpr std::uint64_t kSeed = 11;
constexpr SyntheticShape kShape = {.transactions_min = 1, .transactions_max = 6, .events_max = 4};

std::optional<Hash> ContractOf(const LedgerView& /*ledger*/, const EventView& event) {
  if (event.contract.empty()) return std::nullopt;
  Hash contract;
  std::copy(event.contract.begin(), event.contract.end(), contract.begin());
  return contract;
}

// 44 ledgers, chunks of 8: 2 to 41 are cold, 42 to 45 hot.
class EventSearch : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kLedgers = 44;

  EventSearch() {
    SyntheticSource source(kSeed, kLedgers, kShape);
    EXPECT_OK(world_.Open());
    EXPECT_OK(Ingest(world_.store(), source, {}));
  }

  EventQuery Range(std::uint32_t from, std::uint32_t to) const {
    return {.from = LedgerSeq{from}, .to = LedgerSeq{to}};
  }

  // Conditions that an event of the ledgers meets, some of them spoilt.
  EventFilter DrawFilter(vfs::Prng& prng) const {
    while (true) {
      const LedgerView& ledger = model_.views()[prng.Below(model_.views().size())];
      if (ledger.events.empty()) continue;
      const EventView& event = ledger.events[prng.Below(ledger.events.size())];
      EventFilter filter;
      if (prng.Chance({1, 2})) filter.contract = ContractOf(ledger, event);
      for (const std::string_view topic : ledger.TopicsOf(event)) {
        filter.topics.emplace_back();
        if (prng.Chance({1, 2})) filter.topics.back() = std::string(topic);
      }
      if (prng.Chance({1, 10})) filter.topics.emplace_back("of no event");
      return filter;
    }
  }

  const LedgerModel model_ = LedgerModel::Synthetic(kSeed, kLedgers, kShape);
  LedgerWorld world_;
};

TEST_F(EventSearch, EveryQueryFindsWhatALookFinds) {
  const LedgerReader reader = world_.Reader();
  vfs::Prng prng(1);
  std::size_t found = 0;
  std::size_t pages = 0;
  for (int i = 0; i < 400; ++i) {
    EventQuery query = Range(static_cast<std::uint32_t>(prng.Between(2, 45)), 0);
    query.to = LedgerSeq{static_cast<std::uint32_t>(prng.Between(query.from.value(), 50))};
    query.is_descending = prng.Chance({1, 2});
    query.limit = prng.Chance({1, 2}) ? prng.Between(1, 9) : kEventLimitMax;
    for (std::uint64_t filters = prng.Below(4); filters > 0; --filters)
      query.filters.push_back(DrawFilter(prng));

    ASSERT_OK_AND_ASSIGN(const auto events, AllEvents(reader, query));

    ASSERT_EQ(events, model_.Events(query)) << "query " << i;
    found += events.size();
    pages += events.size() / query.limit;
  }
  EXPECT_GT(found, 1'000U);
  EXPECT_GT(pages, 500U);
}

// Pages of one event end before, at and behind each edge of a chunk and of a tier.
TEST_F(EventSearch, PagesOfOneGoThroughAllBothWays) {
  const LedgerReader reader = world_.Reader();
  for (const bool is_descending : {false, true}) {
    EventQuery query = Range(2, 45);
    query.is_descending = is_descending;
    query.limit = 1;
    ASSERT_OK_AND_ASSIGN(const auto events, AllEvents(reader, query));
    EXPECT_EQ(events, model_.Events(query));
    EXPECT_GT(events.size(), 100U);
  }
}

TEST_F(EventSearch, APageThatIsJustFullIsTheLast) {
  const LedgerReader reader = world_.Reader();
  EventQuery query = Range(2, 45);
  const std::size_t all = model_.Events(query).size();

  query.limit = all;
  ASSERT_OK_AND_ASSIGN(const EventPage whole, reader.Events(query));
  query.limit = all - 1;
  ASSERT_OK_AND_ASSIGN(const EventPage most, reader.Events(query));
  query.after = most.end;
  ASSERT_OK_AND_ASSIGN(const EventPage rest, reader.Events(query));
  query.after = rest.end;
  ASSERT_OK_AND_ASSIGN(const EventPage nothing, reader.Events(query));

  EXPECT_TRUE(whole.is_done);
  EXPECT_FALSE(most.is_done);
  EXPECT_THAT(rest.payloads, SizeIs(1));
  EXPECT_TRUE(rest.is_done);
  EXPECT_EQ(rest.end, whole.end);
  EXPECT_THAT(nothing.payloads, IsEmpty());
  EXPECT_TRUE(nothing.is_done);
  EXPECT_EQ(nothing.end, rest.end);
}

// A cursor outlives the tier that it was made in: what was hot is frozen meanwhile.
TEST_F(EventSearch, ACursorGoesOnAfterAFreeze) {
  EventQuery query = Range(40, 60);
  query.limit = 3;
  ASSERT_OK_AND_ASSIGN(EventPage page, world_.Reader().Events(query));
  std::vector<std::string> events = page.payloads;
  ASSERT_FALSE(page.is_done);
  query.after = page.end;

  SyntheticSource more(kSeed, kLedgers + 8, kShape);
  ASSERT_OK(Ingest(world_.store(), more, {}));
  ASSERT_OK_AND_ASSIGN(const auto rest, AllEvents(world_.Reader(), query));

  events.insert(events.end(), rest.begin(), rest.end());
  EXPECT_EQ(events, LedgerModel::Synthetic(kSeed, kLedgers + 8, kShape).Events(query));
}

// At the tip a query that found all there is goes on when there is more.
TEST_F(EventSearch, ACursorAtTheTipGoesOnWithWhatCame) {
  EventQuery query = Range(2, 1'000);
  query.limit = kEventLimitMax;
  ASSERT_OK_AND_ASSIGN(const EventPage page, world_.Reader().Events(query));
  ASSERT_TRUE(page.is_done);

  SyntheticSource more(kSeed, kLedgers + 3, kShape);
  ASSERT_OK(Ingest(world_.store(), more, {}));
  query.after = page.end;
  ASSERT_OK_AND_ASSIGN(const EventPage rest, world_.Reader().Events(query));

  EXPECT_EQ(rest.payloads, LedgerModel::Synthetic(kSeed, kLedgers + 3, kShape)
                               .Events({.from = LedgerSeq{46}, .to = LedgerSeq{48}}));
}

TEST_F(EventSearch, WhatIsAskedWrongIsNamed) {
  const LedgerReader reader = world_.Reader();
  const auto ask = [&](const EventQuery& query) { return reader.Events(query); };
  EXPECT_ERROR(ask(Range(9, 8)), absl::StatusCode::kInvalidArgument,
               "look up events from ledger 9 to 8: the range is inverted");
  for (const std::size_t limit : {std::size_t{0}, kEventLimitMax + 1}) {
    EventQuery query = Range(2, 9);
    query.limit = limit;
    EXPECT_ERROR(ask(query), absl::StatusCode::kInvalidArgument,
                 fmt::format("look up events: a limit from 1 to 10000 expected, found {}", limit));
  }
  EventQuery many = Range(2, 9);
  many.filters.resize(kEventFiltersMax);
  EXPECT_OK(ask(many));
  many.filters.resize(kEventFiltersMax + 1);
  EXPECT_ERROR(ask(many), absl::StatusCode::kInvalidArgument,
               "look up events: at most 256 filters expected, found 257");
}

// Where a query begins must be there; where it ends may lie further on.
TEST_F(EventSearch, AQueryThatBeginsBelowTheFloorIsRefused) {
  StoreOptions options = testing::LedgerStoreOptions();
  options.retention_chunks = 2;
  ASSERT_OK(world_.Reopen(options));
  ASSERT_OK(Settle(world_.store(), nullptr));
  const LedgerReader reader = world_.Reader();
  ASSERT_EQ(reader.oldest(), LedgerSeq{26});

  EXPECT_ERROR(reader.Events(Range(25, 45)), absl::StatusCode::kOutOfRange,
               "look up events from ledger 25: ledgers 26 to 45 are there");
  EventQuery descending = Range(2, 45);
  descending.is_descending = true;
  ASSERT_OK_AND_ASSIGN(const auto events, AllEvents(reader, descending));
  EventQuery kept = Range(26, 45);
  kept.is_descending = true;
  EXPECT_EQ(events, model_.Events(kept));
  descending.to = LedgerSeq{25};
  EXPECT_ERROR(reader.Events(descending), absl::StatusCode::kOutOfRange,
               "look up events from ledger 25: ledgers 26 to 45 are there");
  ASSERT_OK_AND_ASSIGN(const EventPage behind, reader.Events(Range(46, 50)));
  EXPECT_TRUE(behind.is_done);
  EXPECT_THAT(behind.payloads, IsEmpty());
  EXPECT_EQ(behind.end, std::nullopt);
}

TEST(EventSearchEmpty, AnEmptyStoreHasNoEvents) {
  LedgerWorld world;
  ASSERT_OK(world.Open());

  ASSERT_OK_AND_ASSIGN(const EventPage page,
                       world.Reader().Events({.from = LedgerSeq{2}, .to = LedgerSeq{9}}));

  EXPECT_THAT(page.payloads, IsEmpty());
  EXPECT_TRUE(page.is_done);
}

}  // namespace
}  // namespace permafrost::engine
