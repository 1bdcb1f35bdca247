// Filters and cursors by themselves.
#include "engine/query/event_query.h"

#include <array>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "engine/query/base64.h"
#include "tests/status_matchers.h"
#include "vfs/base/bytes.h"
#include "vfs/base/crc32c.h"

namespace permafrost::engine {
namespace {

using ::testing::StartsWith;

constexpr std::uint32_t kMax = std::numeric_limits<std::uint32_t>::max();

Hash Filled(std::uint8_t byte) {
  Hash hash;
  hash.fill(byte);
  return hash;
}

EventQuery SomeQuery() {
  return {.from = LedgerSeq{5},
          .to = LedgerSeq{9},
          .filters = {{.contract = Filled(1), .topics = {"a", std::nullopt}}, {.topics = {"b"}}}};
}

TEST(EventFilter, WhatIsNotGivenMatchesAnything) {
  const std::string contract(32, '\x01');
  EventPayload event;
  event.contract = contract;
  event.topics = {"a", "b"};
  const auto matches = [&](const EventFilter& filter) { return filter.Matches(event); };

  EXPECT_TRUE(matches({}));
  EXPECT_TRUE(matches({.contract = Filled(1)}));
  EXPECT_FALSE(matches({.contract = Filled(2)}));
  EXPECT_TRUE(matches({.topics = {"a"}}));
  EXPECT_TRUE(matches({.topics = {std::nullopt, "b"}}));
  EXPECT_TRUE(matches({.contract = Filled(1), .topics = {"a", "b"}}));
  EXPECT_TRUE(matches({.topics = {"a", "b", std::nullopt, std::nullopt, std::nullopt}}));
  EXPECT_FALSE(matches({.topics = {"a", "b", "c"}}));
  EXPECT_FALSE(matches({.topics = {"b"}}));
  EXPECT_FALSE(matches({.topics = {""}}));
  EXPECT_FALSE(matches({.contract = Filled(1), .topics = {std::nullopt, "a"}}));
}

TEST(EventFilter, AnEventWithoutAContractIsOfNone) {
  EventPayload event;
  EXPECT_FALSE(EventFilter{.contract = Hash{}}.Matches(event));
  EXPECT_TRUE(EventFilter{}.Matches(event));
}

// The shape that event_query.h writes down.
TEST(EventCursor, IsTheTextThatIsWrittenDown) {
  const EventQuery query = {.from = LedgerSeq{2}, .to = LedgerSeq{3}, .is_descending = true};
  const EventCursor cursor = {.ledger = LedgerSeq{3},
                              .position = {.transaction = 4, .operation = 5, .event = 6}};
  std::string body("\1\0\0\0\3\0\0\0\4\0\0\0\5\0\0\0\6", 17);
  const std::string question("\0\0\0\2\0\0\0\3", 8);
  const std::uint32_t checksum = vfs::Crc32c(body + question);
  for (int shift = 24; shift >= 0; shift -= 8) body.push_back(static_cast<char>(checksum >> shift));

  EXPECT_EQ(CursorText(query, cursor), "pec1_" + WebBase64Of(body));
}

TEST(EventCursor, ComesBackAsItWas) {
  for (const bool is_descending : {false, true}) {
    for (const std::uint32_t number : {0U, 1U, 255U, 1U << 16, kMax}) {
      EventQuery query = SomeQuery();
      query.is_descending = is_descending;
      const EventCursor cursor = {
          .ledger = LedgerSeq{7},
          .position = {.transaction = number, .operation = kMax - number, .event = number / 3}};
      ASSERT_OK_AND_ASSIGN(const EventCursor parsed, ParseCursor(query, CursorText(query, cursor)));
      EXPECT_EQ(parsed, cursor);
    }
  }
}

TEST(EventCursor, TheLimitMayChange) {
  EventQuery query = SomeQuery();
  const EventCursor cursor = {.ledger = LedgerSeq{6}, .position = {}};
  const std::string cursor_text = CursorText(query, cursor);

  query.limit = 1;
  query.after = cursor;

  EXPECT_OK(ParseCursor(query, cursor_text));
}

TEST(EventCursor, OneOfAnotherQueryIsRefused) {
  const EventCursor cursor = {.ledger = LedgerSeq{6}, .position = {}};
  std::vector<EventQuery> others(10, SomeQuery());
  others[0].from = LedgerSeq{4};
  others[1].to = LedgerSeq{10};
  others[2].is_descending = true;
  others[3].filters.pop_back();
  others[4].filters.clear();
  others[5].filters[0].contract.reset();
  others[6].filters[0].contract = Filled(2);
  others[7].filters[0].topics = {"a"};
  others[8].filters[0].topics = {std::nullopt, "a"};
  others[9].filters[1].topics = {"c"};
  std::set<std::string> texts = {CursorText(SomeQuery(), cursor)};

  for (const EventQuery& other : others) {
    const std::string text = CursorText(other, cursor);
    EXPECT_TRUE(texts.insert(text).second);
    EXPECT_ERROR(ParseCursor(SomeQuery(), text), absl::StatusCode::kInvalidArgument,
                 "cursor '" + text +
                     "': it belongs to another query; repeat the range, the filters and the "
                     "direction that it came with");
  }
}

TEST(EventCursor, WhatIsNoCursorIsRefused) {
  const std::string text = CursorText(SomeQuery(), {.ledger = LedgerSeq{6}, .position = {}});
  for (const std::string& other :
       {std::string(), std::string("pec1_"), text.substr(5), text.substr(0, text.size() - 2),
        text + "AAAA", "PEC1_" + text.substr(5), "pec2_" + text.substr(5),
        std::string("pec1_\n\x01")}) {
    EXPECT_ERROR(ParseCursor(SomeQuery(), other), absl::StatusCode::kInvalidArgument,
                 ::testing::EndsWith(": not a cursor; take one that a page ended with"));
  }
}

// No other text stands for the same cursor, and no other cursor for a damaged text.
TEST(EventCursor, EveryOtherTextIsRefused) {
  const std::string text = CursorText(SomeQuery(), {.ledger = LedgerSeq{6}, .position = {}});
  for (std::size_t i = 0; i < text.size(); ++i) {
    for (int c = 1; c < 256; ++c) {
      std::string other = text;
      other[i] = static_cast<char>(c);
      if (other == text) continue;
      EXPECT_ERROR(ParseCursor(SomeQuery(), other), absl::StatusCode::kInvalidArgument,
                   StartsWith("cursor "));
    }
  }
  for (const std::string& other : {text + "=", text + "\n", text + " ", " " + text}) {
    EXPECT_FALSE(ParseCursor(SomeQuery(), other).ok()) << other;
  }
}

}  // namespace
}  // namespace permafrost::engine
