// A frame to its bytes and back; and frames that nobody wrote.
#include "engine/ledger/frame.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/ledger/frame_format.h"
#include "engine/ledger/synthetic_source.h"
#include "tests/engine/ledger/real_ledgers.h"
#include "tests/status_matchers.h"
#include "vfs/base/bytes.h"
#include "vfs/base/crc32c.h"
#include "vfs/base/prng.h"

namespace permafrost::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

Hash Filled(std::uint8_t byte) {
  Hash hash;
  hash.fill(byte);
  return hash;
}

// The worked example of engine/FORMATS.md.
std::string Example(std::uint32_t version = 1) {
  const std::vector<std::string> topics = {"mint", "to"};
  const std::string event = EncodeFrameEvent(Filled(0x44), topics, "7");
  LedgerView ledger;
  ledger.sequence = LedgerSeq{2};
  ledger.protocol = 1;
  ledger.close_time = 1'443'639'610;
  ledger.hash = Filled(0x11);
  ledger.previous_hash = Filled(0x22);
  ledger.transactions.push_back({.hash = Filled(0x33), .is_successful = true});
  ledger.events.push_back({.position = {1, 0, 0}, .apply_index = 1, .xdr = event});
  return EncodeFrame(ledger, "rest", version);
}

TEST(Frame, TheWorkedExampleIsWhatIsWritten) {
  EXPECT_EQ(HexOf(Example()),
            "50464c454447455201000000d200000002000000010000003a310c5600000000" +
                HexOf(Filled(0x11)) + HexOf(Filled(0x22)) + "0100000001000000" +  // header
                "01" + HexOf(Filled(0x33)) +                                      // transaction
                "010000000000000000000000010000002d000000" +                      // event
                "01" + HexOf(Filled(0x44)) + "0204006d696e740200746f37" + "72657374" +
                "cc8bacd1");  // the rest and the checksum
}

TEST(Frame, EveryFieldComesBack) {
  const std::string bytes = Example();

  ASSERT_OK_AND_ASSIGN(const LedgerView ledger, FrameDecoder().Decode(bytes));

  EXPECT_EQ(ledger.sequence, LedgerSeq{2});
  EXPECT_EQ(ledger.protocol, 1U);
  EXPECT_EQ(ledger.close_time, 1'443'639'610);
  EXPECT_EQ(ledger.hash, Filled(0x11));
  EXPECT_EQ(ledger.previous_hash, Filled(0x22));
  ASSERT_EQ(ledger.transactions.size(), 1U);
  EXPECT_EQ(ledger.transactions[0].hash, Filled(0x33));
  EXPECT_TRUE(ledger.transactions[0].is_successful);
  EXPECT_FALSE(ledger.transactions[0].inner_hash.has_value());
  ASSERT_EQ(ledger.events.size(), 1U);
  EXPECT_EQ(ledger.events[0].position, (EventPosition{1, 0, 0}));
  EXPECT_EQ(ledger.events[0].apply_index, 1U);
  EXPECT_EQ(ledger.events[0].contract, std::string(32, '\x44'));
  EXPECT_THAT(ledger.TopicsOf(ledger.events[0]), ElementsAre("mint", "to"));
  EXPECT_FALSE(ledger.undecoded.has_value());
}

TEST(Frame, AnUnknownVersionLeavesTheHeader) {
  const std::string bytes = Example(2);

  ASSERT_OK_AND_ASSIGN(const LedgerView ledger, FrameDecoder().Decode(bytes));

  ASSERT_TRUE(ledger.undecoded.has_value());
  EXPECT_EQ(ledger.undecoded->reason, "a ledger frame has no version 2 (byte 8)");
  EXPECT_EQ(ledger.sequence, LedgerSeq{2});
  EXPECT_EQ(ledger.hash, Filled(0x11));
  EXPECT_THAT(ledger.transactions, IsEmpty());
  EXPECT_THAT(ledger.events, IsEmpty());
}

TEST(Frame, EveryCutAndEveryFlippedBitIsRefused) {
  const std::string whole = Example();

  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::vector<char> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_ERROR(FrameDecoder().Decode({cut.data(), cut.size()}),
                 absl::StatusCode::kInvalidArgument, StartsWith("not a ledger frame: "));
  }
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_ERROR(FrameDecoder().Decode(flipped), absl::StatusCode::kInvalidArgument,
                 StartsWith("not a ledger frame: "));
  }
  EXPECT_ERROR(FrameDecoder().Decode(whole + "x"), absl::StatusCode::kInvalidArgument,
               "not a ledger frame: 211 bytes, its length says 210");
}

// With a checksum that is right.
std::string Resealed(std::string bytes) {
  bytes.resize(bytes.size() - kFrameCrcBytes);
  const std::uint32_t crc = vfs::Crc32c(bytes);
  vfs::AppendLittleEndian(bytes, crc);
  return bytes;
}

TEST(Frame, WhatNobodyWritesIsRefusedByName) {
  const std::string whole = Example();
  const auto with = [&whole](std::size_t at, std::string_view text) {
    std::string bytes = whole;
    return Resealed(bytes.replace(at, text.size(), text));
  };
  const std::size_t transaction_at = kFrameHeaderBytes;
  const std::size_t event_at = transaction_at + 33;

  for (const auto& [bytes, text] : std::vector<std::pair<std::string, std::string>>{
           {with(kFrameTransactionsAt, "\x09"),
            "not a ledger frame: transaction flags 0x44 at byte 170"},
           {with(kFrameEventsAt, "\x02"),
            "not a ledger frame: an event's place of 4 bytes at byte 206, 0 are left"},
           {with(transaction_at, "\x04"), "not a ledger frame: transaction flags 0x04 at byte 104"},
           {with(event_at + 12, "\x02"),
            "not a ledger frame: event 1/0/0 of transaction 2 at byte 137"},
           {with(event_at + 16, "\xff"),
            "not a ledger frame: an event of 255 bytes at byte 157, 49 are left"},
           {with(event_at + 20, "\x02"), "not a ledger frame: contract flag 2 at byte 157"},
           {with(event_at + 20 + 34, "\xff"),
            "not a ledger frame: a topic of 255 bytes at byte 193, 9 are left"},
       }) {
    EXPECT_ERROR(FrameDecoder().Decode(bytes), absl::StatusCode::kInvalidArgument, text);
  }
}

TEST(Frame, RandomBytesWithAGoodChecksumNeverAbort) {
  vfs::Prng prng(1);
  int refused = 0;
  for (std::uint32_t i = 0; i < 3'000; ++i) {
    std::string bytes = SyntheticLedger(3, LedgerSeq{2 + i % 40});
    for (std::uint64_t changes = prng.Between(1, 4); changes > 0; --changes)
      bytes[prng.Between(kFrameSequenceAt, bytes.size() - 1)] = static_cast<char>(prng.Below(256));
    bytes = Resealed(bytes);
    const auto ledger = FrameDecoder().Decode(bytes);
    if (ledger.ok()) continue;
    ASSERT_EQ(ledger.status().code(), absl::StatusCode::kInvalidArgument);
    ++refused;
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace permafrost::engine
