// Postings: ids as bytes, and terms in their order, whole or share by share.
#include "engine/cold/term_postings.h"

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "tests/engine/ledger/event_makers.h"
#include "tests/status_matchers.h"
#include "tests/vectors.h"

namespace permafrost::engine {
namespace {

using ::testing::ElementsAre;
using testing::MadeLedger;
using ::testing::Optional;

using Postings = std::vector<std::pair<EventTerm, std::vector<std::uint32_t>>>;

Postings AllOf(const TermPostings& postings) {
  Postings all;
  EXPECT_OK(postings.ForEach([&all](const EventTerm& term, std::span<const std::uint32_t> ids) {
    all.emplace_back(term, std::vector<std::uint32_t>(ids.begin(), ids.end()));
    return absl::OkStatus();
  }));
  return all;
}

RC_GTEST_PROP(TermPostings, IdsComeBackAsTheyWere, (const std::set<std::uint32_t>& set)) {
  const std::vector<std::uint32_t> ids(set.begin(), set.end());
  std::string bytes;
  AppendIds(bytes, ids);

  const auto parsed = ParseIds(bytes);

  RC_ASSERT(parsed.has_value() == !ids.empty());
  if (parsed.has_value()) RC_ASSERT(*parsed == ids);
}

TEST(TermPostings, WhatIsNoIdsIsRefused) {
  EXPECT_THAT(ParseIds(BytesOfHex("00")), Optional(ElementsAre(0)));
  EXPECT_THAT(ParseIds(BytesOfHex("ffffffff0f")), Optional(ElementsAre(~std::uint32_t{0})));
  for (const char* hex : {"", "80", "0500", "ffffffff1f", "ffffffff0f01", "808080808000"})
    EXPECT_EQ(ParseIds(BytesOfHex(hex)), std::nullopt) << hex;
}

RC_GTEST_PROP(TermPostings, RandomBytesAreRefusedOrAscend, (const std::string& bytes)) {
  const auto ids = ParseIds(bytes);
  if (!ids.has_value()) return;
  RC_ASSERT(!ids->empty());
  for (std::size_t i = 1; i < ids->size(); ++i) RC_ASSERT((*ids)[i - 1] < (*ids)[i]);
}

TEST(TermPostings, SharesTogetherAreTheWhole) {
  const MadeLedger first(1, LedgerSeq{5}, 200);
  const MadeLedger second(2, LedgerSeq{6}, 200);
  const auto first_events = static_cast<std::uint32_t>(first.view().events.size());
  std::map<EventTerm, std::vector<std::uint32_t>> expected;
  std::uint32_t id = 0;
  for (const MadeLedger* ledger : {&first, &second}) {
    for (const EventView& event : ledger->view().events) {
      ForEachTerm(ledger->view(), event,
                  [&](const EventTerm& term) { expected[term].push_back(id); });
      ++id;
    }
  }

  for (const std::uint32_t count : {1U, 2U, 7U}) {
    Postings all;
    for (std::uint32_t index = 0; index < count; ++index) {
      TermPostings postings({.index = index, .count = count});
      postings.AddLedger(first.view(), 0);
      postings.AddLedger(second.view(), first_events);
      EXPECT_GT(postings.term_count(), 0U);
      for (const auto& entry : AllOf(postings)) all.push_back(entry);
    }
    EXPECT_EQ(all, Postings(expected.begin(), expected.end()));
  }
}

TEST(TermPostings, AnEventCountsOnce) {
  TermPostings postings;
  const EventTerm term{};
  for (const std::uint32_t id : {0U, 0U, 7U, 7U}) postings.Add(term, id);

  EXPECT_EQ(AllOf(postings), (Postings{{term, {0, 7}}}));
}

TEST(TermPostings, TheFirstErrorEndsTheVisit) {
  TermPostings postings;
  postings.Add(EventTerm{1}, 1);
  postings.Add(EventTerm{2}, 1);
  int visits = 0;

  EXPECT_ERROR(postings.ForEach([&visits](const EventTerm&, std::span<const std::uint32_t>) {
    ++visits;
    return vfs::Aborted("enough");
  }),
               absl::StatusCode::kAborted, ::testing::StrEq("enough"));
  EXPECT_EQ(visits, 1);
}

}  // namespace
}  // namespace permafrost::engine
