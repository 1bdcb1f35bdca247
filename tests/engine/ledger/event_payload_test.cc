// Event payloads: the worked example, round trips, and that only what was appended parses.
#include "engine/ledger/event_payload.h"

#include <array>

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "tests/engine/ledger/event_makers.h"
#include "tests/status_matchers.h"
#include "tests/vectors.h"
#include "tests/worked_example.h"
#include "vfs/base/bytes.h"

namespace permafrost::engine {
namespace {

using ::testing::HasSubstr;
using testing::MadeLedger;
using ::testing::StrEq;

std::string PayloadOf(const LedgerView& ledger, std::size_t event) {
  std::string payload;
  AppendEventPayload(payload, ledger, ledger.events[event]);
  return payload;
}

// The same event as a payload says it, made into a payload again.
std::string Again(const EventPayload& payload) {
  LedgerView ledger;
  ledger.sequence = payload.ledger;
  ledger.close_time = payload.close_time;
  ledger.transactions = {TransactionView{.hash = payload.transaction}};
  ledger.topics = payload.topics;
  ledger.events = {EventView{.position = payload.position,
                             .apply_index = 1,
                             .contract = payload.contract,
                             .xdr = payload.xdr,
                             .first_topic = 0,
                             .topic_count = static_cast<std::uint32_t>(payload.topics.size())}};
  return PayloadOf(ledger, 0);
}

TEST(EventPayload, IsTheBytesOfTheWorkedExample) {
  const std::string xdr = "C" + std::string(32, 'c') + "one-two-rest";
  LedgerView ledger;
  ledger.sequence = LedgerSeq{7};
  ledger.close_time = -2;
  ledger.transactions.resize(2);
  ledger.transactions[1].hash.fill(0xaa);
  const std::string_view bytes = xdr;
  ledger.topics = {bytes.substr(33, 4), bytes.substr(37, 4)};
  ledger.events = {EventView{.position = {.transaction = 2, .operation = 4'095, .event = 1},
                             .apply_index = 2,
                             .contract = bytes.substr(1, 32),
                             .xdr = bytes,
                             .topic_count = 2}};

  const std::string payload = PayloadOf(ledger, 0);

  ExpectOnPage(payload, std::array<std::size_t, 10>{1, 32, 4, 12, 8, 4, 4, 16, 4, 45});
}

RC_GTEST_PROP(EventPayload, ComesBackAsItWas, ()) {
  const MadeLedger made(*rc::gen::arbitrary<std::uint64_t>(),
                        LedgerSeq{*rc::gen::arbitrary<std::uint32_t>()}, 3);
  const LedgerView& ledger = made.view();
  for (std::size_t i = 0; i < ledger.events.size(); ++i) {
    const EventView& event = ledger.events[i];
    const std::string bytes = PayloadOf(ledger, i);

    const auto payload = ParseEventPayload(bytes);

    RC_ASSERT(payload.ok());
    RC_ASSERT(payload->ledger == ledger.sequence);
    RC_ASSERT(payload->position == event.position);
    RC_ASSERT(payload->close_time == ledger.close_time);
    RC_ASSERT(payload->transaction == ledger.transactions[event.apply_index - 1].hash);
    RC_ASSERT(payload->contract == event.contract);
    RC_ASSERT(payload->xdr == event.xdr);
    const auto topics = ledger.TopicsOf(event);
    RC_ASSERT(payload->topics == std::vector<std::string_view>(topics.begin(), topics.end()));
    RC_ASSERT(Again(*payload) == bytes);
  }
}

RC_GTEST_PROP(EventPayload, WhatParsesIsWhatAppendPrints, (std::string bytes)) {
  bytes.insert(0, std::string("\x01", 1));
  if (bytes.size() > 90) {
    // Counts that could be true, so that more than the first check is reached.
    bytes.replace(57, 8, std::string("\x00\x00\x00\x00\x02\x00\x00\x00", 8));
    bytes.replace(65, 8, std::string("\x01\x00\x00\x00\x02\x00\x00\x00", 8));
    bytes.replace(73, 8, std::string("\x00\x00\x00\x00\x00\x00\x00\x00", 8));
    std::string count;
    vfs::AppendLittleEndian(count, static_cast<std::uint32_t>(bytes.size() - 85));
    bytes.replace(81, 4, count);
  }
  const auto payload = ParseEventPayload(bytes);
  if (payload.ok()) {
    RC_ASSERT(Again(*payload) == bytes);
  } else {
    RC_ASSERT(payload.status().code() == absl::StatusCode::kDataLoss);
  }
}

TEST(EventPayload, AnyFlippedByteParsesToItselfOrNotAtAll) {
  const MadeLedger made(5, LedgerSeq{9}, 4);
  for (std::size_t i = 0; i < made.view().events.size(); ++i) {
    const std::string bytes = PayloadOf(made.view(), i);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (const char mask : {'\x01', '\x80', '\xff'}) {
        std::string flipped = bytes;
        flipped[at] = static_cast<char>(flipped[at] ^ mask);
        const auto payload = ParseEventPayload(flipped);
        EXPECT_TRUE(!payload.ok() || Again(*payload) == flipped) << at;
      }
      EXPECT_FALSE(ParseEventPayload(std::string_view(bytes).substr(0, at)).ok()) << at;
    }
    EXPECT_FALSE(ParseEventPayload(bytes + '\0').ok());
  }
}

TEST(EventPayload, RefusalsAreTheseTexts) {
  const auto with = [](std::size_t at, std::string_view hex) {
    std::string bytes(69, '\0');
    bytes[0] = 1;
    bytes.replace(57, 4, "\xff\xff\xff\xff");
    const std::string patch = BytesOfHex(hex);
    bytes.replace(at, patch.size(), patch);
    return vfs::Message(ParseEventPayload(bytes).status());
  };
  EXPECT_EQ(with(0, "01"), "");
  EXPECT_ERROR(ParseEventPayload("\x01"), absl::StatusCode::kDataLoss,
               StrEq("event payload of 1 bytes: at least 69 expected"));
  EXPECT_EQ(with(0, "02"),
            "event payload of 69 bytes: version 2, expected 1; a newer release wrote it");
  EXPECT_EQ(with(61, "01000000"), "event payload of 69 bytes: 1 topics");
  EXPECT_EQ(with(65, "05000000"),
            "event payload of 69 bytes: 0 bytes of event are left, expected 5");
  EXPECT_EQ(with(57, "00000000"), "event payload of 69 bytes: a contract at 0 of 0");
  std::string topic(77, '\0');
  topic[0] = 1;
  topic.replace(57, 4, "\xff\xff\xff\xff");
  topic[61] = 1;
  topic[69] = 3;
  EXPECT_ERROR(ParseEventPayload(topic), absl::StatusCode::kDataLoss,
               StrEq("event payload of 77 bytes: topic 0 of 3 bytes at 0 of 0"));
}

}  // namespace
}  // namespace permafrost::engine
